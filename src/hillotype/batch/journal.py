"""The journal of an output folder: what was made of which picture, so that a second run does only what is left.

It is `.hillotype/journal.jsonl` in the output folder: hidden, so that nobody who looks through the pictures stumbles
over it or tidies it away; inside, so that it goes where the results go. A result is finished in `.hillotype`, recorded,
and only then given its name. So whatever a killed run leaves under a name is whole and known, and what was not finished
lies in `.hillotype`, which the next run clears.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import stat
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hillotype import __version__
from hillotype.errors import PictureError
from hillotype.files import locked, make_folder, publish_new, write_whole, writing

FOLDER: Final = ".hillotype"
NAME: Final = "journal.jsonl"
REPLACED: Final = "replaced"


@dataclass(frozen=True)
class Stamp:
    """A file as it was: enough to tell whether it is still the same.

    Attributes:
        path: relative to the output folder, with `/`.
        size: bytes; None if the file could not be reached.
        mtime_ns: time of the last change, nanoseconds since 1970.
        sha256: of the content; empty if the file could not be read.
    """

    path: str
    size: int | None = None
    mtime_ns: int | None = None
    sha256: str = ""

    def fits(self, file: Path) -> bool:
        """Tells whether `file` has this content. Of one with this size and time the content is not read."""
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode) or status.st_size != self.size:
                return False
            return status.st_mtime_ns == self.mtime_ns or digest(file) == self.sha256
        except (OSError, ValueError):
            return False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the journal: what became of a picture.

    Attributes:
        status: "done", "copied" or "failed"; "page" for what is no picture: the page and the report.
        input: the picture as it was.
        result: what was made of it; None if it failed.
        made_with: the task, its options, and its models with their digests.
        steps: what was done.
        notes: what was found in the picture, and what could not be kept.
        seconds: how long it took.
        message: why it failed.
        version: of hillotype.
        time: when, UTC, ISO 8601.
    """

    status: str
    input: Stamp | None = None
    result: Stamp | None = None
    made_with: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    message: str = ""
    version: str = __version__
    time: str = ""

    @classmethod
    def from_line(cls, line: bytes) -> Entry | None:
        """Reads a line; None if it is torn or not ours."""
        try:
            values = json.loads(line)
            for name in ("input", "result"):
                values[name] = values.get(name) and Stamp(**values[name])
            for name in ("steps", "notes"):
                values[name] = tuple(values.get(name, ()))
            known = {entry.name for entry in fields(cls)}  # later versions may say more
            return cls(**{name: value for name, value in values.items() if name in known})
        except (ValueError, TypeError, AttributeError):
            return None

    def to_line(self) -> bytes:
        """Writes the entry as one line of ASCII; names that are no text survive it."""
        return json.dumps(asdict(self)).encode("ascii") + b"\n"


class Journal:
    """The journal of an output folder, open for one run; a second run beside it is refused.

    Attributes:
        out: the output folder.
        made_with: what this run makes its results with.

    Raises:
        PictureError: the folder or journal cannot be written to, or another run has it open.
    """

    def __init__(self, out: Path, made_with: Mapping[str, Any]) -> None:
        self.out, self.made_with = out, made_with
        self._results: defaultdict[str, list[bytes]] = defaultdict(list)  # lines by the result they name, oldest first
        self._open()

    def _open(self) -> None:
        self._folder = self.out / FOLDER
        make_folder(self._folder, PictureError)
        path = self._folder / NAME
        with writing(path, PictureError):
            self._file = path.open("a+b", buffering=0)
        try:
            if not locked(self._file):
                raise PictureError(f"{self.out}: another hillotype is writing to this folder; let it finish")
            with writing(path, PictureError):
                self._read()
                self._clear()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _read(self) -> None:
        """Indexes the lines that are there, and cuts off a last one that was torn."""
        self._file.seek(0)
        whole = 0
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    self._file.truncate(whole)
                    break
                whole += len(line)
                self._index(line)

    def _index(self, line: bytes) -> None:
        entry = Entry.from_line(line)
        if entry is not None and entry.result is not None:
            self._results[entry.result.path].append(line)

    def _clear(self) -> None:
        """Removes what a killed run had not finished."""
        for path in self._folder.iterdir():
            if path.name not in (NAME, REPLACED):
                with suppress(OSError):
                    path.unlink()

    def name(self, file: Path) -> str:
        """Returns the name of a file in the journal: its path from the output folder."""
        try:
            return Path(os.path.relpath(file, self.out)).as_posix()
        except ValueError:  # on another drive of Windows
            return file.absolute().as_posix()

    def stamp(self, file: Path) -> Stamp:
        """Returns a file as it is now."""
        name = self.name(file)
        try:
            status = file.stat()
            if not stat.S_ISREG(status.st_mode):
                return Stamp(name)
        except (OSError, ValueError):
            return Stamp(name)
        try:
            content = digest(file)
        except OSError:
            content = ""
        return Stamp(name, status.st_size, status.st_mtime_ns, content)

    def standing(self, target: Path) -> Entry | None:
        """Returns the entry of the result that lies at `target`; None if what lies there is none of ours."""
        for line in reversed(self._results.get(self.name(target), [])):
            entry = Entry.from_line(line)
            if entry is not None and entry.result is not None and entry.result.fits(target):
                return entry
        return None

    def last(self, target: Path) -> Entry | None:
        """Returns the last entry of a result at `target`, whatever lies there now."""
        lines = self._results.get(self.name(target))
        return Entry.from_line(lines[-1]) if lines else None

    def stage(self, suffix: str) -> Path:
        """Returns a new name in the journal's folder, for a file that is to be published."""
        return self._folder / f"{secrets.token_hex(8)}{suffix}"

    def publish(self, staged: Path, target: Path, entry: Entry, *, overwrite: bool) -> None:
        """Records a finished file as the result of an entry, then gives it its name.

        Args:
            staged: the file, at a name from `stage`, which is gone afterwards.
            target: its name; the folder exists.
            entry: what it is; `result` is filled in here.
            overwrite: whether a file of that name may be replaced; its permissions are kept.

        Raises:
            PictureError: the disk does not take it.
        """
        try:
            result = replace(self.stamp(staged), path=self.name(target))
            self.record(replace(entry, result=result))
            with writing(target, PictureError):
                _move(staged, target, overwrite)
        finally:
            with suppress(OSError):
                staged.unlink()

    def put(self, content: bytes, target: Path) -> None:
        """Writes a file that is no picture, the page or the report, in place of what has its name.

        Raises:
            PictureError: the disk does not take it.
        """
        staged = self.stage(target.suffix)
        with writing(target, PictureError):
            write_whole([content], staged)
        self.publish(staged, target, Entry(status="page"), overwrite=True)

    def set_aside(self, target: Path) -> str:
        """Moves a result into the journal's folder: scanners and cameras give the name of one picture to another.

        Returns:
            Its new path, from the output folder.

        Raises:
            PictureError: it cannot be moved.
        """
        folder = self._folder / REPLACED
        make_folder(folder, PictureError)
        aside = folder / f"{target.stem[:100]}-{secrets.token_hex(4)}{target.suffix}"
        with writing(target, PictureError):
            target.replace(aside)
        return self.name(aside)

    def record(self, entry: Entry) -> None:
        """Appends an entry, so that it is on the disk on return.

        Raises:
            PictureError: the disk does not take it.
        """
        line = line_of(entry)
        end = self._file.seek(0, os.SEEK_END)
        with writing(self._folder / NAME, PictureError):
            try:
                if self._file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(self._file.fileno())
            except OSError:
                with suppress(OSError):
                    self._file.truncate(end)
                raise
        self._index(line)

    def is_there(self) -> bool:
        """Tells whether the journal is still where it was opened: disks are unplugged, folders removed."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(self._folder / NAME))
        except OSError:
            return False


def _move(staged: Path, target: Path, overwrite: bool) -> None:
    """Gives a file its name, without `overwrite` only if that is free.

    What is left of it when killed on a disk without hard links is shorter than recorded, so made again.
    """
    if overwrite:
        with suppress(OSError):  # nothing there, or a disk that keeps no permissions
            mode = target.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                raise PictureError(f"{target}: a folder, pipe or device has this name; choose another name")
            if stat.S_ISREG(mode):
                staged.chmod(stat.S_IMODE(mode))
        staged.replace(target)
        return
    publish_new(staged, target)


def line_of(entry: Entry) -> bytes:
    """Returns an entry as a line that says when it was written: now."""
    return replace(entry, time=datetime.now(UTC).isoformat(timespec="seconds")).to_line()


def digest(file: Path) -> str:
    """Returns the SHA-256 of a file, as hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
