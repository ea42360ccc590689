"""PNG, 8 and 16 bits: chunks of our own walking, pixels through libpng."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from hillotype.errors import PictureError
from hillotype.pictures.metadata import EXIF_PREFIX, with_exif_prefix
from hillotype.pictures.picture import Picture, check_size, join_alpha, split_alpha

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSION_LEVEL = 4
MAX_SIDE = 1_000_000
"""Pixels of a side above which libpng refuses a file."""
_XMP_KEY = b"XML:com.adobe.xmp"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_MAX_METADATA_BYTES = 1 << 26
_METERS_PER_INCH = 0.0254


def decode_png(data: bytes, max_pixels: int) -> Picture:
    """Decodes a PNG file as stored; of an animation the default image.

    Raises:
        PictureError: If it is too large, truncated or damaged.
    """
    import imagecodecs

    width, height = struct.unpack_from(">II", data, 16)
    check_size(width, height, max_pixels)
    if max(width, height) > MAX_SIDE:
        raise PictureError(f"{width} x {height} pixels: PNG is read up to {MAX_SIDE:,} a side; cut it up first")
    icc = exif = xmp = dpi = None
    notes: list[str] = []
    pixel_chunks: list[bytes | memoryview] = [SIGNATURE]
    # libpng would find damage too, but a failing png_decode of imagecodecs 2026.3 releases None once too
    # often, which ends the process after some thousand damaged files: so the checksums are checked first. And it
    # prints what it dislikes about metadata, which it does not need: so it gets none.
    for kind, chunk in _chunks(data):
        payload = chunk[8:-4]
        if kind[:1].isupper() or kind == b"tRNS":
            pixel_chunks.append(chunk)
        elif kind == b"iCCP":
            icc = _inflated(payload.tobytes().partition(b"\x00")[2][1:])
        elif kind == b"eXIf":
            exif = with_exif_prefix(payload.tobytes())
        elif kind == b"pHYs" and len(payload) == 9 and payload[8] == 1:
            across, down = struct.unpack_from(">II", payload)
            dpi = (across * _METERS_PER_INCH, down * _METERS_PER_INCH) if across and down else None
        elif kind in _TEXT_CHUNKS:
            key, _, rest = payload.tobytes().partition(b"\x00")
            if kind == b"iTXt" and key == _XMP_KEY:
                text = rest[2:].split(b"\x00", 2)[-1]  # after flags, language and translated key
                xmp = _inflated(text) if rest[:1] == b"\x01" else text
            else:
                notes.append(f"text chunk not kept: {key.decode('latin-1')}")
        elif kind == b"acTL":
            notes.append("only the first frame of the animation kept")
    pixels, alpha = split_alpha(imagecodecs.png_decode(b"".join(pixel_chunks)))
    return Picture(pixels, alpha, "PNG", exif, icc, xmp, dpi, lossless=True, notes=tuple(notes))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yields each chunk's type and its bytes, from length to checksum; critical ones (and all lengths) must be whole.

    Raises:
        PictureError: If the file ends before IEND, or a critical chunk fails its checksum.
    """
    view, start, kind = memoryview(data), len(SIGNATURE), b""
    while kind != b"IEND":
        if start + 12 > len(data):
            raise PictureError("the file ends early (truncated); copy it again from its source")
        length, kind = struct.unpack_from(">I4s", data, start)
        stop = start + 8 + length
        if stop + 4 > len(data):
            raise PictureError("the file ends early (truncated); copy it again from its source")
        whole = zlib.crc32(view[start + 4 : stop]) == struct.unpack_from(">I", data, stop)[0]
        if whole:
            yield kind, view[start : stop + 4]
        elif kind[:1].isupper():
            raise PictureError(f"damaged (checksum of its {kind!r} chunk); copy it again from its source")
        start = stop + 4


def _inflated(data: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, _MAX_METADATA_BYTES) or None
    except zlib.error:
        return None


def encode_png(picture: Picture) -> list[bytes | memoryview]:
    """Encodes as PNG with ICC, EXIF, XMP and DPI; the parts joined are the file."""
    import imagecodecs

    array = join_alpha(picture)
    filtered = array.nbytes + len(array)
    bound = filtered + filtered // 256 + 4096  # imagecodecs' own bound is too small for narrow noise
    encoded = memoryview(imagecodecs.png_encode(array, level=COMPRESSION_LEVEL, out=bound))
    after_header = len(SIGNATURE) + 12 + 13
    metadata = []
    if picture.icc:
        metadata.append(_chunk(b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(picture.icc)))
    if picture.dpi:
        per_meter = (round(value / _METERS_PER_INCH) for value in picture.dpi)
        metadata.append(_chunk(b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    if picture.exif:
        metadata.append(_chunk(b"eXIf", picture.exif.removeprefix(EXIF_PREFIX)))
    if picture.xmp:
        metadata.append(_chunk(b"iTXt", _XMP_KEY + b"\x00\x00\x00\x00\x00" + picture.xmp))
    return [encoded[:after_header], *metadata, encoded[after_header:]]


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(kind + payload)
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", checksum)
