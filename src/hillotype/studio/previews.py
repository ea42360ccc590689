"""Previews: a picture with the colors that are wished, small and at once: the net is asked once, then only painted."""

from __future__ import annotations

import asyncio
import io
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from hillotype.errors import PictureError
from hillotype.pictures import from_pil, read_picture, whole
from hillotype.pictures.profiles import in_srgb
from hillotype.restore import load
from hillotype.restore.colorize import Colorizer
from hillotype.restore.palette import Palette
from hillotype.restore.pixels import Pixels, Plane, store
from hillotype.restore.reduce import reduced
from hillotype.restore.restorer import room_for
from hillotype.restore.wishes import Wishes
from hillotype.studio.views import read_small

if TYPE_CHECKING:
    from hillotype.studio.jobs import Job
    from hillotype.studio.schemas import Settings

_KEPT: Final = 12
"""Pictures whose guess is remembered, for all clients together: about 5 MB each at a side of 1024."""


@dataclass(frozen=True, eq=False)
class _Guess:
    """A small copy of a picture, (h, w, 1 or 3) uint8, and the lightness and chroma that `predict` gives of it."""

    pixels: Pixels
    light: Plane
    chroma: Plane


@dataclass
class Previews:
    """Paints previews, one at a time; the guesses for those looked at last are remembered."""

    max_pixels: int
    _guesses: OrderedDict[str, tuple[Any, _Guess]] = field(default_factory=OrderedDict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def paint(self, job: Job, settings: Settings, palette: Palette | None, side: int) -> bytes:
        """Returns a JPEG of the picture as it would be colored, its longest side at most `side` pixels.

        A result stands in for the picture, once there is one: its lightness is the picture's, without the noise.

        Raises:
            PictureError: the picture cannot be read, or a hint lies outside of it.
            ModelFileError: the model is damaged.
        """
        name = _model(settings)

        async def painted(path: Path) -> bytes:
            wishes = await asyncio.to_thread(_scaled, settings.wishes(palette), path, self.max_pixels)
            guess = await self._guess(job, path, name, side)
            return await asyncio.to_thread(_painted, guess, name, settings, wishes)

        return await self._made(job, painted)

    async def certainty(self, job: Job, side: int) -> bytes:
        """Returns a PNG that is white where the colors of the picture are known and black where they are guessed.

        Raises:
            PictureError: the picture cannot be read.
            ModelFileError: the model is damaged, or does not tell.
        """

        async def seen(path: Path) -> bytes:
            return await asyncio.to_thread(_certainty, path, _model(job.settings), side, self.max_pixels)

        return await self._made(job, seen)

    def forget(self, job: Job) -> None:
        """Gives back what is remembered of a picture."""
        self._guesses.pop(job.id, None)

    async def _made(self, job: Job, make: Callable[[Path], Awaitable[bytes]]) -> bytes:
        """Makes something of a job's result, if there is one, else of the picture itself."""
        async with self._turn:
            path = job.target() if job.status == "done" else job.source
            try:
                return await make(path)
            except PictureError:
                if path.exists():
                    raise
                return await make(job.source)  # it was started again meanwhile, and its result removed

    async def _guess(self, job: Job, path: Path, name: str, side: int) -> _Guess:
        made_of = (path, name, side)
        known = self._guesses.get(job.id)
        if known is None or known[0] != made_of:
            known = made_of, await asyncio.to_thread(_guessed, path, name, side, self.max_pixels)
        if job.source.exists():  # else it was removed meanwhile
            self._guesses[job.id] = known
            self._guesses.move_to_end(job.id)
        while len(self._guesses) > _KEPT:
            self._guesses.popitem(last=False)
        return known[1]


def _model(settings: Settings) -> str:
    return settings.model if settings.task == "colorize" and settings.model else "colorize"


def _small(path: Path, side: int, max_pixels: int) -> Plane:
    """Reads a picture, its longest side at most `side`, in sRGB, as float32 (h, w, 1 or 3) in [0, 1]."""
    picture = from_pil(read_small(path, side, max_pixels))  # reduced first: its profile is then applied to few pixels
    height, width = picture.pixels.shape[:2]
    return reduced(in_srgb(picture), (height, width))


def _scaled(wishes: Wishes, path: Path, max_pixels: int) -> Wishes:
    """Returns the wishes for a reduced copy: hints may be given in pixels of the whole picture."""
    if all(str(hint.x).endswith("%") and str(hint.y).endswith("%") for hint in wishes.hints):
        return wishes
    height, width = _size(path, max_pixels)
    return replace(wishes, hints=tuple(hint.in_shares(height, width) for hint in wishes.hints))


@lru_cache(_KEPT)  # a preview would read the whole picture each time; files of a job are not changed
def _size(path: Path, max_pixels: int) -> tuple[int, int]:
    """Returns height and width of a picture, upright."""
    height, width = read_picture(path, max_pixels=max_pixels).pixels.shape[:2]
    return height, width


def _guessed(path: Path, name: str, side: int, max_pixels: int) -> _Guess:
    small = _small(path, side, max_pixels)
    pixels = np.empty(small.shape, np.uint8)
    store(small, pixels)
    return _Guess(pixels, *_colorizer(name).predict(pixels))


def _certainty(path: Path, name: str, side: int, max_pixels: int) -> bytes:
    file = io.BytesIO()
    _colorizer(name).certainty(_small(path, side, max_pixels)).save(file, "PNG")
    return file.getvalue()


def _painted(guess: _Guess, name: str, settings: Settings, wishes: Wishes) -> bytes:
    colorizer = _colorizer(name).given(wishes)
    strength, room = settings.strength, room_for(guess.pixels)
    colored = whole(colorizer.paint(guess.pixels, guess.light, guess.chroma, strength, room))
    file = io.BytesIO()
    Image.fromarray(colored).save(file, "JPEG", quality=90)
    return file.getvalue()


def _colorizer(name: str) -> Colorizer:
    colorizer = load(name)
    assert isinstance(colorizer, Colorizer)  # check_model has seen to it
    return colorizer
