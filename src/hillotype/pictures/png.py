"""PNG, 8 and 16 bits: gray and RGB as they are in bands of rows, the rest through libpng at once."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from itertools import chain
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hillotype.errors import PictureError
from hillotype.pictures.metadata import EXIF_PREFIX, image_resource, iptc_of, with_exif_prefix
from hillotype.pictures.picture import Picture, check_size, join_alpha, part_of, split_alpha
from hillotype.pictures.png_bands import COLOR_TYPES, deflated, header, inflated, png_bands
from hillotype.pictures.png_chunks import SIGNATURE, Chunk, chunks_of, to_chunk
from hillotype.pictures.profiles import profile_of_chromaticities
from hillotype.pictures.rows import Sheet, new_sheet

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


def decode_png(file: IO[bytes], max_pixels: int) -> Picture:
    """Decodes a PNG file as stored; of an animation the default image.

    Raises:
        PictureError: If it is too large, truncated or damaged.
        Exception: Whatever the decoders raise on damaged data.
    """
    file.seek(len(SIGNATURE) + 8)
    width, height = struct.unpack(">II", file.read(8))
    check_size(width, height, max_pixels)
    if max(width, height) > MAX_SIDE:
        raise PictureError(f"{width} x {height} pixels: PNG is read up to {MAX_SIDE:,} a side; cut it up first")
    needed: list[Chunk] = []
    beside: list[Chunk] = []
    for chunk in chunks_of(file):
        (needed if chunk.critical or chunk.kind == b"tRNS" else beside).append(chunk)
    head = needed[0].content(file)
    if _is_plain(head, [chunk.kind for chunk in needed]):
        shape, dtype = (height, width, COLOR_TYPES[head[9]]), np.dtype(f"uint{head[8]}")
        pixels, alpha = _in_bands(file, needed, shape, dtype)
    else:
        pixels, alpha = _at_once(file, needed)
    return _described(Picture(pixels, alpha, "PNG"), [(chunk.kind, chunk.content(file)) for chunk in beside])


def _is_plain(head: bytes, kinds: list[bytes]) -> bool:
    """Tells whether the samples, of 8 or 16 bits, are the picture as it lies: no palette, no passes, no key color."""
    is_header = kinds[0] == b"IHDR" and kinds.count(b"IHDR") == 1 and len(head) == 13
    alone = {*kinds} <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    return is_header and alone and head[8] in (8, 16) and head[9] in COLOR_TYPES and not any(head[10:])


def _in_bands(
    file: IO[bytes], chunks: list[Chunk], shape: tuple[int, int, int], dtype: np.dtype[Any]
) -> tuple[Sheet, Sheet | None]:
    """Decodes gray or RGB of 8 or 16 bits, with alpha where there is any."""
    height, width, samples = shape
    colors = samples - 1 + samples % 2
    pixels = new_sheet((height, width, colors), dtype)
    alpha = new_sheet((height, width), dtype) if colors < samples else None
    pieces = chain.from_iterable(chunk.pieces(file) for chunk in chunks if chunk.kind == b"IDAT")
    for rows, band in inflated(pieces, shape, dtype):
        pixels[rows] = band[..., :colors]
        if alpha is not None:
            alpha[rows] = band[..., colors]
    return pixels, alpha


def _at_once(file: IO[bytes], chunks: list[Chunk]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Decodes palettes, fewer bits, transparent colors and interlaced pictures."""
    import imagecodecs

    # libpng would find damage too, but a failing png_decode of imagecodecs 2026.3 releases None once too often,
    # which ends the process after some thousand damaged files: so the checksums were checked before. And it prints
    # what it dislikes about metadata, which it does not need: so it gets none.
    content = bytearray(SIGNATURE)
    for chunk in chunks:
        file.seek(chunk.start - 8)
        content += file.read(chunk.length + 12)
    return split_alpha(imagecodecs.png_decode(content))


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


def _inflated(data: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, _MAX_METADATA_BYTES) or None
    except zlib.error:
        return None


def encode_png(picture: Picture, file: BinaryIO) -> None:
    """Encodes as PNG with ICC, EXIF, XMP, IPTC and DPI."""
    height, width, channels = picture.pixels.shape
    shape, dtype = (height, width, channels + (picture.alpha is not None)), picture.pixels.dtype
    file.writelines([SIGNATURE, header(shape, dtype), *_metadata(picture)])
    bands = (join_alpha(part_of(picture, rows)) for rows in png_bands(shape, dtype))
    file.writelines(to_chunk(b"IDAT", piece) for piece in deflated(bands) if piece)
    file.write(to_chunk(b"IEND", b""))


def _metadata(picture: Picture) -> list[bytes]:
    """Returns the chunks that tell of the picture, which stand before its pixels."""
    metadata = []
    if picture.icc:
        metadata.append(to_chunk(b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(picture.icc)))
    if picture.dpi:
        per_meter = (round(value / _METERS_PER_INCH) for value in picture.dpi)
        metadata.append(to_chunk(b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    if picture.exif:
        metadata.append(to_chunk(b"eXIf", picture.exif.removeprefix(EXIF_PREFIX)))
    if picture.xmp:
        metadata.append(to_chunk(b"iTXt", _XMP_KEY + b"\x00\x00\x00\x00\x00" + picture.xmp))
    if picture.iptc:
        metadata.append(to_chunk(b"zTXt", _IPTC_KEY + b"\x00\x00" + zlib.compress(_as_digits(picture.iptc))))
    return metadata


def _as_digits(iptc: bytes) -> bytes:
    """Writes IPTC records as ImageMagick does, whose form other programs read; PNG itself has none."""
    resource = image_resource(iptc)
    return b"\niptc\n%8d\n" % len(resource) + resource.hex().encode("ascii") + b"\n"
