"""A file copied with its times, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from hillotype.errors import PictureError
from hillotype.files import write_whole, writing

_CHUNK: Final = 1 << 22  # bytes


def copy_file(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copies a file with its times.

    Raises:
        PictureError: it cannot be read, or the disk does not take it.
    """
    with writing(target, PictureError):
        write_whole(_chunks(source), target, overwrite=overwrite)
    with suppress(OSError):  # some disks keep no times
        status = source.stat()
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _chunks(path: Path) -> Iterable[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise PictureError(f"{path}: the file cannot be read ({error.strerror}); copy it from its source") from None
