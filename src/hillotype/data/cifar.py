"""The binary version of CIFAR-10 (A. Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html)."""

from pathlib import Path

import numpy as np

from hillotype.data.archives import damaged
from hillotype.data.tar import tar_members

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""Their order is that of the labels."""

BATCHES = {"train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)), "test": ("test_batch.bin",)}
"""The files of each split, in the official order."""

SIDE = 32


def read_cifar10(path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads one split of cifar-10-binary.tar.gz.

    A batch is a row of records: the label in one byte, then the red, the green and the blue plane of 32x32 bytes.

    Args:
        path: the archive.
        split: "train" or "test".

    Returns:
        The pictures (N, 32, 32, 3) uint8 and their labels (N,) uint8, in the official order.

    Raises:
        DataError: the archive is damaged.
    """
    batches: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, content in tar_members(path, "cifar-10-batches-bin/"):
        batch = name.rpartition("/")[2]
        if batch not in BATCHES[split]:
            continue
        if not content or len(content) % (1 + 3 * SIDE * SIDE):
            raise damaged(path, f"{batch} is no row of whole records")
        records = np.frombuffer(content, np.uint8).reshape(-1, 1 + 3 * SIDE * SIDE)
        planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
        batches[batch] = np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].copy()
        if len(batches) == len(BATCHES[split]):
            break
    if missing := [batch for batch in BATCHES[split] if batch not in batches]:
        raise damaged(path, f"{missing[0]} is not in it")
    pictures, labels = zip(*(batches[batch] for batch in BATCHES[split]), strict=True)
    return np.concatenate(pictures), np.concatenate(labels)
