"""Wishes: what the user wants of the colors, beyond what the model guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from PIL import Image

from hillotype.errors import PictureError
from hillotype.restore.hints import Coordinate, Hint, spread_hints
from hillotype.restore.palette import Palette, palette_of, toward, vivid
from hillotype.restore.pixels import Plane
from hillotype.restore.restorer import FloatArray, pixels_of

MOST_VIVID: Final = 4.0
"""The largest vividness."""


@dataclass(frozen=True)
class Wishes:
    """What the user wants of the colors.

    Attributes:
        hints: colors at points.
        vividness: of the guessed chroma, 0 to 4; 1 is the model as it is, see `vivid`. Hints keep their color.
        palette: colors of another picture, toward which the guessed ones move.

    Raises:
        PictureError: the vividness is out of range.
    """

    hints: tuple[Hint, ...] = ()
    vividness: float = 1.0
    palette: Palette | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.vividness <= MOST_VIVID:
            raise PictureError(
                f"vividness {self.vividness}: must lie from 0 (gray) to {MOST_VIVID:g}; 1 is as the model guesses"
            )

    def apply(self, light: Plane, chroma: Plane, size: tuple[int, int]) -> Plane:
        """Returns the guessed chroma (2, h, w) as wished, for a picture of `size` (H, W); hints come last, and stay.

        Raises:
            PictureError: a hint lies outside the picture.
        """
        if self.palette:
            chroma = toward(light, chroma, self.palette)
        return spread_hints(light, vivid(chroma, self.vividness), self.hints, size)

    def made_with(self) -> dict[str, Any]:
        """Returns as plain values what is wished; nothing for what is not, so that results of old stay up to date."""
        wished: dict[str, Any] = {}
        if self.hints:
            wished["hints"] = [str(hint) for hint in self.hints]
        if self.vividness != 1.0:
            wished["vividness"] = self.vividness
        if self.palette:
            wished["palette"] = [list(color) for color in self.palette.chroma]
        return wished


NO_WISHES: Final = Wishes()
"""The model as it is."""


class Wished(TypedDict, total=False):
    """Wishes as arguments of a colorizer.

    Attributes:
        hints: colors at points, (x, y, color) as `Hint` has them: (120, 80, "#2f6b3a") or ("40%", "15%", "darkgreen").
        vividness: of the guessed chroma, 0 to 4; 1 is the model as it is, see `vivid`.
        like: a color picture, toward whose colors the guessed ones move.
    """

    hints: Sequence[tuple[Coordinate, Coordinate, str]]
    vividness: float
    like: Image.Image | FloatArray


def wishes_of(
    hints: Sequence[tuple[Coordinate, Coordinate, str]] = (),
    vividness: float = 1.0,
    like: Image.Image | FloatArray | None = None,
) -> Wishes:
    """Makes wishes of the arguments that `Wished` describes.

    Raises:
        PictureError: a hint is none, the vividness is out of range, or `like` is gray or no picture.
    """
    try:
        points = tuple(Hint(*hint) for hint in hints)
    except TypeError:
        raise PictureError(f"hints {hints}: must be a list of (x, y, color); write [(120, 80, '#2f6b3a')]") from None
    return Wishes(points, vividness, None if like is None else palette_of(pixels_of(like)))
