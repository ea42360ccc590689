"""WebP, lossy and lossless: RIFF chunks of our own walking, pixels through libwebp."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from hillotype.pictures.metadata import with_exif_prefix
from hillotype.pictures.modes import to_image
from hillotype.pictures.picture import Picture, check_size, split_alpha

_FIRST_CHUNK = 12
_FRAME_HEADER = 16


def decode_webp(data: bytes, max_pixels: int) -> Picture:
    """Decodes a WebP file as stored; of an animation the first frame.

    Raises:
        PictureError: If it is too large.
        Exception: Whatever the decoder raises on truncated or damaged data.
    """
    import imagecodecs

    chunks: dict[bytes, memoryview] = {}
    for kind, payload in _chunks(memoryview(data)[_FIRST_CHUNK:]):
        chunks.setdefault(kind, payload)
    animated = b"ANMF" in chunks
    frame = dict(_chunks(chunks[b"ANMF"][_FRAME_HEADER:])) if animated else chunks
    check_size(*_size(chunks), max_pixels)
    pixels, alpha = split_alpha(imagecodecs.webp_decode(data))
    return Picture(
        pixels,
        alpha,
        "WEBP",
        exif=with_exif_prefix(chunks.get(b"EXIF", memoryview(b"")).tobytes()),
        icc=chunks.get(b"ICCP", memoryview(b"")).tobytes() or None,
        xmp=chunks.get(b"XMP ", memoryview(b"")).tobytes() or None,
        lossless=b"VP8L" in frame,
        notes=("only the first frame of the animation kept",) if animated else (),
    )


def _chunks(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    start = 0
    while start + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, start)
        yield kind, data[start + 8 : start + 8 + length]
        start += 8 + length + length % 2


def _size(chunks: dict[bytes, memoryview]) -> tuple[int, int]:
    """Width and height from the header (RFC 9649, sections 2.5 to 2.7)."""
    if b"VP8X" in chunks:
        sides = chunks[b"VP8X"][4:10].tobytes()
        return int.from_bytes(sides[:3], "little") + 1, int.from_bytes(sides[3:], "little") + 1
    if b"VP8L" in chunks:
        (bits,) = struct.unpack_from("<I", chunks[b"VP8L"], 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", chunks[b"VP8 "], 6)
    return width & 0x3FFF, height & 0x3FFF


def encode_webp(picture: Picture, file: BinaryIO) -> None:
    """Encodes an 8-bit picture: without loss if its source had none, else at quality 95."""
    to_image(picture).save(
        file,
        "WEBP",
        lossless=picture.lossless,
        exact=True,
        quality=75 if picture.lossless else 95,  # effort where lossless
        method=2 if picture.lossless else 4,
        icc_profile=picture.icc or b"",
        exif=picture.exif or b"",
        xmp=picture.xmp or b"",
    )
