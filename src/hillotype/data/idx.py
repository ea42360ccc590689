"""The idx files of MNIST and Fashion-MNIST, plain or gzipped (Y. LeCun, http://yann.lecun.com/exdb/mnist/)."""

import gzip
import zlib
from pathlib import Path

import numpy as np

from hillotype.data.archives import Archive, damaged, find

UNSIGNED_BYTE = 8
"""The idx code of the only type of number that these files hold."""

PREFIXES = {"train": "train", "test": "t10k"}
"""What the file names of each split begin with."""


def read_mnist(archives: dict[str, Archive], split: str) -> tuple[Path, np.ndarray, np.ndarray]:
    """Reads one split of a set in the form of MNIST.

    Args:
        archives: the set's four files by name.
        split: "train" or "test".

    Returns:
        The folder that was read, the pictures (N, H, W, 1) uint8 and their labels (N,) uint8, in the official order.

    Raises:
        DataError: a file is missing or damaged, or the two do not belong together.
    """
    path = find(archives[f"{PREFIXES[split]}-images-idx3-ubyte"])
    pictures = read_idx(path, 3)
    labels_path = find(archives[f"{PREFIXES[split]}-labels-idx1-ubyte"])
    labels = read_idx(labels_path, 1)
    if len(labels) != len(pictures):
        raise damaged(labels_path, f"{len(labels)} labels for {len(pictures)} pictures")
    return path.parent, pictures[..., None], labels


def read_idx(path: Path, axes: int) -> np.ndarray:
    """Returns the array in an idx file of unsigned bytes with so many axes, read-only.

    The file is two zero bytes, the code of the type, the number of axes, each length in 4 bytes (the highest first),
    then the numbers.

    Raises:
        DataError: it cannot be read, is no such file, or is cut short.
    """
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error
    if data[:4] != bytes([0, 0, UNSIGNED_BYTE, axes]):
        raise damaged(path, f"no idx file of bytes with {axes} axes")
    start = 4 + 4 * axes
    shape = [int.from_bytes(data[place : place + 4], "big") for place in range(4, start, 4)]
    if len(data) != start + int(np.prod(shape, dtype=object)):
        raise damaged(path, f"{len(data)} bytes are not those of {' x '.join(map(str, shape))}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
