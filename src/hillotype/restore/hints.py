"""Hints: colors that the user gives at points, and how each fills the thing that it was put on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from hillotype.color import Lab
from hillotype.errors import PictureError
from hillotype.restore.guided import lowered, raised
from hillotype.restore.pixels import Plane
from hillotype.restore.reduce import reduced, working_size

Coordinate: TypeAlias = float | str
"""Pixels from the left or upper edge, or a share of the width or height as text: "40%"."""

PATH_SIDE = 128
"""Short side of the copy on which paths are measured."""

_MOST_ROUNDS = 12
"""Rounds of `path_lengths`: how often a shortest path may turn."""


@dataclass(frozen=True)
class Hint:
    """A color at a point of the picture as it is shown, upright.

    Of the color only a* and b* count: the lightness stays the picture's own.

    Attributes:
        x: from the left edge, in pixels or as a share.
        y: from the upper edge, in pixels or as a share.
        color: sRGB, as "#2f6b3a", "darkgreen" or however else Pillow's ImageColor takes it.

    Raises:
        PictureError: a coordinate or the color is none.
    """

    x: Coordinate
    y: Coordinate
    color: str

    def __post_init__(self) -> None:
        try:
            _share(self.x, 1), _share(self.y, 1)
        except (TypeError, ValueError):
            raise PictureError(f"hint {self}: x and y must be pixels or shares; write 120,80 or 40%,15%") from None
        try:
            ImageColor.getrgb(self.color)
        except (TypeError, ValueError, AttributeError):
            raise PictureError(f"hint {self}: {self.color!r} is no color; write #2f6b3a or darkgreen") from None

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.color}"

    @property
    def chroma(self) -> Plane:
        """(a*, b*) / 110 of the color, (2,)."""
        rgb = np.array(ImageColor.getrgb(self.color)[:3], np.float32) / 255
        return np.asarray(Lab().split(rgb.reshape(1, 3, 1, 1))[1].ravel())

    def shares(self, height: int, width: int) -> tuple[float, float]:
        """Returns y and x in [0, 1], shares of the height and width of a picture.

        Raises:
            PictureError: the point lies outside.
        """
        y, x = _share(self.y, height), _share(self.x, width)
        if not (0 <= y <= 1 and 0 <= x <= 1):
            raise PictureError(
                f"hint {self}: lies outside the picture of {width} x {height}; count from its upper left"
            )
        return y, x

    def in_shares(self, height: int, width: int) -> Hint:
        """Returns the same hint with shares in place of pixels, for a reduced copy of a picture of this size.

        Raises:
            PictureError: the point lies outside.
        """
        y, x = self.shares(height, width)
        return Hint(f"{x:%}", f"{y:%}", self.color)


def _share(coordinate: Coordinate, pixels: int) -> float:
    if isinstance(coordinate, str) and coordinate.endswith("%"):
        return float(coordinate[:-1]) / 100
    return (float(coordinate) + 0.5) / pixels


def read_hint(text: str) -> Hint:
    """Reads a hint from X,Y,COLOR, as "120,80,#2f6b3a" or "40%,15%,darkgreen".

    Raises:
        PictureError: it is not written so.
    """
    parts = [part.strip() for part in text.split(",", 2)]
    if len(parts) != 3:
        raise PictureError(f"hint {text}: must be X,Y,COLOR; write 120,80,#2f6b3a")
    return Hint(*parts)


@dataclass(frozen=True)
class Spread:
    """How far a hint reaches: the distance at which it and the model's guess count the same.

    A pixel is far from a hint if every path there crosses edges, or if it looks different. Chosen on validation
    pictures: a wider spread has more PSNR with true colors, since the guess is pale everywhere, but it colors the
    neighbors of what was meant. `python benchmarks/hints.py` prints what these values give.

    Attributes:
        path: sum of the steps of L* / 100 along the easiest path, with 0.01 added a pixel at side PATH_SIDE.
        lightness: difference of L* / 100.
        chroma: difference of the guessed (a*, b*) / 110.
    """

    path: float = 1.5
    lightness: float = 0.2
    chroma: float = 0.15


def spread_hints(
    light: Plane, chroma: Plane, hints: Sequence[Hint], size: tuple[int, int], spread: Spread = Spread()
) -> Plane:
    """Mixes the chroma of hints into what a model guessed.

    Each pixel gets the mean of the guess, with weight 1, and of the hints, with weights 1 / distance^4 in units of
    `spread`: a hint's color is met at its point, no color is mixed that lies not between them, and hints of one color
    count as one, so a stroke may have many points.

    Source: inverse distance weighting, Shepard 1968, https://doi.org/10.1145/800186.810616; of colors, with distance
    along the lightness, Yatziv, Sapiro 2006, https://doi.org/10.1109/TIP.2005.864231.

    Args:
        light: L* / 100, (h, w).
        chroma: the guess, (a*, b*) / 110, (2, h, w).
        hints: colors at points of the whole picture.
        size: (H, W) of the whole picture.
        spread: how far they reach.

    Returns:
        The chroma (2, h, w); with no hints the guess itself.

    Raises:
        PictureError: a hint lies outside the picture.
    """
    points = defaultdict(list)
    for hint in hints:
        points[tuple(hint.chroma)].append(hint.shares(*size))
    mixed, weights = chroma.copy(), np.ones_like(light)
    for color, shares in points.items():
        distance_squared = _distance_squared(light, chroma, np.array(shares), spread)
        weight = 1 / (distance_squared**2 + np.float32(1e-6))  # finite at the points themselves
        mixed += np.array(color, np.float32)[:, None, None] * weight
        weights += weight
    return mixed / weights


def _distance_squared(light: Plane, chroma: Plane, shares: NDArray[np.float64], spread: Spread) -> Plane:
    """Returns the distance to the nearest of some points, in units of `spread`: its path, and its look."""
    small = reduced(light[..., None], working_size(len(light), light.shape[1], PATH_SIDE))[..., 0]
    lengths = path_lengths(small, _pixels(shares, small.shape))
    path: Plane = raised(lowered(lengths[None], light.shape), light.shape, slice(0, len(light)))[0]
    look = np.concatenate([light[None] / np.float32(spread.lightness), chroma / np.float32(spread.chroma)])
    nearest = np.full_like(light, np.inf)
    for row, column in _pixels(shares, light.shape):
        np.minimum(nearest, ((look - look[:, row, column, None, None]) ** 2).sum(axis=0), out=nearest)
    return nearest + (path / np.float32(spread.path)) ** 2


def _pixels(shares: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Returns rows and columns (n, 2) of points that are given as shares."""
    pixels: NDArray[np.intp] = np.minimum((shares * shape).astype(np.intp), np.array(shape) - 1)
    return pixels


def path_lengths(light: Plane, points: NDArray[np.intp]) -> Plane:
    """Returns the length of the shortest path from each pixel to the nearest point.

    A step to a neighbor costs the change of the lightness, and 0.01. Rows and columns are swept forth and back until
    nothing gets shorter; a sweep is one running minimum, since along a line the length is a difference of sums.

    Args:
        light: (h, w) in [0, 1].
        points: rows and columns, (n, 2).

    Returns:
        The lengths (h, w); paths of more than 12 turns may be found too long.
    """
    lengths = np.full_like(light, 1e3)
    lengths[points[:, 0], points[:, 1]] = 0
    along = [_sums_of_steps(light, axis) for axis in (0, 1)]
    for _ in range(_MOST_ROUNDS):
        before = lengths
        for axis in (1, 0):
            away = np.minimum.accumulate(lengths - along[axis], axis=axis) + along[axis]
            back = np.flip(np.minimum.accumulate(np.flip(lengths + along[axis], axis), axis=axis), axis) - along[axis]
            lengths = np.minimum(away, back)
        if np.abs(before - lengths).max() < 1e-3:
            break
    return np.maximum(lengths, 0)


def _sums_of_steps(light: Plane, axis: int) -> Plane:
    steps = np.abs(np.diff(light, axis=axis, prepend=np.take(light, [0], axis=axis))) + np.float32(0.01)
    return np.cumsum(steps, axis=axis, dtype=np.float32)
