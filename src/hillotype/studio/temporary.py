"""The studio's temporary folder: it goes when the studio ends, or when the next one starts if it was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from hillotype.files import locked

_PREFIX: Final = "hillotype-studio-"
_LOCK: Final = "in-use"


class TemporaryFolder:
    """A folder among the system's temporary files, with a file in it that is locked as long as this process lives.

    Attributes:
        path: the folder.
    """

    def __init__(self) -> None:
        remove_leftovers()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        made = self.path / f"{_LOCK}.new"
        self._lock = made.open("xb")
        locked(self._lock)
        with suppress(OSError):  # Windows renames no open file
            made.rename(self.path / _LOCK)  # only now that it is locked is it taken for a lock

    def remove(self) -> None:
        """Removes the folder and all that is in it."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def remove_leftovers() -> None:
    """Removes the folders of studios that were killed: of this user, with a lock that no process holds."""
    if os.name != "posix":  # locks are not known there
        return
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError):
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return
    with (folder / _LOCK).open("rb") as lock:
        if locked(lock):
            shutil.rmtree(folder, ignore_errors=True)
