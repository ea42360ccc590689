"""Paths to files that lie elsewhere: s3://, gs:// and all else that fsspec reaches."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from hillotype.errors import HillotypeError


class Url(type(Path())):  # type: ignore[misc]  # the Path of this system; Path itself takes no children before 3.12
    """A file or folder that fsspec reaches, as s3://bucket/album/a.jpg.

    A path in how names are put together, and in what the restoring of folders asks of a path: `stat`, `exists`,
    `is_file`, `open`, `read_bytes`, `mkdir`. What else a Path does would look on this machine.
    """

    def __str__(self) -> str:
        scheme, *names = self.parts
        return f"{scheme}//{'/'.join(names)}"

    @property
    def key(self) -> tuple[int, int]:
        """What is the same for all names of a file, found without asking for the file."""
        return -1, hash(str(self))

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Returns size, type and time of the last change.

        Raises:
            OSError: it is not there, or cannot be reached.
        """
        with _reaching(self) as (files, name):
            info = files.info(name)
        folder = info["type"] == "directory"
        seconds = 0.0 if folder else _changed(info)
        mode = stat.S_IFDIR if folder else stat.S_IFREG
        times = {"st_atime_ns": round(seconds * 1e9), "st_mtime_ns": round(seconds * 1e9)}
        whole = int(seconds)
        return os.stat_result((mode | 0o600, 0, 0, 1, 0, 0, info.get("size") or 0, whole, whole, whole), times)

    def exists(self, *, follow_symlinks: bool = True) -> bool:
        """Tells whether there is such a file.

        Raises:
            OSError: it cannot be reached.
        """
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Tells whether it is a file that is there."""
        try:
            return stat.S_ISREG(self.stat().st_mode)
        except FileNotFoundError:
            return False

    def open(self, *_: Any, **__: Any) -> io.BytesIO:  # noqa: ANN401
        """Opens the file for reading bytes; it is fetched whole."""
        return io.BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        """Fetches the file.

        Raises:
            OSError: it is not there, or cannot be reached.
        """
        return _content(self, self.stat().st_mtime_ns)

    def mkdir(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        """Does nothing: folders elsewhere are beginnings of names."""

    def put(self, content: bytes) -> None:
        """Writes the file; others see it whole or not at all, as fsspec's object stores do.

        Raises:
            OSError: it is not taken.
        """
        with _reaching(self) as (files, name):
            try:
                files.pipe_file(name, content)
            except FileNotFoundError:  # a store that has folders
                files.makedirs(files._parent(name), exist_ok=True)
                files.pipe_file(name, content)

    def move(self, to: Url) -> None:
        """Gives the file another name."""
        to.put(self.read_bytes())
        remove_all([self])

    def inside(self) -> list[Url]:
        """Returns all files in this folder and those below, sorted; none if there is no such folder.

        Raises:
            OSError: it cannot be reached.
        """
        with _reaching(self) as (files, name):
            files.invalidate_cache()
            start = name.rstrip("/") + "/"
            found = [other for other in files.find(name) if other.startswith(start)]
        return sorted(self / other.removeprefix(start) for other in found)


def located(path: Path) -> Path:
    """Returns the Url of a path that was typed as one; file:// and all else is a path of this machine.

    Raises:
        HillotypeError: fsspec or what it needs for this kind of address is not installed.
    """
    scheme, *names = path.parts or ("",)
    if not scheme.endswith(":") or len(scheme) < 3:  # C: is a drive
        return path
    if scheme == "file:":
        return Path("/", *names)
    url = Url(*path.parts)
    try:
        import fsspec

        fsspec.core.url_to_fs(str(url))
    except ImportError as error:
        raise HillotypeError(
            f"{url}: what reads {scheme}// is not installed ({error}); run `pip install 'hillotype[remote]'`"
        ) from error
    except Exception as error:  # an unknown scheme, or options that a store needs
        raise HillotypeError(f"{url}: cannot be reached ({error}); give a local path, s3:// or gs://") from error
    return url


def stands(path: Path) -> bool:
    """Tells whether something lies at a path, here or elsewhere; a link that leads nowhere counts."""
    return path.exists() if isinstance(path, Url) else os.path.lexists(path)


def fetch_all(urls: Sequence[Url]) -> list[bytes]:
    """Fetches small files of one store, many at a time where the store can.

    Raises:
        OSError: one is not there, or cannot be reached.
    """
    if not urls:
        return []
    with _reaching(urls[0]) as (files, _):
        names = [files._strip_protocol(str(url)) for url in urls]
        content = files.cat(names)
    return [content[name] for name in names]


def remove_all(urls: Sequence[Url]) -> None:
    """Removes files of one store, many at a time where the store can.

    Raises:
        OSError: one is not there, or cannot be reached.
    """
    if urls:
        with _reaching(urls[0]) as (files, _):
            files.rm([files._strip_protocol(str(url)) for url in urls])


@contextmanager
def _reaching(url: Url) -> Iterator[tuple[Any, str]]:
    """Gives the file system of a Url and its name there; each of the many kinds of failures comes as an OSError."""
    import fsspec

    try:
        yield fsspec.core.url_to_fs(str(url))
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(url)) from error
    except PermissionError as error:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(url)) from error
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise OSError(errno.EIO, reason, str(url)) from error


def _changed(info: Mapping[str, Any]) -> float:
    """Returns when a file was changed, seconds since 1970; 0 where the store does not say.

    fsspec's `modified` would ask the store once more for what `info` has told under one of several names.
    """
    time = next((info[name] for name in ("LastModified", "mtime", "created") if info.get(name)), 0.0)
    if isinstance(time, datetime):
        return time.timestamp()
    return float(time) if isinstance(time, (int, float)) else 0.0


@lru_cache(maxsize=1)
def _content(url: Url, _changed: int) -> bytes:
    """Fetches a file; a picture is read twice in a row, to know it by its content and to restore it."""
    with _reaching(url) as (files, name):
        content: bytes = files.cat_file(name)
        return content
