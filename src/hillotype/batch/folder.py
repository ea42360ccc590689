"""Restore many files: one result a picture or film, no failure that stops the rest, and nothing done twice."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from PIL import Image

from hillotype.batch.jobs import Job, find_jobs, goes_to_file, identity
from hillotype.batch.journal import Entry, Journal, Stamp
from hillotype.batch.standing import judge
from hillotype.batch.url import stands
from hillotype.errors import HillotypeError, PictureError
from hillotype.files import make_folder, write_whole, writing
from hillotype.pictures import DEFAULT_MAX_PIXELS, Picture, Profile, read_content, read_picture, write_picture
from hillotype.pictures.modes import quiet_pillow
from hillotype.restore.pixels import Pixels
from hillotype.restore.restorer import Restorer
from hillotype.restore.tiles import Progress

__all__ = [
    "Answer",
    "Compare",
    "Engine",
    "FilmMaker",
    "Job",
    "JobProgress",
    "MadeFilm",
    "Parcel",
    "Result",
    "Settings",
    "copy_file",
    "find_jobs",
    "goes_to_file",
    "restore_files",
]

Status: TypeAlias = Literal["done", "copied", "kept", "skipped", "failed"]

LARGE: Final = 25_000_000
"""Pixels above which a picture is not read while another is worked on: only one as large is in memory."""

_CHUNK: Final = 1 << 22  # bytes

_DISK_FAILURES: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Failures of a write that the next picture would meet as well."""


@dataclass(frozen=True)
class Result:
    """What became of a picture or film.

    Attributes:
        source: the file.
        target: where the result is, or would be.
        status: "done"; "copied" byte for byte, since it needs nothing; "kept", since an earlier run did it; "skipped",
            since the target exists and is not to be replaced; "failed".
        seconds: how long it took; pictures overlap, so the sum is more than the time that passed.
        steps: what was done: "denoise", "colorize".
        notes: what was found in it, and what could not be kept.
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


class MadeFilm(Protocol):
    """A restored film that is to be written; how it is made is the part of `hillotype.film`.

    Attributes:
        steps: what was done: "denoise", "colorize".
        notes: what was found in the film, and what could not be kept.
    """

    @property
    def steps(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102

    def sample(self) -> tuple[Pixels, Pixels]:
        """Return a frame, (H, W, 1 or 3), before and after."""

    def write(self, path: Path, *, overwrite: bool) -> tuple[str, ...]:
        """Write the film, whole or not at all; return what the file could not hold."""

    def forget(self) -> None:
        """Remove what was kept so that a killed run could go on."""


FilmMaker: TypeAlias = Callable[[Job, Progress | None], MadeFilm]
"""Restores the film of a job; is given a function to be told the share that is done."""

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
    """A picture or film that is to be written, or the content of a picture's file.

    `before` is what a picture was, if that is to be shown.
    """

    opened: _Opened
    restored: Picture | MadeFilm | bytes
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
    films: FilmMaker | None = None,
    engine: Engine | None = None,
) -> Generator[Result, None, None]:
    """Restore picture files and films, and yield a result for each, in order; with an engine, as they are finished.

    While a picture is worked on, the next is read and the one before is written.

    Args:
        restorer: what restores them.
        jobs: the files, from `find_jobs`.
        settings: how.
        journal: of the output folder; without one, what exists is skipped, whatever it is. With one, results of ours
            are kept where they are up to date, and made again where the picture or the options changed.
        progress: is told the share of each job that is done.
        compare: is shown each picture before and after; not with an engine.
        films: what restores films; without it they are read as pictures, and refused.
        engine: restores the pictures elsewhere. What is to be done is decided here all the same, and the results are
            written and recorded here.

    Raises:
        PictureError: the disk is full or gone, and files are left.
    """
    steps = _Steps(restorer, settings, journal, progress, compare, films, ahead=len(jobs) > 1)
    yielded = 0
    # Threads of ours must not switch Python's warnings off and on against each other: they stay off for all.
    with quiet_pillow():
        for result in _overlapped(jobs, steps) if engine is None else _sent(jobs, steps, engine):
            yield result
            yielded += 1
            if steps.disk_failed and yielded < len(jobs):
                raise PictureError(
                    f"stopped: {len(jobs) - yielded} of {len(jobs)} files are left; see to the disk, then run the "
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
        films: FilmMaker | None,
        *,
        ahead: bool,
    ) -> None:
        self.restorer, self.settings, self.journal = restorer, settings, journal
        self.progress, self.compare, self.films, self.ahead = progress, compare, films, ahead
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
        if isinstance(opened, Result) or not self.ahead or job.film or _is_large(job.source):
            return opened
        return replace(opened, picture=self._picture(job.source))

    def _pack(self, job: Job) -> Parcel | Result:
        opened = self._look(job)
        if isinstance(opened, Result):
            return opened
        if job.film:
            raise PictureError("films do not travel; run this one on its own machine, without --engine ray")
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
        told = None if progress is None else lambda share: progress(job, share)
        if job.film and self.films is not None:
            with self._disk_watched():
                film = self.films(job, told)
            return _Restored(opened, film, None, film.steps, film.notes)
        picture = opened.picture or self._picture(job.source)
        plan = self.restorer.plan(Profile(picture).seen(picture.pixels))
        restored = picture
        if plan.steps:
            restored = self.restorer.restore(picture, self.settings.strength, told, plan)
        before = None if self.compare is None else picture
        return _Restored(replace(opened, picture=None), restored, before, plan.steps, (*plan.reasons, *restored.notes))

    def _write(self, restored: _Restored) -> Result:
        job, after = restored.opened.job, restored.restored
        with self._disk_watched():
            make_folder(job.target.parent, PictureError)
            result = self._publish(restored)
        if isinstance(after, bytes):
            return result
        if not isinstance(after, Picture):
            if self.compare is not None:
                with suppress(PictureError):  # the film is written; only the page lacks it
                    self.compare(job, *map(Picture, after.sample()))
            after.forget()
        elif self.compare is not None and restored.before is not None:
            self.compare(job, restored.before, after)
        return result

    @contextmanager
    def _disk_watched(self) -> Iterator[None]:
        """Notice a disk that is full or gone."""
        try:
            yield
        except PictureError as error:
            gone = self.journal is not None and not self.journal.is_there()
            self.disk_failed |= gone or getattr(error.__cause__, "errno", None) in _DISK_FAILURES
            raise

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
    """Write the result, or copy the file of a picture that nothing was done to; add to the notes what was not kept."""
    source, overwrite = restored.opened.job.source, restored.opened.replace
    if not isinstance(restored.restored, Picture | bytes):
        lost = restored.restored.write(path, overwrite=overwrite)
        return replace(restored, notes=restored.notes + lost)
    if not restored.steps and source.suffix.lower() == path.suffix.lower():
        copy_file(source, path, overwrite=overwrite)
        return restored
    if isinstance(restored.restored, bytes):
        with writing(path, PictureError):
            write_whole([restored.restored], path, overwrite=overwrite)
        return restored
    lost = write_picture(restored.restored, path, overwrite=overwrite)
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


def copy_file(source: Path, target: Path, *, overwrite: bool) -> None:
    """Copy a file with its times.

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
