"""JPEG, BMP and GIF: formats that Pillow reads and writes whole."""

from __future__ import annotations

import os
import shutil
import struct
import sys
from typing import IO, Any, BinaryIO, Final, cast

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile

from hillotype.pictures.metadata import IPTC_RESOURCE, image_resource, known_dpi, with_exif_prefix
from hillotype.pictures.modes import convert, quiet_pillow, to_image
from hillotype.pictures.picture import Picture, check_size

JPEG_QUALITY = 95

_IN_MEMORY: Final = 25_000_000  # pixels; larger pictures of a folder come one at a time


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
    _encode(
        to_image(picture),
        file,
        "JPEG",
        quality=JPEG_QUALITY,
        subsampling=0,
        dpi=picture.dpi or (0, 0),
        icc_profile=picture.icc,
        exif=picture.exif or b"",
        xmp=picture.xmp or b"",
        extra=_photoshop_segment(picture.iptc) if picture.iptc else b"",
    )


def _photoshop_segment(iptc: bytes) -> bytes:
    """Wraps IPTC records as JPEG's segment APP13 (Adobe, Photoshop File Formats, "Image Resource Blocks")."""
    payload = b"Photoshop 3.0\x00" + image_resource(iptc)
    return struct.pack(">HH", 0xFFED, len(payload) + 2) + payload


def encode_bmp(picture: Picture, file: BinaryIO) -> None:
    """Encodes an 8-bit picture without alpha."""
    _encode(to_image(picture), file, "BMP", dpi=picture.dpi or (96, 96))


def _encode(image: Image.Image, file: BinaryIO, name: str, **options: Any) -> None:  # noqa: ANN401
    """Encodes an image; a small one, under Linux, without Python's lock, so that pictures beside it go on.

    Pillow gives the lock free only where it writes to a descriptor, and there does not notice a disk that takes a part
    of a block: so that is one of a file in memory. A large picture is not held there once more.
    """
    if sys.platform != "linux" or image.width * image.height > _IN_MEMORY:
        image.save(cast(BinaryIO, _Stream(file)), name, **options)
        return
    with os.fdopen(os.memfd_create("hillotype"), "w+b") as coded:
        image.save(coded, name, **options)
        coded.seek(0)
        shutil.copyfileobj(coded, file, 1 << 20)


class _Stream:
    """Hides a file's descriptor from Pillow."""

    def __init__(self, file: BinaryIO) -> None:
        self.write, self.flush = file.write, file.flush
