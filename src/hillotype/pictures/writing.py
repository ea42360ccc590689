"""Pictures to picture files: whole or not at all, and never over a file that is not to be overwritten."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from hillotype.errors import PictureError
from hillotype.files import why_not_written, write_whole
from hillotype.pictures.avif import encode_avif
from hillotype.pictures.heic import encode_heic
from hillotype.pictures.metadata import profile_space, tiff_tags
from hillotype.pictures.modes import on_white, quiet_pillow, to_8_bit, to_srgb_gray
from hillotype.pictures.picture import FORMAT_OF_SUFFIX, Picture
from hillotype.pictures.png import MAX_SIDE, encode_png
from hillotype.pictures.simple import encode_bmp, encode_jpeg
from hillotype.pictures.tiff import encode_tiff
from hillotype.pictures.webp import encode_webp


@dataclass(frozen=True)
class _Format:
    """What a file format holds; `max_packet` bounds EXIF, XMP and IPTC, in bytes."""

    name: str
    encode: Callable[[Picture, BinaryIO], None]
    metadata: tuple[str, ...]
    deep: bool = False
    alpha: bool = True
    gray: bool = True
    max_side: int = 2**31 - 1
    max_packet: int = 2**31 - 1


_FORMATS: Final = {
    "JPEG": _Format(
        "JPEG", encode_jpeg, ("icc", "exif", "xmp", "iptc", "dpi"), alpha=False, max_side=65500, max_packet=65504
    ),
    "PNG": _Format("PNG", encode_png, ("icc", "exif", "xmp", "iptc", "dpi"), deep=True, max_side=MAX_SIDE),
    "WEBP": _Format("WebP", encode_webp, ("icc", "exif", "xmp"), gray=False, max_side=16383),
    "TIFF": _Format("TIFF", encode_tiff, ("icc", "exif", "xmp", "iptc", "dpi", "tags"), deep=True),
    "AVIF": _Format("AVIF", encode_avif, ("icc", "exif", "xmp"), gray=False, max_side=65536),
    "HEIF": _Format("HEIC", encode_heic, ("icc", "exif", "xmp"), deep=True, gray=False, max_side=16384),
    "BMP": _Format("BMP", encode_bmp, ("dpi",), alpha=False),
}


def write_picture(picture: Picture, path: Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Writes a picture; the suffix of `path` decides the format: JPEG, PNG, WebP, TIFF, BMP, AVIF or HEIC.

    JPEG, AVIF and HEIC are written at quality 95 with full chroma; WebP without loss if the picture came without
    loss. The file appears whole or not at all: it is written beside its place under a hidden name, then published.

    Args:
        picture: The picture; its ICC profile must describe its pixels (see `to_srgb_gray`).
        path: The file to write; its folder exists.
        overwrite: Whether a file that is there already may be replaced.

    Returns:
        What this format could not hold, one phrase each; empty if it held everything.

    Raises:
        PictureError: If the suffix is not one of these, the file exists and `overwrite` is not given, the
            picture is too large for the format, or the folder or disk does not take the file.
    """
    path = Path(path)
    target = _FORMATS.get(FORMAT_OF_SUFFIX.get(path.suffix.lower(), ""))
    try:
        if target is None:
            raise PictureError(f"files named '{path.suffix}' are not written; use .png, .jpg, .webp, .tif or .bmp")
        _check_place(path, overwrite)
        with quiet_pillow():
            fitted, notes = _fitted(picture, target)
        write_whole(lambda file: _encode(fitted, target, file), path, overwrite=overwrite)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error.__cause__
    except OSError as error:
        raise PictureError(f"{path}: {why_not_written(error)}") from error
    except MemoryError as error:
        raise PictureError(f"{path}: not enough memory to write it; close programs or reduce the picture") from error
    return notes


def _encode(picture: Picture, target: _Format, file: BinaryIO) -> None:
    height, width, _ = picture.pixels.shape
    try:
        with quiet_pillow(height * width):
            target.encode(picture, file)
    except (MemoryError, PictureError):
        raise
    except Exception as error:  # encoders raise types of their own
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, which says more than the encoder's
        raise PictureError(f"the {target.name} encoder failed ({error}); choose another format") from error


def _check_place(path: Path, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise PictureError(f"its folder {path.parent} does not exist; make it first")
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        raise PictureError("a folder, pipe or device has this name; choose another name")


def _fitted(picture: Picture, target: _Format) -> tuple[Picture, tuple[str, ...]]:
    """Reduces a picture to what the format holds, and says what was lost by that."""
    height, width, _ = picture.pixels.shape
    if max(width, height) > target.max_side:
        raise PictureError(
            f"{width} x {height} pixels: {target.name} holds at most {target.max_side} a side; write it as .tif"
        )
    notes = []
    if picture.pixels.dtype != "uint8" and not target.deep:
        picture = to_8_bit(picture)
        notes.append(f"16 bits reduced to 8, as {target.name} holds no more")
    elif picture.pixels.dtype != "uint8" and target.name == "HEIC":
        notes.append("16 bits reduced to 10, as HEIC is written with no more")
    if picture.alpha is not None and not target.alpha:
        picture = on_white(picture)
        notes.append(f"transparency laid over white, as {target.name} holds none")
    picture, profile_note = _with_fitting_profile(picture, target)
    notes += profile_note
    dropped: dict[str, Any] = {}
    for name, nothing in (("exif", None), ("xmp", None), ("iptc", None), ("dpi", None), ("tags", ())):
        value = getattr(picture, name)
        if not value:
            continue
        if name not in target.metadata:
            what = "TIFF's further tags" if name == "tags" else name.upper()
            notes.append(f"{what} dropped, as {target.name} holds none")
        elif isinstance(value, bytes) and len(value) > target.max_packet:
            notes.append(f"{name.upper()} dropped, as {target.name} holds at most {target.max_packet} bytes")
        elif name == "exif" and target.name == "TIFF" and tiff_tags(value) is None:
            notes.append("EXIF dropped: it is damaged")
        else:
            continue
        dropped[name] = nothing
    return replace(picture, **dropped), tuple(notes)


def _with_fitting_profile(picture: Picture, target: _Format) -> tuple[Picture, list[str]]:
    """Keeps an ICC profile only where it describes the pixels that will be written."""
    if picture.icc is None:
        return picture, []
    space = profile_space(picture.icc)
    gray = picture.pixels.shape[2] == 1
    if gray and space == "GRAY" and not (target.gray and "icc" in target.metadata):
        return to_srgb_gray(picture), [f"gray ICC profile applied to the pixels, as {target.name} holds none"]
    if "icc" not in target.metadata:
        return replace(picture, icc=None), [f"ICC profile dropped, as {target.name} holds none"]
    if space != ("GRAY" if gray and target.gray else "RGB"):
        kind = "gray" if gray else "RGB"
        return replace(picture, icc=None), [f"ICC profile dropped: it is for {space}, the pixels are {kind}"]
    return picture, []
