"""The pictures that a run's codes are made of: its own splits, and others prepared in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hillotype.data import class_of, load_named_pictures, open_source, sample_names
from hillotype.errors import DataError
from hillotype.train.batches import load_named_split
from hillotype.train.config import Run
from hillotype.train.trained import Floats


@dataclass(frozen=True)
class Pictures:
    """Some pictures.

    Attributes:
        names: of each in its source.
        pixels: (N, C, H, W) in [0, 1].
    """

    names: list[str]
    pixels: Floats

    @property
    def labels(self) -> list[str]:
        """The class of each: the folder that it lies in.

        Raises:
            DataError: one lies in no folder.
        """
        return [class_of(name) for name in self.names]

    def __len__(self) -> int:
        return len(self.names)


def read_split(run: Run, split: str, most: int | None = None) -> Pictures:
    """Reads the `train`, `validation` or `test` split of a run, at most `most` pictures evenly spread over it.

    Raises:
        DataError: a source is missing or unreadable.
        RecipeError: the split is empty.
    """
    named = load_named_split(run, split)
    if most is not None and len(named) > most:
        named = [named[index * len(named) // most] for index in range(most)]
    return _stack(named, run.data.augment.crop)


def read_source(run: Run, where: str, most: int | None = None) -> Pictures:
    """Reads the pictures of a source, such as `mnist/test/7` or `folder:album`, prepared as the run's own are.

    Raises:
        DataError: nothing there, unreadable, or smaller than the model's pictures.
    """
    source = open_source(where)
    names = sample_names(source.names, most)
    reduce = run.data.sources[0].reduce
    return _stack(load_named_pictures(source, names, run.data.preparation(reduce)).items(), run.data.augment.crop)


def _stack(named: Iterable[tuple[str, np.ndarray]], crop: int) -> Pictures:
    names, pixels = zip(*((name, _center(picture, crop, name)) for name, picture in named), strict=True)
    floats = np.stack(pixels).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    return Pictures(list(names), floats)


def _center(picture: np.ndarray, crop: int, name: str) -> np.ndarray:
    """The middle of a picture (H, W, C), as large as the model's pictures are."""
    height, width = picture.shape[:2]
    if min(height, width) < crop:
        raise DataError(f"{name}: {width}x{height} pixels, but the model takes {crop}x{crop}; give larger pictures")
    top, left = (height - crop) // 2, (width - crop) // 2
    return picture[top : top + crop, left : left + crop]
