"""AVIF through Pillow; more than 8 bits through imagecodecs."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import AvifImagePlugin, features

from hillotype.errors import PictureError
from hillotype.pictures.metadata import with_exif_prefix
from hillotype.pictures.modes import convert, quiet_pillow, to_image
from hillotype.pictures.picture import Picture, check_size, raised_to_16, split_alpha

QUALITY = 95


def is_avif(head: bytes) -> bool:
    """Tells by the brands in its first box whether a file is AVIF (AV1 Image File Format, section 6)."""
    length = int.from_bytes(head[:4], "big")
    return head[4:8] == b"ftyp" and any(brand in head[8:length] for brand in (b"avif", b"avis"))


def decode_avif(data: bytes, max_pixels: int) -> Picture:
    """Decodes an AVIF file as stored, of a sequence the first frame; 10 and 12 bits are raised to 16.

    Raises:
        PictureError: If it is too large, or this Pillow was built without AVIF.
        Exception: Whatever the decoders raise on damaged data.
    """
    import imagecodecs

    _check_support()
    image = AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    check_size(image.width, image.height, max_pixels)
    info, bits = image.info, _bits(data)
    if bits > 8:
        picture = Picture(*split_alpha(raised_to_16(imagecodecs.avif_decode(data, index=0), bits)))
    else:
        with quiet_pillow(image.width * image.height):
            image.load()
            picture = Picture(*convert(image, None)[:2])
    return Picture(
        picture.pixels,
        picture.alpha,
        "AVIF",
        exif=with_exif_prefix(info.get("exif")),
        icc=info.get("icc_profile") or None,
        xmp=info.get("xmp") or None,
        lossless=False,
        notes=("only the first frame of the animation kept",) if image.is_animated else (),
    )


def _check_support() -> None:
    if not features.check("avif"):
        raise PictureError("this Pillow was built without AVIF; run `pip install --force-reinstall pillow`")


def _bits(data: bytes) -> int:
    """Bits a sample, from the flags of the first AV1 configuration (AV1 in ISOBMFF, section 2.3.3)."""
    place = data.find(b"av1C")
    flags = data[place + 6] if 0 <= place < len(data) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def encode_avif(picture: Picture, file: BinaryIO) -> None:
    """Encodes an 8-bit picture at quality 95, chroma at full size."""
    _check_support()
    packets = {"exif": picture.exif, "xmp": picture.xmp, "icc_profile": picture.icc}
    given = {name: packet for name, packet in packets.items() if packet}
    to_image(picture).save(file, "AVIF", quality=QUALITY, subsampling="4:4:4", **given)
