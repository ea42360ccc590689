"""The rows of a PNG in bands: one zlib stream runs through all, and libpng filters each band, without the rest.

A band becomes a small PNG of its own that is stored and not compressed, below the row above it, which the filters
need (PNG 1.2, 6, https://www.w3.org/TR/png/).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hillotype.pictures.png_chunks import SIGNATURE, chunks_of, to_chunk

COLOR_TYPES: Final = {0: 1, 2: 3, 4: 2, 6: 4}
"""PNG's numbers of gray, RGB, gray with alpha and RGB with alpha: how many samples a pixel has."""

_COLOR_TYPE_OF: Final = {samples: color for color, samples in COLOR_TYPES.items()}
_BAND_BYTES: Final = 1 << 20
_COMPRESSION_LEVEL: Final = 4
_LAST_FILTER: Final = 4


def header(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> bytes:
    """Returns the chunk IHDR of a picture (H, W, 1 to 4) of uint8 or uint16."""
    height, width, samples = shape
    depth, color = 8 * dtype.itemsize, _COLOR_TYPE_OF[samples]
    return to_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))


def png_bands(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> list[slice]:
    """Slices that cover all rows of a picture (H, W, 1 to 4), each of about a megabyte."""
    height, width, samples = shape
    step = max(1, _BAND_BYTES // (1 + width * samples * dtype.itemsize))
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]


def inflated(
    pieces: Iterator[bytes], shape: tuple[int, int, int], dtype: np.dtype[Any]
) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yields bands of a picture (H, W, 1 to 4), uint8 or uint16, from the content of its IDAT chunks.

    Raises:
        ValueError: If there are too few rows, or an unknown filter.
        zlib.error: If the stream is damaged.
    """
    stream = zlib.decompressobj()
    row = shape[1] * shape[2] * dtype.itemsize
    above = np.zeros((1, *shape[1:]), dtype)
    for rows in png_bands(shape, dtype):
        filtered = _read(stream, pieces, (rows.stop - rows.start) * (1 + row))
        band = _unfiltered(filtered, above)
        yield rows, band
        above = band[-1:]


def _read(stream: zlib._Decompress, pieces: Iterator[bytes], size: int) -> bytearray:
    """Reads so many bytes of the rows."""
    read = bytearray()
    while len(read) < size and not stream.eof:
        piece = stream.unconsumed_tail or next(pieces, b"")
        more = stream.decompress(piece, size - len(read))
        if not (piece or more):
            break
        read += more
    if len(read) < size:
        raise ValueError("fewer rows than the header says")
    return read


def _unfiltered(filtered: bytearray, above: NDArray[Any]) -> NDArray[Any]:
    """Undoes the filters of a band (rows, W, C)."""
    import imagecodecs

    row = 1 + above.nbytes
    if max(filtered[::row]) > _LAST_FILTER:  # found here, since a failing png_decode leaks (see decode_png)
        raise ValueError("an unknown filter")
    size = (1 + len(filtered) // row, *above.shape[1:])
    first = b"\x00" + above.astype(above.dtype.newbyteorder(">")).tobytes()
    stored = zlib.compress(first + filtered, level=0)
    small = [SIGNATURE, header(size, above.dtype), to_chunk(b"IDAT", stored), to_chunk(b"IEND", b"")]
    return np.asarray(imagecodecs.png_decode(b"".join(small))).reshape(size)[1:]


def deflated(bands: Iterable[NDArray[Any]]) -> Iterator[bytes]:
    """Yields what goes into IDAT chunks, of the bands (rows, W, 1 to 4) of a picture, uint8 or uint16, in order."""
    stream = zlib.compressobj(_COMPRESSION_LEVEL)
    above: NDArray[Any] | None = None
    for band in bands:
        above = np.zeros_like(band[:1]) if above is None else above
        yield stream.compress(_filtered(band, above))
        above = band[-1:]
    yield stream.flush()


def _filtered(band: NDArray[Any], above: NDArray[Any]) -> bytes:
    """Filters a band: each row by the filter that libpng finds to leave the least."""
    import imagecodecs

    rows = np.concatenate([above, band])
    size = rows.nbytes + len(rows)
    # imagecodecs' own bound is too small for narrow pictures
    small = io.BytesIO(imagecodecs.png_encode(rows, level=0, out=size + size // 256 + 4096))
    stored = [chunk.content(small) for chunk in chunks_of(small) if chunk.kind == b"IDAT"]
    return zlib.decompress(b"".join(stored))[1 + above.nbytes :]
