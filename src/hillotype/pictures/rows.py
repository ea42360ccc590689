"""Pixels of any size, read and written in parts: arrays, and what lies on the disk like them."""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hillotype.errors import PictureError

Key: TypeAlias = slice | tuple[slice, slice]
"""Rows, or rows and columns; both with a step of 1."""

IN_MEMORY: Final = 160_000_000
"""Bytes of pixels above which they are put on the disk while others are worked on."""

_BAND_BYTES: Final = 4_000_000


class Rows(Protocol):
    """Pixels (H, W, C), or (H, W), that can be read in parts; an array is such."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The size: height, width, and channels where there are such."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a value."""
        ...

    def __getitem__(self, key: Key, /) -> NDArray[Any]:
        """Returns some rows, or some rows and columns, as an array."""
        ...


class Sheet(Rows, Protocol):
    """Rows that can be written as well; an array is such."""

    def __setitem__(self, key: Key, pixels: NDArray[Any], /) -> None:
        """Writes some rows, or some rows and columns."""
        ...


class Spool:
    """A sheet in a file without a name, in the system's folder for temporary files; it goes with the object.

    Not a memory map: what is read and written of that counts as the process's memory.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self._row = int(np.prod(shape[1:])) * dtype.itemsize
        self._pixel = self._row // shape[1]
        with _told():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the object lives)
        weakref.finalize(self, self._file.close)
        self._file.truncate(shape[0] * self._row)
        self._lock = threading.Lock()

    def __getitem__(self, key: Key) -> NDArray[Any]:
        """Returns some rows, or some rows and columns, as an array."""
        rows, columns = _bounds(key, self.shape)
        part = np.empty((rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]), self.dtype)
        with self._lock:
            for place, buffer in self._places(rows, columns, part):
                self._file.seek(place)
                self._file.readinto(buffer)
        return part

    def __setitem__(self, key: Key, pixels: NDArray[Any]) -> None:
        """Writes some rows, or some rows and columns."""
        rows, columns = _bounds(key, self.shape)
        with self._lock, _told():
            for place, buffer in self._places(rows, columns, np.ascontiguousarray(pixels, dtype=self.dtype)):
                self._file.seek(place)
                self._file.write(buffer)
            self._file.flush()

    def _places(self, rows: slice, columns: slice, part: NDArray[Any]) -> list[tuple[int, memoryview]]:
        """Where in the file the rows of a part lie: whole rows lie together."""
        if not part.size:
            return []
        data = part.reshape(-1).view(np.uint8).data
        if columns == slice(0, self.shape[1]):
            return [(rows.start * self._row, data)]
        width = (columns.stop - columns.start) * self._pixel
        start = rows.start * self._row + columns.start * self._pixel
        return [
            (start + index * self._row, data[index * width : (index + 1) * width])
            for index in range(rows.stop - rows.start)
        ]


@contextmanager
def _told() -> Iterator[None]:
    """Turns the refusal of the disk into one line."""
    try:
        yield
    except OSError as error:
        raise PictureError(
            f"too large to be held, and {tempfile.gettempdir()} has no place for it ({error.strerror}); free some "
            "space there, or name a roomier folder in TMPDIR"
        ) from error


def _bounds(key: Key, shape: tuple[int, ...]) -> tuple[slice, slice]:
    rows, columns = key if isinstance(key, tuple) else (key, slice(None))
    return slice(*rows.indices(shape[0])[:2]), slice(*columns.indices(shape[1])[:2])


def new_sheet(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Sheet:
    """Makes an empty sheet: an array, or on the disk what is too large to be held."""
    size = int(np.prod(shape)) * dtype.itemsize
    return np.empty(shape, dtype) if size <= IN_MEMORY else Spool(shape, dtype)


def whole(rows: Rows) -> NDArray[Any]:
    """Returns all of it as an array."""
    return rows if isinstance(rows, np.ndarray) else rows[:]


def bands(rows: Rows) -> list[slice]:
    """Slices that cover all rows, each of some megabytes."""
    height, row = rows.shape[0], int(np.prod(rows.shape[1:])) * rows.dtype.itemsize
    step = max(1, _BAND_BYTES // row)
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]
