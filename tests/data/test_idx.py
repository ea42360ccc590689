"""Idx files: plain and gzipped ones are read, damaged ones named."""

import gzip

import numpy as np
import pytest
from tests.data.conftest import idx_bytes

from hillotype.data.archives import MNIST
from hillotype.data.idx import read_idx, read_mnist
from hillotype.errors import DataError

ARRAY = np.random.default_rng(0).integers(0, 256, (4, 28, 30), dtype=np.uint8)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_was_written_is_read(tmp_path, pack):
    path = tmp_path / "images"
    path.write_bytes(pack(idx_bytes(ARRAY)))
    np.testing.assert_array_equal(read_idx(path, 3), ARRAY)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no idx file"),
        (b"<html>sign in</html>", "no idx file"),
        (idx_bytes(ARRAY[0]), "with 3 axes"),
        (b"\0\0\x0d\3" + idx_bytes(ARRAY)[4:], "no idx file of bytes"),
        (idx_bytes(ARRAY)[:9], "bytes are not those of"),
        (idx_bytes(ARRAY)[:-1], "bytes are not those of 4 x 28 x 30"),
        (idx_bytes(ARRAY) + b"\0", "bytes are not those of 4 x 28 x 30"),
        (gzip.compress(idx_bytes(ARRAY))[:-100], "end-of-stream"),
        (gzip.compress(idx_bytes(ARRAY))[:40] + b"oops" * 500, ""),
    ],
)
def test_damage_is_named(tmp_path, content, reason):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"images: damaged \(.*{reason}") as caught:
        read_idx(path, 3)
    assert str(caught.value).endswith("delete it, then it is downloaded again")


def test_labels_must_be_as_many_as_pictures(mnist):
    (mnist / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.array([1, 2])))
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte: damaged .2 labels for 5 pictures"):
        read_mnist(MNIST, "train")
