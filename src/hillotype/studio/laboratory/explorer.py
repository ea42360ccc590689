"""The explorer of codes: where pictures lie, and what stands between them. Needs torch, so it is imported late."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from hillotype.errors import DataError, RecipeError
from hillotype.latent.coder import Coder, Codes, open_coder
from hillotype.latent.maps import at_place, project
from hillotype.latent.pictures import Pictures, read_split
from hillotype.latent.priors import Prior, fit_prior
from hillotype.latent.sheet import square
from hillotype.latent.walk import LETTERS, combine, path
from hillotype.pages import sheet
from hillotype.studio.laboratory.schemas import MapState, Point
from hillotype.train.config import Run
from hillotype.train.trained import Floats, open_run

_SHOWN = 1000  # pictures of the test split on the map
_FITTED = 5000  # pictures whose codes a prior is fitted to
_SIDE = 96  # pixels that small pictures are enlarged to, about


@dataclass(frozen=True, eq=False)
class Explorer:
    """An autoencoder that was trained, and pictures of its test split with their codes.

    Attributes:
        run: its recipe.
        coder: the autoencoder.
        pictures: at most 1,000 of the test split.
        codes: of them, (N, D).
        places: of them on the map, (N, 2).
    """

    run: Run
    coder: Coder
    pictures: Pictures
    codes: Codes
    places: np.ndarray

    def map(self) -> MapState:
        """Returns where the pictures lie."""
        try:
            labels = self.pictures.labels
        except DataError:  # they lie in no folders
            labels = [""] * len(self.pictures)
        points = [
            Point(x=round(float(x), 4), y=round(float(y), 4), label=label)
            for (x, y), label in zip(self.places, labels, strict=True)
        ]
        return MapState(numbers=self.coder.size, prior=self._prior_name, points=points)

    def at(self, x: float, y: float) -> Image.Image:
        """Returns the picture that a place of the map stands for."""
        return self._sheet([("", self.coder.decode(at_place(np.array([x, y]), self.places, self.codes)))], side=224)

    def picture(self, number: int) -> Image.Image:
        """Returns a picture as it is, and as its code has it."""
        chosen = self._chosen([number])
        pair = np.concatenate([self.pictures.pixels[chosen], self.coder.decode(self.codes[chosen])])
        return self._sheet([("", pair)])

    def sample(self, count: int, seed: int) -> Image.Image:
        """Returns pictures that nobody took: of codes drawn from the prior."""
        codes = self._prior.sample(count, np.random.default_rng(seed))
        return self._sheet(square(self.coder.decode(codes)))

    def walk(self, numbers: list[int], how: str, steps: int) -> Image.Image:
        """Returns the way from picture to picture by their codes, below the mix of their pixels."""
        chosen = self._chosen(numbers)
        pixels = self.pictures.pixels[chosen]
        mixes = path(pixels.reshape(len(chosen), -1), steps)
        rows = []
        for leg, mix in zip(path(self.codes[chosen], steps, how), mixes, strict=True):
            rows += [("pixels", mix.reshape(steps, *self.coder.shape)), ("codes", self.coder.decode(leg))]
        return self._sheet(rows)

    def blend(self, numbers: list[int], expression: str) -> Image.Image:
        """Returns the picture that a sum of codes makes, such as `a - b + c`, and the pictures that it is made of."""
        chosen = self._chosen(numbers)
        code = combine(self.codes[chosen], expression)
        names = ", ".join(LETTERS[: len(chosen)])
        return self._sheet([(names, self.pictures.pixels[chosen]), (expression, self.coder.decode(code))])

    @property
    def _prior_name(self) -> str:
        return "mixture" if self.coder.generative is None else "own"

    @cached_property
    def _prior(self) -> Prior:
        codes = np.zeros((0, self.coder.size), np.float32)
        if self._prior_name != "own":
            codes = self.coder.encode(read_split(self.run, "train", _FITTED).pixels)
        return fit_prior(self._prior_name, self.coder, codes)

    def _chosen(self, numbers: list[int]) -> list[int]:
        if not numbers or not all(0 <= number < len(self.pictures) for number in numbers):
            raise RecipeError(f"pictures {numbers}: the map has the numbers 0 to {len(self.pictures) - 1}; choose them")
        return numbers

    def _sheet(self, rows: list[tuple[str, Floats]], side: int = _SIDE) -> Image.Image:
        return sheet(rows, max(1, side // max(self.coder.shape[1:])), 13)


def open_explorer(folder: Path) -> Explorer:
    """Opens a run to explore it; cheap to call again, until it has trained on.

    Raises:
        RecipeError: it has not validated once, or its model has no codes of pictures.
        DataError: its pictures or its checkpoint cannot be read.
    """
    best = folder / "best.safetensors"
    return _open(folder, best.stat().st_mtime_ns if best.exists() else 0)


@lru_cache(maxsize=2)
def _open(folder: Path, _stamp: int) -> Explorer:
    trained = open_run(folder)
    coder = open_coder(trained)
    pictures = read_split(trained.run, "test", _SHOWN)
    codes = coder.encode(pictures.pixels)
    return Explorer(trained.run, coder, pictures, codes, project(codes, "pca", np.random.default_rng(0)))
