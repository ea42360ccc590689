"""The picture: pixels as stored in files, with everything that must survive a restoration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hillotype.errors import PictureError
from hillotype.pictures.rows import Rows, whole

DEFAULT_MAX_PIXELS: Final = 178_000_000
"""Pixels (width x height) that `read_picture` accepts unless told otherwise."""

FORMAT_OF_SUFFIX: Final = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".hif": "HEIF",
    **dict.fromkeys(
        (
            *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw"),
            *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
        ),
        "RAW",
    ),
}

Tag: TypeAlias = tuple[int, int, int, Any]
"""A TIFF tag: code, type, count, value."""


@dataclass(frozen=True, eq=False)
class Picture:
    r"""A picture as it came from a file, upright.

    Attributes:
        pixels: (H, W, C) uint8 or uint16, C = 1 (gray) or 3 (RGB), full range of the type. An array, or rows on the
            disk: see `read_picture`.
        alpha: (H, W) of the same type, not premultiplied, or None; an array or rows on the disk as well.
        format: What it was read from: "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF" or
            "RAW".
        exif: EXIF as bytes that start with b"Exif\0\0", orientation 1, or None.
        icc: ICC profile of the pixels, or None (then sRGB is meant).
        xmp: XMP packet, or None.
        iptc: IPTC-IIM records, or None.
        dpi: Dots per inch, horizontal and vertical, or None.
        tags: Tags of a TIFF directory that no other field holds: (code, type, count, value) each.
        lossless: Whether the source stored the pixels without loss.
        notes: What could not be kept as it was, one phrase each.

    Raises:
        PictureError: If the arrays do not have these shapes and types, or are empty.
    """

    pixels: Rows
    alpha: Rows | None = None
    format: str = "PNG"
    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    tags: tuple[Tag, ...] = ()
    lossless: bool = True
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) != 3 or shape[2] not in (1, 3) or dtype not in (np.uint8, np.uint16):
            raise PictureError(
                f"array {shape} of {dtype}: pixels are (height, width, 1 or 3) of uint8 or uint16; convert it"
            )
        if 0 in shape:
            raise PictureError(f"{shape[1]} x {shape[0]} pixels: a picture has at least 1 x 1; check its source")
        if self.alpha is not None and (self.alpha.shape != shape[:2] or self.alpha.dtype != dtype):
            raise PictureError(
                f"alpha {self.alpha.shape} of {self.alpha.dtype}: it must be {shape[:2]} of {dtype}, "
                "as the pixels are; convert it"
            )


def is_picture_name(path: Path | str) -> bool:
    """Tells whether a file's suffix is one that `read_picture` knows, in either case; the file is not opened."""
    return Path(path).suffix.lower() in FORMAT_OF_SUFFIX


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuses a size from a header before anything is decoded.

    Raises:
        PictureError: If there is no pixel, or there are more than `max_pixels`.
    """
    if width < 1 or height < 1:
        raise PictureError(f"{width} x {height} pixels: a picture has at least 1 x 1; copy it again from its source")
    if width * height > max_pixels:
        raise PictureError(
            f"{width} x {height} = {width * height:,} pixels: the limit is {max_pixels:,}; "
            "raise it with --max-pixels if you trust the file"
        )


def split_alpha(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Splits (H, W) or (H, W, 1 to 4) into pixels (H, W, 1 or 3) and alpha (H, W) or None."""
    if array.ndim == 2:
        array = array[..., None]
    if array.shape[2] in (2, 4):
        return np.ascontiguousarray(array[..., :-1]), np.ascontiguousarray(array[..., -1])
    return np.ascontiguousarray(array), None


def raised_to_16(array: NDArray[Any], bits: int) -> NDArray[Any]:
    """Raises samples of 9 to 15 bits to the full range of uint16; others are returned as they are."""
    return (array << (16 - bits)) | (array >> (2 * bits - 16)) if 8 < bits < 16 else array


def join_alpha(picture: Picture) -> NDArray[Any]:
    """Returns pixels and alpha as one array: (H, W) for plain gray, else (H, W, 2 to 4)."""
    if picture.alpha is not None:
        return np.concatenate([whole(picture.pixels), whole(picture.alpha)[..., None]], axis=2)
    pixels = whole(picture.pixels)
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def part_of(picture: Picture, rows: slice) -> Picture:
    """Returns some rows of a picture."""
    return replace(picture, pixels=picture.pixels[rows], alpha=None if picture.alpha is None else picture.alpha[rows])
