"""Files written whole or not at all, never over one that is to be kept; and why one could not be written."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, TypeAlias

from hillotype.errors import HillotypeError

try:
    import fcntl
except ImportError:  # Windows, where files in use cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

Content: TypeAlias = Iterable[bytes | memoryview] | Callable[[BinaryIO], object]
"""The content of a file: in pieces, or a function that writes it into the file it is given."""

_LINKS_UNSUPPORTED: Final = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


def write_whole(content: Content, path: Path, *, overwrite: bool = False) -> None:
    """Writes a file of this content, as `whole` does; pieces are joined.

    Raises:
        FileExistsError: there is a file, and `overwrite` is not given.
        OSError: the folder or disk does not take the file.
    """
    with whole(path, overwrite=overwrite) as temporary, temporary.open("x+b") as file:
        if callable(content):
            content(file)
        else:
            file.writelines(content)


@contextmanager
def whole(path: Path, *, overwrite: bool = False, within: Path | None = None) -> Iterator[Path]:
    """Gives a hidden name beside a file's place, and publishes what was written there once it is on the disk.

    Args:
        path: the file; its folder exists.
        overwrite: whether a file that is there already may be replaced; its permissions are kept.
        within: a folder on the same disk for the hidden name, which whoever is killed leaves behind.

    Yields:
        The hidden name, which is free; a file is to be written and closed there.

    Raises:
        FileExistsError: there is a file, and `overwrite` is not given.
        OSError: the folder or disk does not take the file.
    """
    temporary = (within or path.parent) / f".hillotype-{secrets.token_hex(8)}.tmp"
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if overwrite:
            with suppress(OSError):
                temporary.chmod(path.stat().st_mode)
            temporary.replace(path)
        else:
            publish_new(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def publish_new(temporary: Path, path: Path) -> None:
    """Gives a finished file its name unless that is taken, also where the disk has no hard links.

    Killed in between on such a disk, it leaves an empty file.

    Raises:
        FileExistsError: the name is taken.
        OSError: the folder or disk does not take the file.
    """
    try:
        path.hardlink_to(temporary)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _LINKS_UNSUPPORTED:
            raise
        _claim_and_replace(temporary, path)


def _claim_and_replace(temporary: Path, path: Path) -> None:
    path.open("xb").close()
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink()
        raise


def locked(file: IO[Any]) -> bool:
    """Keeps other processes from locking an open file until it is closed, or this process ends, however that ends.

    Returns:
        Whether no other has it locked; true as well where the system or disk knows no locks.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network disks know no locks
        return True
    return True


def make_folder(folder: Path, kind: type[HillotypeError] = HillotypeError) -> None:
    """Makes a folder and those above it, where they are missing.

    Raises:
        HillotypeError: of this `kind`: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise kind(f"{folder}: this folder cannot be made ({error.strerror}); choose another") from error


@contextmanager
def writing(path: Path, kind: type[HillotypeError] = HillotypeError) -> Iterator[None]:
    """Turns the refusal of a disk to take `path` into one line.

    Raises:
        HillotypeError: of this `kind`, in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise kind(f"{path}: {why_not_written(error)}") from error


def why_not_written(error: OSError) -> str:
    """Says which rule a write broke, and the remedy."""
    if error.errno == errno.EEXIST:
        return "the file exists already; choose another name or allow it with --overwrite"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "its folder cannot be written to; change its permissions or choose another folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space or choose another folder"
    return f"it could not be written ({error.strerror or error}); choose another name or folder"
