"""Picture files to pictures: the content decides the format, and whatever is wrong is said in one line."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from hillotype.errors import PictureError
from hillotype.pictures.avif import decode_avif, is_avif
from hillotype.pictures.heic import decode_heic, is_heic
from hillotype.pictures.metadata import upright
from hillotype.pictures.modes import quiet_pillow
from hillotype.pictures.picture import DEFAULT_MAX_PIXELS, FORMAT_OF_SUFFIX, Picture
from hillotype.pictures.png import decode_png
from hillotype.pictures.png_chunks import SIGNATURE as PNG_SIGNATURE
from hillotype.pictures.raw import decode_raw
from hillotype.pictures.simple import decode_bmp, decode_gif, decode_jpeg
from hillotype.pictures.tiff import decode_tiff
from hillotype.pictures.webp import decode_webp

_SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (PNG_SIGNATURE, "PNG"),
    *((start, "TIFF") for start in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
_DAMAGED: Final = "the file is truncated or damaged; copy it again from its source"


def read_picture(path: Path, *, max_pixels: int = DEFAULT_MAX_PIXELS, side: int | None = None) -> Picture:
    """Reads a JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera raw file; the content decides, not the name.

    Gray and RGB of 8 and 16 bits stay what they are, with alpha; palettes, CMYK, YCbCr and Lab become RGB.
    The picture comes upright, with the orientation reset. Of several frames or pages the first is read.
    What could not be kept as it was is in `notes`.

    Args:
        path: The file.
        max_pixels: Width x height above which the file is refused before anything is decoded.
        side: For a quick look, where so many pixels on each side are enough: a JPEG may come at a half, a quarter or
            an eighth of its size then, which takes less time. The others come whole.

    Returns:
        The picture; see `Picture` for shapes and ranges.

    Raises:
        PictureError: If it cannot be read: missing, not a regular file, unreadable, empty, truncated, damaged,
            no picture at all, too large, or with samples of more than 16 bits. One line, remedy included.
    """
    path = Path(path)
    named = FORMAT_OF_SUFFIX.get(path.suffix.lower())
    try:
        _check_regular(path)
        with path.open("rb") as file, quiet_pillow():
            picture = upright(_decode(file, named, max_pixels, side))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error.__cause__
    except PermissionError as error:
        raise PictureError(f"{path}: you may not read this file; change its permissions") from error
    except MemoryError as error:
        raise PictureError(f"{path}: not enough memory to read it; close programs or reduce the picture") from error
    except Exception as error:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and types of their own.
        raise PictureError(f"{path}: {_DAMAGED}") from error
    if named not in (None, picture.format):
        picture = replace(picture, notes=(*picture.notes, f"is {picture.format} though named {path.suffix}"))
    return picture


def read_content(path: Path) -> bytes:
    """Reads the file of a picture as it is, for one who decodes it elsewhere.

    Raises:
        PictureError: If it is missing, not a regular file, empty or unreadable.
    """
    try:
        _check_regular(path)
        return path.read_bytes()
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error.__cause__
    except OSError as error:
        raise PictureError(f"{path}: the file cannot be read ({error.strerror}); copy it from its source") from error


def _check_regular(path: Path) -> None:
    """Looks before opening, since opening a pipe would wait for ever."""
    try:
        status = path.stat()
    except FileNotFoundError:
        raise PictureError("there is no such file; check the path") from None
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"the file cannot be reached ({reason}); check the path") from error
    if stat.S_ISDIR(status.st_mode):
        raise PictureError("this is a folder, and a picture file is wanted; name a file in it")
    if not stat.S_ISREG(status.st_mode):
        raise PictureError("this is a pipe or a device, and a regular file is wanted; save it to a file first")
    if status.st_size == 0:
        raise PictureError("the file is empty (0 bytes); copy it again from its source")


def _decode(file: IO[bytes], named: str | None, max_pixels: int, side: int | None) -> Picture:
    head = file.read(512)
    file.seek(0)
    name = format_of(head)
    if named == "RAW" and name in (None, "TIFF"):
        name = "RAW"  # most are TIFF, with a small preview as first page
    if name == "WEBP":
        return decode_webp(file.read(), max_pixels)
    if name == "AVIF":
        return decode_avif(file.read(), max_pixels)
    if name == "JPEG":
        return decode_jpeg(file, max_pixels, side)
    if name is None:
        page = head.lstrip().lower().startswith((b"<!doctype", b"<html"))
        what = "this is a web page" if page else "this is no picture"
        remedy = "download the picture itself" if page else "convert it to one of these"
        raise PictureError(f"{what}: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC and camera raw are read; {remedy}")
    decoders = {
        "PNG": decode_png,
        "TIFF": decode_tiff,
        "BMP": decode_bmp,
        "GIF": decode_gif,
        "HEIF": decode_heic,
        "RAW": decode_raw,
    }
    return decoders[name](file, max_pixels)


def format_of(head: bytes) -> str | None:
    """Returns the format that the first bytes of a file show, as in `Picture.format`; None if it is no picture."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if is_avif(head):
        return "AVIF"
    if is_heic(head):
        return "HEIF"
    return next((name for start, name in _SIGNATURES if head.startswith(start)), None)
