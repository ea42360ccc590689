"""Where pictures come from, by name: a folder, a zip, or one of the sets that the field compares itself on.

- `folder:PATH`, or `zip:PATH.zip` with a folder inside it if only that part is meant, as `zip:photos.zip/train`; a bare
  path is taken for what it is. Relative paths are looked up from the working directory, then from the folder that the
  environment variable HILLOTYPE_DATA names.
- `mnist`, `fashion-mnist`, `cifar10`, with a split and a class if only that part is meant, as `mnist/train` or
  `cifar10/train/ship`, and `lfw`, with a person, as `lfw/Aaron_Eckhart`. Their pictures are called
  `train/ship/00012` (split, class, number in the official order) and `Aaron_Eckhart/Aaron_Eckhart_0001`, less the part
  that is meant: the same pictures have the same names, whichever form of the set is at hand.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from hillotype.data import cifar
from hillotype.data.archives import CIFAR10, FASHION_MNIST, LFW, MNIST, damaged, data_folder, find
from hillotype.data.cifar import read_cifar10
from hillotype.data.idx import read_mnist
from hillotype.data.readers import ArraySource, FolderSource, Source, TarSource, ZipSource
from hillotype.errors import DataError

CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        *("t-shirt", "trouser", "pullover", "dress", "coat"),
        *("sandal", "shirt", "sneaker", "bag", "ankle-boot"),
    ),
    "cifar10": cifar.CLASSES,
}
"""The classes of the sets that come in an official train and test split, in the order of their labels."""

SETS = (*CLASSES, "lfw")
"""The sets that are known by name."""

OFFICIAL_SPLITS = ("train", "test")
"""The splits that these sets come in."""


def open_source(name: str) -> Source:
    """Opens the source that `name` means (see the module's docstring); a set that is not here is downloaded.

    Raises:
        DataError: nothing there, not to be had, damaged, or no pictures in it.
    """
    kind, colon, rest = name.partition(":")
    if colon and kind in ("folder", "zip"):
        return _open_path(name, rest, kind)
    dataset, _, part = name.partition("/")
    if dataset in CLASSES:
        return _open_split_set(dataset, part.strip("/"))
    if dataset == "lfw":
        return _open_lfw(part.strip("/"))
    return _open_path(name, name, "")


def place_of(name: str) -> PurePosixPath:
    """Returns where the pictures that `name` means lie, so that a part lies inside its whole, however it is written.

    That is the path of a folder or zip, resolved if it is here, or the name of a set.
    """
    kind, colon, rest = name.partition(":")
    path = rest if colon and kind in ("folder", "zip") else name
    if path.partition("/")[0] in SETS and path == name:
        return PurePosixPath(path)
    for candidate in _candidates(path):
        if candidate.exists() or any(parent.is_file() for parent in candidate.parents):
            return PurePosixPath(candidate.resolve().as_posix())
    return PurePosixPath(path)


def _open_path(name: str, path: str, kind: str) -> Source:
    if not path:
        raise DataError(f"{name!r}: names no folder, zip or set; give folder:PATH, zip:PATH.zip or {', '.join(SETS)}")
    for candidate in _candidates(path):
        if candidate.is_dir() and kind != "zip":
            return FolderSource(candidate)
        for archive in (candidate, *candidate.parents):
            if archive.suffix.lower() == ".zip" and archive.is_file():
                return ZipSource(archive, candidate.relative_to(archive).as_posix().removeprefix("."))
    root = data_folder()
    where = f"here or in HILLOTYPE_DATA ({root})" if root else "here, and HILLOTYPE_DATA is not set"
    raise DataError(f"{name}: no such folder or zip {where}; give folder:PATH, zip:PATH.zip or {', '.join(SETS)}")


def _candidates(path: str) -> Iterator[Path]:
    yield Path(path).expanduser()
    if root := data_folder():
        yield root / path


def _open_lfw(person: str) -> Source:
    path = find(LFW)
    if path.suffix == ".zip":
        return ZipSource(path, person, suffixes=False)
    return TarSource(path, f"lfw/{person}")


def _open_split_set(dataset: str, part: str) -> Source:
    split, slash, label = part.partition("/")
    if split not in ("", *OFFICIAL_SPLITS) or (slash and label not in CLASSES[dataset]):
        raise DataError(
            f"{dataset}/{part}: no such part; give {dataset}, {dataset}/train, {dataset}/test, or one of these with a "
            f"class: {', '.join(CLASSES[dataset])}"
        )
    if dataset == "cifar10" and (path := find(CIFAR10)).suffix == ".zip":
        return ZipSource(path, part, suffixes=False)
    names: list[str] = []
    pictures = []
    for each in (split,) if split else OFFICIAL_SPLITS:
        origin, found, labels = _read_split(dataset, each)
        numbers = np.flatnonzero(labels == CLASSES[dataset].index(label)) if label else np.arange(len(labels))
        names += [
            f"{each}/{CLASSES[dataset][labels[number]]}/{number:05}".removeprefix(f"{part}/") for number in numbers
        ]
        pictures.append(found[numbers] if label else found)
    if not names:
        raise damaged(origin, f"no pictures of {dataset}/{part} in it")
    return ArraySource(origin, names, pictures[0] if len(pictures) == 1 else np.concatenate(pictures))


def _read_split(dataset: str, split: str) -> tuple[Path, np.ndarray, np.ndarray]:
    """Where a split was found, its pictures (N, H, W, C) uint8 and their labels (N,) uint8."""
    if dataset == "cifar10":
        origin = find(CIFAR10)
        pictures, labels = read_cifar10(origin, split)
    else:
        origin, pictures, labels = read_mnist(MNIST if dataset == "mnist" else FASHION_MNIST, split)
    if labels.max(initial=0) >= len(CLASSES[dataset]):
        raise damaged(origin, f"label {labels.max()}, but there are {len(CLASSES[dataset])} classes")
    return origin, pictures, labels
