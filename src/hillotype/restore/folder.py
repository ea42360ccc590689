"""Restore many files: one result a picture, no failure that stops the rest, and nothing done twice."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from PIL import Image

from hillotype.errors import HillotypeError, PictureError
from hillotype.files import make_folder, write_whole, writing
from hillotype.pictures import DEFAULT_MAX_PIXELS, Picture, read_content, read_picture, write_picture
from hillotype.pictures.modes import quiet_pillow
from hillotype.restore.jobs import Job, find_jobs, goes_to_file, identity
from hillotype.restore.journal import Entry, Journal, Stamp
from hillotype.restore.restorer import Restorer
from hillotype.restore.standing import judge
from hillotype.restore.url import stands

__all__ = [
    "Answer",
    "Compare",
    "Engine",
    "Job",
    "JobProgress",
    "Parcel",
    "Result",
    "Settings",
    "find_jobs",
    "goes_to_file",
    "restore_files",
]

Status: TypeAlias = Literal["done", "copied", "kept", "skipped", "failed"]

LARGE: Final = 25_000_000
"""Pixels above which a picture is not read while another is worked on: only one as large is in memory."""

_DISK_FAILURES: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Failures of a write that the next picture would meet as well."""


@dataclass(frozen=True)
class Result:
    """What became of a picture file.

    Attributes:
        source: the file.
        target: where the result is, or would be.
        status: "done"; "copied" byte for byte, since it needs nothing; "kept", since an earlier run did it; "skipped",
            since the target exists and is not to be replaced; "failed".
        seconds: how long it took; pictures overlap, so the sum is more than the time that passed.
        steps: what was done: "denoise", "colorize".
        notes: what was found in the picture, and what could not be kept.
        message: why it was skipped or failed, one line.
    """

    source: Path
    target: Path
    status: Status
    seconds: float = 0.0
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Settings:
    """How pictures are restored.

    Attributes:
        strength: 0 to 1.
        overwrite: whether results may replace files.
        max_pixels: width x height above which a picture is refused.
    """

    strength: float = 1.0
    overwrite: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS


JobProgress: TypeAlias = Callable[[Job, float], None]
"""Called with a job and the share of it that is done."""

Compare: TypeAlias = Callable[[Job, Picture, Picture], None]
"""Called with a job, the picture before and the picture after; by another thread, one picture at a time."""


@dataclass(frozen=True)
class Parcel:
    """A picture that is to be restored elsewhere, with the content of its file; `seconds` it took to read."""

    job: Job
    content: bytes
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What comes back for a parcel: what became of the picture and, unless it failed, the content of its file."""

    result: Result
    content: bytes = b""


Engine: TypeAlias = Callable[[Restorer, Settings, Iterator[Parcel | Result]], Generator[Answer | Result, None, None]]
"""Restores parcels elsewhere, in any order, as many ahead as it has room for; results go through as they are."""


@dataclass(frozen=True)
class _Opened:
    """A picture that is to be restored; `picture` is None for one that is read when its turn comes."""

    job: Job
    replace: bool
    input: Stamp | None = None
    picture: Picture | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class _Restored:
    """A picture that is to be written, or the content of its file; `before` is what it was, if that is to be shown."""

    opened: _Opened
    picture: Picture | bytes
    before: Picture | None
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float = 0.0

    def result(self) -> Result:
        """Return the result, were it written now."""
        job = self.opened.job
        status: Status = "done" if self.steps else "copied"
        return Result(job.source, job.target, status, self.seconds, self.steps, self.notes)


_Stage = TypeVar("_Stage", _Opened | Result, Parcel | Result, _Restored | Result, Result)


def restore_files(
    restorer: Restorer,
    jobs: Sequence[Job],
    settings: Settings = Settings(),
    *,
    journal: Journal | None = None,
    progress: JobProgress | None = None,
    compare: Compare | None = None,
    engine: Engine | None = None,
) -> Generator[Result, None, None]:
    """Restore picture files, and yield a result for each, in order; with an engine, as they are finished.

    While a picture is worked on, the next is read and the one before is written.

    Args:
        restorer: what restores them.
        jobs: the files, from `find_jobs`.
        settings: how.
        journal: of the output folder; without one, what exists is skipped, whatever it is. With one, results of ours
            are kept where they are up to date, and made again where the picture or the options changed.
        progress: is told the share of each job that is done.
        compare: is shown each picture before and after; not with an engine.
        engine: restores the pictures elsewhere. What is to be done is decided here all the same, and the results are
            written and recorded here.

    Raises:
        PictureError: the disk is full or gone, and pictures are left.
    """
    steps = _Steps(restorer, settings, journal, progress, compare, ahead=len(jobs) > 1)
    yielded = 0
    # Threads of ours must not switch Python's warnings off and on against each other: they stay off for all.
    with quiet_pillow():
        for result in _overlapped(jobs, steps) if engine is None else _sent(jobs, steps, engine):
            yield result
            yielded += 1
            if steps.disk_failed and yielded < len(jobs):
                raise PictureError(
                    f"stopped: {len(jobs) - yielded} of {len(jobs)} pictures are left; see to the disk, then run the "
                    "same command again: what is finished is kept"
                )


def _overlapped(jobs: Sequence[Job], steps: _Steps) -> Iterator[Result]:
    """Take each job through the steps: the next is read and the one before is written while one is run."""
    if not jobs:
        return
    with ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "write") as writer:
        ahead = reader.submit(steps.read, jobs[0])
        behind: Future[Result] | None = None
        for following in (*jobs[1:], None):
            opened = ahead.result()
            if following is not None:
                ahead = reader.submit(steps.read, following)
            if isinstance(opened, _Opened) and opened.picture is None and behind is not None:
                yield behind.result()
                behind = None
            restored = steps.run(opened)
            if behind is not None:
                yield behind.result()
            behind = writer.submit(steps.write, restored)
            del opened, restored  # the writer has them, and they are large
        if behind is not None:
            yield behind.result()


def _sent(jobs: Sequence[Job], steps: _Steps, engine: Engine) -> Iterator[Result]:
    """Have an engine restore the pictures; they are looked at before and written after it one by one."""
    with closing(engine(steps.restorer, steps.settings, map(steps.pack, jobs))) as answers:
        for answer in answers:
            yield steps.write(steps.unpack(answer))


class _Steps:
    """The steps of a job: read, run, write, each called by a thread of its own. None raises: failures are results."""

    def __init__(
        self,
        restorer: Restorer,
        settings: Settings,
        journal: Journal | None,
        progress: JobProgress | None,
        compare: Compare | None,
        *,
        ahead: bool,
    ) -> None:
        self.restorer, self.settings, self.journal = restorer, settings, journal
        self.progress, self.compare, self.ahead = progress, compare, ahead
        self.disk_failed = False
        self._written: set[tuple[int, int] | None] = set()
        self._away: dict[Path, _Opened] = {}

    def read(self, job: Job) -> _Opened | Result:
        """Look at what is there, and read the picture unless it is large."""
        return _attempt(job, 0.0, lambda: self._read(job))

    def run(self, opened: _Opened | Result) -> _Restored | Result:
        """Restore the picture."""
        if isinstance(opened, Result):
            return opened
        return _attempt(opened.job, opened.seconds, lambda: self._run(opened))

    def pack(self, job: Job) -> Parcel | Result:
        """Look at what is there, and read the file of the picture, which is to be restored elsewhere."""
        return _attempt(job, 0.0, lambda: self._pack(job))

    def unpack(self, answer: Answer | Result) -> _Restored | Result:
        """Take what came back of `pack`."""
        if isinstance(answer, Result):
            return answer
        result, opened = answer.result, self._away.pop(answer.result.target)
        if result.status == "failed":
            return result
        return _Restored(opened, answer.content, None, result.steps, result.notes, result.seconds)

    def write(self, restored: _Restored | Result) -> Result:
        """Write the picture and record what became of it."""
        if isinstance(restored, _Restored):
            result = _attempt(restored.opened.job, restored.seconds, lambda: self._write(restored))
        else:
            result = restored
        if result.status == "failed" and self.journal is not None and not self.disk_failed:
            try:
                self.journal.record(self._entry(self.journal.stamp(result.source), result))
            except PictureError:
                self.disk_failed = True
        return result

    def _read(self, job: Job) -> _Opened | Result:
        opened = self._look(job)
        if isinstance(opened, Result) or not self.ahead or _is_large(job.source):
            return opened
        return replace(opened, picture=self._picture(job.source))

    def _pack(self, job: Job) -> Parcel | Result:
        opened = self._look(job)
        if isinstance(opened, Result):
            return opened
        self._away[job.target] = opened
        if self.progress is not None:
            self.progress(job, 0.0)
        return Parcel(job, read_content(job.source))

    def _look(self, job: Job) -> _Opened | Result:
        """Decide from what is there whether the picture is to be restored."""
        if job.problem:
            return _failure(job, job.problem)
        replaces = stands(job.target)
        if replaces and not self.settings.overwrite:
            verdict = judge(job, self.journal, self.settings.max_pixels)
            if isinstance(verdict, str):
                message = f"{job.target}: {verdict}; choose another output or add --overwrite"
                return Result(job.source, job.target, "skipped", message=message)
            if verdict:
                return Result(job.source, job.target, "kept", steps=verdict.steps, notes=verdict.notes)
        return _Opened(job, replaces, None if self.journal is None else self.journal.stamp(job.source))

    def _picture(self, path: Path) -> Picture:
        return read_picture(path, max_pixels=self.settings.max_pixels)

    def _run(self, opened: _Opened) -> _Restored:
        job, progress = opened.job, self.progress
        picture = opened.picture or self._picture(job.source)
        plan = self.restorer.plan(picture.pixels)
        restored = picture
        if plan.steps:
            told = None if progress is None else lambda share: progress(job, share)
            restored = self.restorer.restore(picture, self.settings.strength, told, plan)
        before = None if self.compare is None else picture
        return _Restored(replace(opened, picture=None), restored, before, plan.steps, (*plan.reasons, *picture.notes))

    def _write(self, restored: _Restored) -> Result:
        target = restored.opened.job.target
        try:
            make_folder(target.parent, PictureError)
            result = self._publish(restored)
        except PictureError as error:
            gone = self.journal is not None and not self.journal.is_there()
            self.disk_failed |= gone or getattr(error.__cause__, "errno", None) in _DISK_FAILURES
            raise
        if self.compare is not None and restored.before is not None and isinstance(restored.picture, Picture):
            self.compare(restored.opened.job, restored.before, restored.picture)
        return result

    def _publish(self, restored: _Restored) -> Result:
        """Write the result under a name of the journal's; record it; give it its name."""
        journal, opened, target = self.journal, restored.opened, restored.opened.job.target
        if journal is None:
            return _put(restored, target).result()
        if opened.replace and identity(target) in self._written:  # a disk on which a.jpg is A.JPG
            raise PictureError(f"{target}: is the result of another picture on this disk; choose another output")
        start = time.perf_counter()
        staged = journal.stage(target.suffix)
        try:
            restored = _put(restored, staged)
        except PictureError as error:
            raise PictureError(str(error).replace(str(staged), str(target))) from error.__cause__
        old = journal.standing(target) if opened.replace and not self.settings.overwrite else None
        if old and old.input and opened.input and old.input.sha256 != opened.input.sha256:
            kept = f"the picture changed; its earlier result is kept as {journal.set_aside(target)}"
            restored = replace(restored, notes=(*restored.notes, kept))
        result = replace(restored, seconds=restored.seconds + time.perf_counter() - start).result()
        journal.publish(staged, target, self._entry(opened.input, result), overwrite=opened.replace)
        self._written.add(identity(target))
        return result

    def _entry(self, source: Stamp | None, result: Result) -> Entry:
        return Entry(
            status=result.status,
            input=source,
            made_with={} if self.journal is None else self.journal.made_with,
            steps=result.steps,
            notes=result.notes,
            seconds=round(result.seconds, 3),
            message=result.message,
        )


def _put(restored: _Restored, path: Path) -> _Restored:
    """Write a picture, or copy the file of one that nothing was done to; add what could not be kept to the notes."""
    source, overwrite = restored.opened.job.source, restored.opened.replace
    if not restored.steps and source.suffix.lower() == path.suffix.lower():
        _copy(source, path, overwrite)
        return restored
    if isinstance(restored.picture, bytes):
        with writing(path, PictureError):
            write_whole([restored.picture], path, overwrite=overwrite)
        return restored
    lost = write_picture(restored.picture, path, overwrite=overwrite)
    return replace(restored, notes=restored.notes + lost)


def _is_large(path: Path) -> bool:
    """Tell from its head whether a picture is large; one that Pillow cannot tell counts as such."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return False
        with quiet_pillow(), Image.open(path) as image:
            return image.width * image.height > LARGE
    except Exception:  # decoders raise types of their own; reading says what is wrong
        return True


def _attempt(job: Job, before: float, step: Callable[[], _Stage]) -> _Stage | Result:
    """Take a step `before` seconds into a job, and turn whatever goes wrong into a result of one line."""
    start = time.perf_counter()
    done: _Stage | Result
    try:
        done = step()
    except MemoryError:
        done = _failure(job, "not enough memory for it; close programs or reduce the picture")
    except HillotypeError as error:
        done = _failure(job, str(error))
    except Exception as error:  # a fault of ours must not stop the rest
        done = _failure(job, f"unexpected {type(error).__name__}: {error}; please report it")
    return replace(done, seconds=before + time.perf_counter() - start)


def _failure(job: Job, message: str) -> Result:
    named = message.startswith((f"{job.source}: ", f"{job.target}: "))
    return Result(job.source, job.target, "failed", message=message if named else f"{job.source}: {message}")


def _copy(source: Path, target: Path, overwrite: bool) -> None:
    """Copy a file with its times."""
    content = read_content(source)
    with writing(target, PictureError):
        write_whole([content], target, overwrite=overwrite)
    with suppress(OSError):  # some disks keep no times
        status = source.stat()
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
