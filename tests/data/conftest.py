"""Tiny archives in the official forms, and no way out to the network."""

import io
import tarfile

import numpy as np
import pytest
import requests
from PIL import Image

from hillotype.data import archives

LABELS = {"train": [3, 0, 3, 9, 1], "test": [3, 7]}
"""The labels of the tiny sets, in the official order."""


def idx_bytes(array):
    """The idx file of an array of bytes."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def write_tar(path, files):
    """Writes a .tgz of some files, given as bytes by name."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def picture_bytes(color, kind="JPEG"):
    """The file of a picture of one color, 50x50."""
    file = io.BytesIO()
    Image.new("RGB", (50, 50), color).save(file, kind)
    return file.getvalue()


@pytest.fixture(autouse=True)
def data_root(tmp_path, monkeypatch):
    """An empty HILLOTYPE_DATA and an empty cache, and published addresses that nobody answers at."""
    root = tmp_path / "data"
    root.mkdir()
    monkeypatch.setenv("HILLOTYPE_DATA", str(root))
    monkeypatch.setattr(archives, "cache_folder", lambda: tmp_path / "cache")

    def refuse(*arguments, **settings):
        raise requests.ConnectionError("no network in tests")

    monkeypatch.setattr(archives.pooch, "retrieve", refuse)
    return root


@pytest.fixture
def mnist(data_root):
    """The folder of a tiny MNIST, its files plain; picture n of a split is all n."""
    folder = data_root / "mnist"
    folder.mkdir()
    for prefix, split in (("train", "train"), ("t10k", "test")):
        labels = np.array(LABELS[split])
        pictures = np.zeros((len(labels), 28, 28)) + np.arange(len(labels))[:, None, None]
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(pictures))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture
def cifar10(data_root):
    """A tiny cifar-10-binary.tar.gz, one training picture a batch; picture n of a split has the colors n, 100, 200."""
    planes = np.array([0, 100, 200], np.uint8).repeat(32 * 32)
    batches = {}
    for split, labels in LABELS.items():
        for number, label in enumerate(labels):
            planes[: 32 * 32] = number
            name = f"data_batch_{number + 1}.bin" if split == "train" else "test_batch.bin"
            batches[name] = batches.get(name, b"") + bytes([label]) + planes.tobytes()
    path = data_root / "cifar-10-binary.tar.gz"
    write_tar(path, {f"cifar-10-batches-bin/{name}": content for name, content in reversed(batches.items())})
    return path
