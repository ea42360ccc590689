"""Sheets of pictures and short films as files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hillotype.errors import PictureError
from hillotype.files import make_folder, write_whole, writing
from hillotype.pages import sheet
from hillotype.pages.parts import Floats

SHEETS = {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""The formats of sheets by the suffix of the file."""

FILMS = {".gif": "GIF", ".webp": "WEBP"}
"""The formats of films by the suffix of the file."""

Row = tuple[str, Floats]
"""A name, and pictures (N, C, H, W) in [0, 1]."""

_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "GIF": {},
}
_SHEET_SIDE, _FILM_SIDE = 84, 196  # pixels that small pictures are enlarged to, at most
_LETTERS = 13
_LARGEST = 16_000  # pixels of a side; JPEG and WebP hold no more


def check_name(path: Path, *, film: bool = False, beside: Sequence[Path] = ()) -> None:
    """Sees, before the work, that a sheet or film can have this name.

    Args:
        path: the file to be written.
        film: whether it is a film.
        beside: files that must not be written over.

    Raises:
        PictureError: its suffix means no format of sheets or films, or it is one of the files `beside`.
    """
    what, formats = ("film", FILMS) if film else ("sheet", SHEETS)
    if path.suffix.lower() not in formats:
        raise PictureError(f"{path}: no format of a {what}; let its name end in {', '.join(formats)}")
    if path.exists() and any(each.exists() and each.samefile(path) for each in beside):
        raise PictureError(f"{path}: is one of the pictures given, and these are kept; choose another name")


def write_sheet(rows: Sequence[Row], path: Path, scale: int | None = None) -> None:
    """Writes rows of pictures below each other, each with its name at the left; a file that is there is replaced.

    Args:
        rows: they may differ in number; an empty name takes no room.
        path: PNG, WebP or JPEG, by its suffix; its folder is made.
        scale: by how much each side is enlarged, pixel by pixel; small pictures to about 84 pixels if not given.

    Raises:
        PictureError: another suffix, a sheet too large for a file, or a disk that does not take it.
    """
    check_name(path)
    _check_pictures([pictures for _, pictures in rows], path)
    factor = scale or _factor(rows[0][1], _SHEET_SIDE)
    height, width = rows[0][1].shape[2:]
    if max(len(rows) * height, max(len(each) for _, each in rows) * width) * factor > _LARGEST:
        raise PictureError(f"{path}: more pictures than a file holds; ask for fewer")
    _write(path, SHEETS, [sheet(rows, factor, _LETTERS)])


def square(pictures: Floats) -> list[Row]:
    """Lays pictures (N, C, H, W) out as nameless rows, about as many as there are columns."""
    columns = ceil(sqrt(len(pictures)))
    return [("", pictures[first : first + columns]) for first in range(0, len(pictures), columns)]


def write_film(frames: Floats, path: Path, *, rate: float = 12.0, there_and_back: bool = True) -> None:
    """Writes a film that plays for ever, of frames about 196 pixels large; a file that is there is replaced.

    Args:
        frames: (N, C, H, W) in [0, 1].
        path: GIF or WebP, by its suffix; its folder is made.
        rate: frames a second.
        there_and_back: whether the frames are played to the end and back, so that nothing jumps.

    Raises:
        PictureError: another suffix, or a disk that does not take it.
    """
    check_name(path, film=True)
    _check_pictures([frames], path)
    if there_and_back:
        frames = np.concatenate([frames, frames[-2:0:-1]])
    factor = _factor(frames, _FILM_SIDE)
    images = [sheet([("", frame[None])], factor) for frame in frames]
    _write(path, FILMS, images, duration=round(1000 / rate))


def _factor(pictures: Floats, side: int) -> int:
    return max(1, side // int(max(pictures.shape[2:])))


def _check_pictures(rows: Sequence[Floats], path: Path) -> None:
    if not rows or not all(len(pictures) for pictures in rows):
        raise PictureError(f"{path}: no picture to show; give at least one")


def _write(path: Path, formats: dict[str, str], images: Sequence[Image.Image], duration: int | None = None) -> None:
    kind = formats[path.suffix.lower()]
    options = _OPTIONS[kind]
    if duration is not None:
        options = {**options, "save_all": True, "append_images": images[1:], "duration": duration, "loop": 0}
    file = io.BytesIO()
    images[0].save(file, kind, **options)
    make_folder(path.parent, PictureError)
    with writing(path, PictureError):
        write_whole([file.getbuffer()], path, overwrite=True)
