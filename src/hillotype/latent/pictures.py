"""The pictures that a run's codes are made of: its own splits, and others prepared in the same way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hillotype.data import class_of, load_named_pictures, open_source, sample_names
from hillotype.data.images import to_floats
from hillotype.data.prepare import middle
from hillotype.errors import DataError
from hillotype.pictures import read_picture, whole
from hillotype.pictures.modes import to_8_bit
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


def read_pictures(run: Run, chosen: Sequence[str]) -> Pictures:
    """Reads single pictures, each a number, of the picture so many places into the run's test split, or a file.

    A file is prepared as the run's own pictures are: cut and resized where the recipe says so (`data.side` or
    `data.short_side`); where it does not, the file must have the size of the model's pictures.

    Raises:
        DataError: a number beyond the split, a source of it that is missing, or a file of another size or left out by
            the gray filter.
        PictureError: a file that is missing or no picture.
        RecipeError: a number, but the split is empty.
    """
    split = load_named_split(run, "test") if any(map(is_number, chosen)) else []
    named = [_of_split(split, int(each)) if is_number(each) else _of_file(run, Path(each)) for each in chosen]
    return _stack(named, run.data.augment.crop)


def is_number(chosen: str) -> bool:
    """Tells whether a picture is chosen by its number in the test split; it is a file otherwise."""
    return chosen.isascii() and chosen.isdigit()


def _of_split(split: Sequence[tuple[str, np.ndarray]], number: int) -> tuple[str, np.ndarray]:
    if number >= len(split):
        raise DataError(f"picture {number}: the test split has the numbers 0 to {len(split) - 1}; choose one of them")
    return split[number]


def _of_file(run: Run, path: Path) -> tuple[str, np.ndarray]:
    preparation, crop = run.data.preparation(run.data.sources[0].reduce), run.data.augment.crop
    pixels = preparation(whole(to_8_bit(read_picture(path)).pixels))
    if pixels is None:
        raise DataError(f"{path}: too gray for this run, which leaves such pictures out (min_spread); give another")
    height, width = pixels.shape[:2]
    if (height, width) != (crop, crop) and preparation.side is None and preparation.short_side is None:
        raise DataError(  # its middle alone would be nonsense: the code is of a whole picture
            f"{path}: {width}x{height} pixels, but the model takes {crop}x{crop}; resize it, or train with "
            f"--set data.side={crop - 2 * preparation.pad}, so that any size will do"
        )
    return str(path), pixels


def _stack(named: Iterable[tuple[str, np.ndarray]], crop: int) -> Pictures:
    names, pixels = zip(*((name, _center(picture, crop, name)) for name, picture in named), strict=True)
    return Pictures(list(names), to_floats(np.stack(pixels)))


def _center(picture: np.ndarray, crop: int, name: str) -> np.ndarray:
    """The middle of a picture (H, W, C), as large as the model's pictures are."""
    height, width = picture.shape[:2]
    if min(height, width) < crop:
        raise DataError(f"{name}: {width}x{height} pixels, but the model takes {crop}x{crop}; give larger pictures")
    return middle(picture, crop, crop)
