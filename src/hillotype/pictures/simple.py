"""JPEG, BMP and GIF: formats that Pillow reads and writes whole."""

from __future__ import annotations

import io
import os
import shutil
import struct
import sys
from typing import IO, BinaryIO

from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile

from hillotype.pictures.metadata import IPTC_RESOURCE, image_resource, known_dpi, with_exif_prefix
from hillotype.pictures.modes import convert, quiet_pillow, to_image
from hillotype.pictures.picture import Picture, check_size

JPEG_QUALITY = 95


def decode_jpeg(file: IO[bytes], max_pixels: int, side: int | None = None) -> Picture:
    """Decodes a JPEG file as stored; of a multi-picture file (MPO) the first.

    With `side`, at a half, a quarter or an eighth of its size, as long as no side becomes shorter than that: the
    decoder leaves out fine detail, and is faster for it.
    """
    return _decode(JpegImageFile, file, "JPEG", max_pixels, side)


def decode_bmp(file: IO[bytes], max_pixels: int) -> Picture:
    """Decodes a BMP file."""
    return _decode(BmpImageFile, file, "BMP", max_pixels)


def decode_gif(file: IO[bytes], max_pixels: int) -> Picture:
    """Decodes the first frame of a GIF file."""
    return _decode(GifImageFile, file, "GIF", max_pixels)


def _decode(
    plugin: type[ImageFile.ImageFile], file: IO[bytes], name: str, max_pixels: int, side: int | None = None
) -> Picture:
    image = plugin(file)
    check_size(image.width, image.height, max_pixels)
    if side is not None:
        image.draft(None, (side, side))
    with quiet_pillow(image.width * image.height):
        image.load()
        info = image.info
        pixels, alpha, icc, converted = convert(image, info.get("icc_profile") or None)
        notes = (*_left_behind(image), *converted)
    return Picture(
        pixels,
        alpha,
        name,
        exif=with_exif_prefix(info.get("exif")),
        icc=icc,
        xmp=info.get("xmp") or None,
        iptc=info.get("photoshop", {}).get(IPTC_RESOURCE) or None,
        dpi=known_dpi(info.get("dpi")),
        lossless=name != "JPEG",
        notes=notes,
    )


def _left_behind(image: ImageFile.ImageFile) -> list[str]:
    """What the file holds beside the picture and its metadata, and a Picture does not."""
    notes = []
    if isinstance(image, GifImageFile) and image.is_animated:
        notes.append("only the first frame of the animation kept")
    if "mp" in image.info:
        notes.append("only the first of several pictures kept")
    if image.info.get("comment"):
        notes.append("comment not kept")
    return notes


def encode_jpeg(picture: Picture, file: BinaryIO) -> None:
    """Encodes an 8-bit picture without alpha at quality 95, chroma at full size."""
    with _memory() as coded:
        to_image(picture).save(
            coded,
            "JPEG",
            quality=JPEG_QUALITY,
            subsampling=0,
            dpi=picture.dpi or (0, 0),
            icc_profile=picture.icc,
            exif=picture.exif or b"",
            xmp=picture.xmp or b"",
            extra=_photoshop_segment(picture.iptc) if picture.iptc else b"",
        )
        _copy(coded, file)


def _photoshop_segment(iptc: bytes) -> bytes:
    """Wraps IPTC records as JPEG's segment APP13 (Adobe, Photoshop File Formats, "Image Resource Blocks")."""
    payload = b"Photoshop 3.0\x00" + image_resource(iptc)
    return struct.pack(">HH", 0xFFED, len(payload) + 2) + payload


def encode_bmp(picture: Picture, file: BinaryIO) -> None:
    """Encodes an 8-bit picture without alpha."""
    with _memory() as coded:
        to_image(picture).save(coded, "BMP", dpi=picture.dpi or (96, 96))
        _copy(coded, file)


def _memory() -> BinaryIO:
    """Opens a file in memory, which no disk can cut short: Pillow does not notice where a block was written in part.

    Under Linux it has a descriptor. Pillow writes to that without Python's lock, so that other pictures go on.
    """
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("hillotype"), "w+b")
    return io.BytesIO()


def _copy(coded: BinaryIO, file: BinaryIO) -> None:
    coded.seek(0)
    shutil.copyfileobj(coded, file, 1 << 20)
