"""PNG, 8 and 16 bits: chunks of our own walking, pixels through libpng."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from hillotype.errors import PictureError
from hillotype.pictures.metadata import EXIF_PREFIX, image_resource, iptc_of, with_exif_prefix
from hillotype.pictures.picture import Picture, check_size, join_alpha, split_alpha
from hillotype.pictures.profiles import profile_of_chromaticities

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSION_LEVEL = 4
MAX_SIDE = 1_000_000
"""Pixels of a side above which libpng refuses a file."""
_XMP_KEY = b"XML:com.adobe.xmp"
_IPTC_KEY = b"Raw profile type iptc"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_LEAST_GAMMA = 0.1
_SRGB_GAMMA = 0.45455
_SRGB_POINTS = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # white, red, green, blue
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
    pixel_chunks: list[bytes | memoryview] = [SIGNATURE]
    described: list[tuple[bytes, bytes]] = []
    # libpng would find damage too, but a failing png_decode of imagecodecs 2026.3 releases None once too
    # often, which ends the process after some thousand damaged files: so the checksums are checked first. And it
    # prints what it dislikes about metadata, which it does not need: so it gets none.
    for kind, chunk in _chunks(data):
        if kind[:1].isupper() or kind == b"tRNS":
            pixel_chunks.append(chunk)
        else:
            described.append((kind, chunk[8:-4].tobytes()))
    pixels, alpha = split_alpha(imagecodecs.png_decode(b"".join(pixel_chunks)))
    return _described(Picture(pixels, alpha, "PNG"), described)


def _described(picture: Picture, chunks: list[tuple[bytes, bytes]]) -> Picture:
    """Adds what the chunks beside the pixels say."""
    found: dict[str, Any] = {}
    notes: list[str] = []
    colors: dict[bytes, bytes] = {}
    for kind, payload in chunks:
        if kind == b"iCCP":
            found["icc"] = _inflated(payload.partition(b"\x00")[2][1:])
        elif kind == b"eXIf":
            found["exif"] = with_exif_prefix(payload)
        elif kind == b"pHYs" and len(payload) == 9 and payload[8] == 1:
            across, down = struct.unpack_from(">II", payload)
            found["dpi"] = (across * _METERS_PER_INCH, down * _METERS_PER_INCH) if across and down else None
        elif kind in (b"gAMA", b"cHRM", b"sRGB"):
            colors.setdefault(kind, payload)
        elif kind in _TEXT_CHUNKS:
            name, value = _text(kind, payload)
            if name is None:
                key = payload.partition(b"\x00")[0].decode("latin-1")
                notes.append(f"text chunk not kept: {key}")
            else:
                found[name] = value
        elif kind == b"acTL":
            notes.append("only the first frame of the animation kept")
        elif kind == b"cICP":
            notes.append("cICP color description not kept")
    if not found.get("icc") and b"sRGB" not in colors:
        found["icc"] = _profile(colors, gray=picture.pixels.shape[2] == 1)
    return replace(picture, **found, notes=tuple(notes))


def _text(kind: bytes, payload: bytes) -> tuple[str | None, bytes | None]:
    """Reads the text chunks that hold metadata: XMP, and IPTC in the form that ImageMagick gave it."""
    key, _, rest = payload.partition(b"\x00")
    if key == _XMP_KEY and kind == b"iTXt":
        text = rest[2:].split(b"\x00", 2)[-1]  # after flags, language and translated key
        return "xmp", _inflated(text) if rest[:1] == b"\x01" else text
    if key == _IPTC_KEY and kind != b"iTXt":
        text = rest if kind == b"tEXt" else _inflated(rest[1:]) or b""
        try:
            return "iptc", iptc_of(bytes.fromhex(b"".join(text.split()[2:]).decode("ascii")))
        except ValueError:
            pass  # no hexadecimal digits: damaged
    return None, None


def _profile(colors: dict[bytes, bytes], *, gray: bool) -> bytes | None:
    """Makes an ICC profile of what gAMA and cHRM say (PNG 1.2, 4.2.2); None where that is sRGB, or nothing."""
    gamma = int.from_bytes(colors.get(b"gAMA", b""), "big") / 1e5
    if not _LEAST_GAMMA < gamma < 1 / _LEAST_GAMMA:
        return None
    chroma = colors.get(b"cHRM", b"")
    points = tuple(value / 1e5 for value in struct.unpack(">8I", chroma)) if len(chroma) == 32 else _SRGB_POINTS
    like_srgb = all(abs(a - b) < 0.002 for a, b in zip(points, _SRGB_POINTS, strict=True))
    if abs(gamma - _SRGB_GAMMA) < 0.001 and (gray or like_srgb):
        return None
    return profile_of_chromaticities(1 / gamma, points, gray=gray)


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


def encode_png(picture: Picture, file: BinaryIO) -> None:
    """Encodes as PNG with ICC, EXIF, XMP, IPTC and DPI."""
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
    if picture.iptc:
        metadata.append(_chunk(b"zTXt", _IPTC_KEY + b"\x00\x00" + zlib.compress(_as_digits(picture.iptc))))
    file.writelines([encoded[:after_header], *metadata, encoded[after_header:]])


def _as_digits(iptc: bytes) -> bytes:
    """Writes IPTC records as ImageMagick does, whose form other programs read; PNG itself has none."""
    resource = image_resource(iptc)
    return b"\niptc\n%8d\n" % len(resource) + resource.hex().encode("ascii") + b"\n"


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(kind + payload)
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", checksum)
