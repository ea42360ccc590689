"""Pillow's modes and our arrays: every mode to gray or RGB, arrays to images, profiles applied."""

from __future__ import annotations

import io
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from hillotype.errors import PictureError
from hillotype.pictures.metadata import profile_space
from hillotype.pictures.picture import Picture, join_alpha, part_of
from hillotype.pictures.rows import Rows, Sheet, bands, new_sheet

logging.getLogger("PIL").addHandler(logging.NullHandler())
_limit_lock = threading.Lock()


class Converted(NamedTuple):
    """What an image in some mode became: arrays, the profile that describes them, and what was done."""

    pixels: Rows
    alpha: Rows | None
    icc: bytes | None
    notes: tuple[str, ...]


@contextmanager
def quiet_pillow(pixels: int = 0) -> Iterator[None]:
    """Silences Pillow's warnings, and its own size limit where a picture, already checked, exceeds it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit = Image.MAX_IMAGE_PIXELS
        if limit is None or pixels <= limit:
            yield
            return
        with _limit_lock:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                yield
            finally:
                Image.MAX_IMAGE_PIXELS = limit


def convert(image: Image.Image, icc: bytes | None) -> Converted:
    """Turns an image of any mode but 32-bit ones into gray or RGB arrays, with alpha where it has some.

    CMYK goes through its profile to sRGB where it has one; the profile is then used up.

    Raises:
        PictureError: If the samples have 32 bits or are floats, or the mode is unknown.
    """
    mode = image.mode
    if mode.startswith("I;16"):
        return _sixteen_bit(image, icc)
    if mode in ("I", "F"):
        raise PictureError("32-bit or float samples: only 8 and 16 bits are read; convert it to 16 bits first")
    if mode == "CMYK":
        return _from_cmyk(image, icc)
    if mode == "LAB":
        return Converted(split(image.convert("RGB"))[0], None, None, ("Lab converted to sRGB",))
    has_alpha = mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    gray = mode in ("1", "L", "LA", "La")
    target = {(True, True): "LA", (True, False): "L", (False, True): "RGBA", (False, False): "RGB"}[gray, has_alpha]
    try:
        converted = image if mode == target else image.convert(target)
    except ValueError as error:
        raise PictureError(f"mode {mode} is not read; convert it to RGB first") from error
    pixels, alpha = split(converted)
    return Converted(pixels, alpha, icc, ())


def _sixteen_bit(image: Image.Image, icc: bytes | None) -> Converted:
    pixels = np.asarray(image).astype(np.uint16)
    transparent = image.info.get("transparency")
    alpha = None if transparent is None else np.where(pixels == transparent, 0, 65535).astype(np.uint16)
    return Converted(pixels[..., None], alpha, icc, ())


def _from_cmyk(image: Image.Image, icc: bytes | None) -> Converted:
    if profile_space(icc) == "CMYK":
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc or b""))
            converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return Converted(split(converted)[0], None, None, ("CMYK converted to sRGB through its profile",))
    note = "CMYK converted to RGB without a profile, so its colors are approximate"
    return Converted(split(image.convert("RGB"))[0], None, None, (note,))


def split(image: Image.Image) -> tuple[Sheet, Sheet | None]:
    """Copies an L, LA, RGB or RGBA image to pixels and alpha, in bands: Pillow's own way takes two copies more."""
    channels = len(image.getbands())
    size, dtype = (image.height, image.width), np.dtype(np.uint8)
    pixels = new_sheet((*size, channels - 1 + channels % 2), dtype)
    alpha = None if channels % 2 else new_sheet(size, dtype)
    for band in bands(pixels):
        strip = np.asarray(image.crop((0, band.start, image.width, band.stop))).reshape(-1, image.width, channels)
        pixels[band] = strip[..., : pixels.shape[2]]
        if alpha is not None:
            alpha[band] = strip[..., -1]
    return pixels, alpha


def to_image(picture: Picture) -> Image.Image:
    """Makes an image of L, LA, RGB or RGBA, or of I;16 for 16-bit gray; other 16-bit pictures become 8-bit."""
    if picture.pixels.dtype == np.uint16:
        if picture.pixels.shape[2] == 1 and picture.alpha is None:
            return Image.fromarray(join_alpha(picture))
        picture = to_8_bit(picture)
    height, width, channels = picture.pixels.shape
    mode = {1: "L", 3: "RGB"}[channels] + ("" if picture.alpha is None else "A")
    image = Image.new(mode, (width, height))
    for band in bands(picture.pixels):
        image.paste(Image.fromarray(join_alpha(part_of(picture, band))), (0, band.start))
    return image


def to_8_bit(picture: Picture) -> Picture:
    """Rounds a 16-bit picture to 8 bits; an 8-bit one is returned as it is."""
    if picture.pixels.dtype == np.uint8:
        return picture
    table = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
    alpha = None if picture.alpha is None else _look_up(table, picture.alpha)
    return replace(picture, pixels=_look_up(table, picture.pixels), alpha=alpha)


def on_white(picture: Picture) -> Picture:
    """Lays an 8-bit picture over white and drops its alpha."""
    if picture.alpha is None:
        return picture
    pixels = new_sheet(picture.pixels.shape, picture.pixels.dtype)
    for band in bands(pixels):
        alpha = picture.alpha[band][..., None].astype(np.uint32)
        pixels[band] = (picture.pixels[band] * alpha + 255 * (255 - alpha) + 127) // 255
    return replace(picture, pixels=pixels, alpha=None)


def to_srgb_gray(picture: Picture) -> Picture:
    """Takes gray pixels through their gray ICC profile to sRGB's tone curve, and drops the profile.

    A gray profile cannot describe colored pixels, so call this before gray is colored. Pictures without a
    gray profile are returned as they are. White stays white and black black (relative colorimetric).

    Returns:
        The picture, of the same size and depth, without an ICC profile if it had a gray one.
    """
    if picture.icc is None or picture.pixels.shape[2] != 1 or profile_space(picture.icc) != "GRAY":
        return picture
    import imagecodecs

    levels = 256 if picture.pixels.dtype == np.uint8 else 65536
    ramp = (np.arange(levels, dtype=np.uint32) * (65535 // (levels - 1))).astype(np.uint16)[None]
    try:
        curve = imagecodecs.cms_transform(
            ramp,
            picture.icc,
            imagecodecs.cms_profile("srgb"),
            colorspace="gray",
            outcolorspace="rgb",
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
            flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,  # else dark tones are interpolated in coarse steps
        )[0, :, 1]
    except imagecodecs.CmsError:
        note = "damaged gray ICC profile dropped"
        return replace(picture, icc=None, notes=(*picture.notes, note))
    table = curve if levels == 65536 else ((curve.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return replace(picture, pixels=_look_up(table, picture.pixels), icc=None)


def _look_up(table: NDArray[Any], values: Rows) -> Rows:
    """table[values] in bands, since NumPy widens the whole index to 64 bits first."""
    result = new_sheet(values.shape, table.dtype)
    for band in bands(values):
        result[band] = table[values[band]]
    return result
