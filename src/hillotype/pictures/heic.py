"""HEIC, the pictures of phones, through pillow-heif, an extra."""

from __future__ import annotations

from typing import IO, BinaryIO

import numpy as np

from hillotype.pictures.extras import needs_formats_extra
from hillotype.pictures.metadata import marked_upright, with_exif_prefix
from hillotype.pictures.picture import Picture, check_size, join_alpha, raised_to_16, split_alpha

QUALITY = 95
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_SRGB_OR_UNSAID = (1, 2)


def is_heic(head: bytes) -> bool:
    """Tells by the brand in its first box whether a file is HEIC (ISO/IEC 23008-12, annex B.4)."""
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def decode_heic(file: IO[bytes], max_pixels: int) -> Picture:
    """Decodes the main picture of a HEIC file; 10 and 12 bits are raised to 16.

    Raises:
        PictureError: If it is too large, or pillow-heif is not installed.
        Exception: Whatever the decoder raises on damaged data.
    """
    with needs_formats_extra("HEIC"):
        import pillow_heif

    heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=False, hdr_to_16bit=False)
    width, height = heif.size
    check_size(width, height, max_pixels)
    info = heif.info
    pixels, alpha = split_alpha(raised_to_16(np.asarray(heif), info["bit_depth"]))
    notes: tuple[str, ...] = ("only the main one of several pictures kept",) if len(heif) > 1 else ()
    primaries = info.get("nclx_profile", {}).get("color_primaries", 1)
    if not info.get("icc_profile") and primaries not in _SRGB_OR_UNSAID:
        notes += ("color primaries without an ICC profile not kept",)
    picture = Picture(
        pixels,
        alpha,
        "HEIF",
        exif=with_exif_prefix(info.get("exif")),
        icc=info.get("icc_profile") or None,
        xmp=info.get("xmp") or None,
        lossless=False,
        notes=notes,
    )
    return marked_upright(picture)  # libheif has turned it already, as the file asks; EXIF may say so once more


def encode_heic(picture: Picture, file: BinaryIO) -> None:
    """Encodes at quality 95, chroma at full size; 16 bits as 10."""
    with needs_formats_extra("HEIC"):
        import pillow_heif

    array = np.ascontiguousarray(join_alpha(picture))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[1 if array.ndim == 2 else array.shape[2]]
    packets = {"exif": picture.exif, "xmp": picture.xmp, "icc_profile": picture.icc}
    pillow_heif.encode(
        f"{mode};16" if array.dtype == np.uint16 else mode,
        (array.shape[1], array.shape[0]),
        array.tobytes(),
        file,
        quality=QUALITY,
        chroma=444,
        save_nclx_profile=picture.icc is None,
        **{name: packet for name, packet in packets.items() if packet},
    )
