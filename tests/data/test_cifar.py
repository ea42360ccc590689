"""The binary CIFAR-10: batches in their order whatever that of the tar, damage named."""

import numpy as np
import pytest
from tests.data.conftest import LABELS, write_tar

from hillotype.data.cifar import read_cifar10
from hillotype.errors import DataError


@pytest.mark.parametrize("split", ["train", "test"])
def test_pictures_and_labels_are_in_the_official_order(cifar10, split):
    pictures, labels = read_cifar10(cifar10, split)
    assert pictures.shape == (len(labels), 32, 32, 3)
    assert labels.tolist() == LABELS[split]
    for number, picture in enumerate(pictures):
        assert (picture == [number, 100, 200]).all()


def test_a_truncated_archive_is_named(cifar10):
    cifar10.write_bytes(cifar10.read_bytes()[:-60])
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz: damaged .*delete it"):
        read_cifar10(cifar10, "train")


@pytest.mark.parametrize("content", [b"", b"no gzip at all", b"\x1f\x8b\x08 no gzip"])
def test_what_is_no_archive_is_named(cifar10, content):
    cifar10.write_bytes(content)
    with pytest.raises(DataError, match=r"cifar-10-binary\.tar\.gz: damaged .*delete it"):
        read_cifar10(cifar10, "test")


def test_a_missing_or_cut_batch_is_named(cifar10):
    write_tar(cifar10, {"cifar-10-batches-bin/data_batch_1.bin": np.zeros(3073, np.uint8).tobytes()})
    with pytest.raises(DataError, match=r"data_batch_2\.bin is not in it"):
        read_cifar10(cifar10, "train")
    write_tar(cifar10, {"cifar-10-batches-bin/test_batch.bin": b"short"})
    with pytest.raises(DataError, match=r"test_batch\.bin is no row of whole records"):
        read_cifar10(cifar10, "test")
