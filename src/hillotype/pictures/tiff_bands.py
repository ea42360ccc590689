"""A TIFF page in bands of rows, each a small TIFF of its own: so libtiff decodes it without the rest in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tifffile import TiffPage

_LENGTH, _STRIPS, _ROWS_PER_STRIP, _STRIP_COUNTS, _TILES, _TILE_COUNTS = 257, 273, 278, 279, 324, 325
_HOW_STORED: Final = (
    *(256, 258, 259, 262, 266, 277, 284, 292, 293, 317, 322, 323, 338, 339, 347, 529, 530, 531, 532),  # TIFF 6.0
    *(50674, 65535),  # parameters of LERC, bits of JPEG XL's kin
)
_LONG: Final = 4
_NO_COMPRESSION: Final = 1
_OLD_JPEG: Final = 6
_PLANES_APART: Final = 2
_BAND_BYTES: Final = 16_000_000


@dataclass(frozen=True)
class _Segment:
    """A strip or tile: where it lies in the file, in bytes."""

    offset: int
    count: int


def tiff_bands(file: IO[bytes], page: TiffPage) -> Iterator[tuple[slice, bytes]]:
    """Yields bands of rows, from top to bottom, and each as a TIFF file.

    Bands are some megabytes, or as large as a strip where that is larger. Pictures in the JPEG of old TIFFs, whose
    strips cannot stand alone, come as they are.

    Args:
        file: the file of the page.
        page: its first page.
    """
    if int(page.compression) == _OLD_JPEG:
        file.seek(0)
        yield slice(0, page.imagelength), file.read()
        return
    rows, planes = _segment_rows(page)
    row_bytes = page.imagewidth * page.samplesperpixel * (2 if page.bitspersample > 8 else 1)
    step = max(1, _BAND_BYTES // (row_bytes * rows))
    across = len(planes[0]) // -(-page.imagelength // rows)
    entries = _entries(file, page)
    for first in range(0, len(planes[0]) // across, step):
        band = slice(first * rows, min((first + step) * rows, page.imagelength))
        segments = [segment for plane in planes for segment in plane[first * across : (first + step) * across]]
        yield band, _small_tiff(file, page, entries, segments, band.stop - band.start, rows)


def _segment_rows(page: TiffPage) -> tuple[int, list[list[_Segment]]]:
    """Returns how many rows a segment has, and the segments of each plane."""
    segments = [_Segment(*pair) for pair in zip(page.dataoffsets, page.databytecounts, strict=True)]
    height = page.imagelength
    rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, height)
    count = page.samplesperpixel if page.planarconfig == _PLANES_APART else 1
    down, across = -(-height // rows), -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
    if len(segments) != count * down * across:
        raise ValueError(f"{len(segments)} strips or tiles, and {count * down * across} are needed")
    planes = [segments[plane * down * across : (plane + 1) * down * across] for plane in range(count)]
    if int(page.compression) == _NO_COMPRESSION and not page.is_tiled:
        return _cut_up(page, rows, planes)
    return rows, planes


def _cut_up(page: TiffPage, rows: int, planes: list[list[_Segment]]) -> tuple[int, list[list[_Segment]]]:
    """Cuts strips that are not compressed into smaller ones, since many programs write one for the whole picture."""
    samples = page.samplesperpixel if len(planes) == 1 else 1
    row_bytes = (page.imagewidth * samples * page.bitspersample + 7) // 8
    fewer = max(1, _BAND_BYTES // row_bytes)
    if rows <= fewer or len(planes[0]) > 1:
        return rows, planes
    height = page.imagelength
    if any(plane[0].count < height * row_bytes for plane in planes):
        raise ValueError("a strip is too short for its rows")
    cuts = [(top, min(fewer, height - top)) for top in range(0, height, fewer)]
    return fewer, [
        [_Segment(plane[0].offset + top * row_bytes, count * row_bytes) for top, count in cuts] for plane in planes
    ]


def _entries(file: IO[bytes], page: TiffPage) -> dict[int, tuple[int, int, bytes]]:
    """Reads the tags that tell how pixels are stored: type, count and bytes of each, as they lie in the file."""
    entries = {}
    for code in _HOW_STORED:
        tag = page.tags.get(code)
        if tag is not None:
            file.seek(tag.valueoffset)
            entries[code] = (int(tag.dtype), int(tag.count), file.read(tag.valuebytecount))
    return entries


def _small_tiff(
    file: IO[bytes],
    page: TiffPage,
    entries: dict[int, tuple[int, int, bytes]],
    segments: list[_Segment],
    height: int,
    rows: int,
) -> bytes:
    """Builds a TIFF of some segments: header, their bytes, the values that do not fit into entries, the directory."""
    order = page.parent.byteorder
    content = bytearray(struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 0))
    places = []
    for segment in segments:
        places.append(len(content))
        file.seek(segment.offset)
        content += file.read(segment.count)
    offsets, counts = (_TILES, _TILE_COUNTS) if page.is_tiled else (_STRIPS, _STRIP_COUNTS)
    longs = {_LENGTH: [height], offsets: places, counts: [segment.count for segment in segments]}
    if not page.is_tiled:
        longs[_ROWS_PER_STRIP] = [rows]
    packed = {code: (_LONG, len(of), struct.pack(f"{order}{len(of)}I", *of)) for code, of in longs.items()}
    directory = bytearray(struct.pack(order + "H", len(entries | packed)))
    for code, (kind, count, value) in sorted((entries | packed).items()):
        if len(value) > 4:
            content += b"\x00" * (len(content) % 2)
            place = struct.pack(order + "I", len(content))
            content += value
            value = place
        directory += struct.pack(order + "HHI", code, kind, count) + value.ljust(4, b"\x00")
    content += b"\x00" * (len(content) % 2)
    struct.pack_into(order + "I", content, 4, len(content))
    return bytes(content + directory + bytes(4))
