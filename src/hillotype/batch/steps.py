"""The steps of a job: look, read, restore, write, record. None raises: what goes wrong is a result of one line."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, TypeVar

from PIL import Image

from hillotype.batch.copying import copy_file
from hillotype.batch.film_files import starts_as_film
from hillotype.batch.jobs import Job, identity
from hillotype.batch.journal import Entry, Journal, Stamp
from hillotype.batch.results import (
    Answer,
    Compare,
    FilmMaker,
    JobProgress,
    MadeFilm,
    Parcel,
    Result,
    Settings,
    Status,
    failure,
)
from hillotype.batch.standing import judge
from hillotype.batch.url import stands
from hillotype.errors import HillotypeError, PictureError
from hillotype.files import make_folder, write_whole, writing
from hillotype.pictures import Picture, read_content, read_picture, write_picture
from hillotype.pictures.modes import quiet_pillow
from hillotype.pictures.profiles import in_srgb
from hillotype.restore.restorer import Restorer

LARGE: Final = 18_000_000
"""Pixels above which a picture is restored alone: nothing else is in memory then."""

_DISK_FAILURES: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
"""Failures of a write that the next picture would meet as well."""


class Stopped(BaseException):
    """Ends the work on a picture that nobody waits for any more; no failure, so nothing on the way may catch it."""


@dataclass(frozen=True)
class Opened:
    """A picture or film that is to be restored, and whether its result replaces a file."""

    job: Job
    replace: bool
    input: Stamp | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Made:
    """A picture or film that is to be written, or the content of a picture's file.

    `before` is what a picture was, if that is to be shown; `notes` are what was found, until what it is written as has
    its own.
    """

    opened: Opened
    restored: Picture | MadeFilm | bytes
    before: Picture | None
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float = 0.0

    def result(self) -> Result:
        """Returns the result, were it written now."""
        job = self.opened.job
        status: Status = "done" if self.steps else "copied"
        return Result(job.source, job.target, status, self.seconds, self.steps, self.notes)


_Stage = TypeVar("_Stage", Opened | Result, Parcel | Result, Made | Result, Result)


class Steps:
    """The steps of the jobs of one run; several threads may take them, each for a job of its own.

    Attributes:
        disk_failed: the disk is full or gone, and nothing more need be tried.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal | None,
        progress: JobProgress | None,
        compare: Compare | None,
        films: FilmMaker | None,
    ) -> None:
        self.settings, self.journal = settings, journal
        self.progress, self.compare, self.films = progress, compare, films
        self.disk_failed = False
        self._stopped = False
        self._written: set[tuple[int, int] | None] = set()
        self._away: dict[Path, Opened] = {}
        self._publishing = threading.Lock()

    def stop(self) -> None:
        """Ends the work on pictures soon, and begins no other."""
        self._stopped = True

    def look(self, job: Job) -> Opened | Result:
        """Decides from what is there whether the picture is to be restored."""
        opened = _attempt(job, 0.0, lambda: self._look(job))
        return self._recorded(opened) if isinstance(opened, Result) else opened

    def restore(self, opened: Opened, restorer: Restorer) -> Result:
        """Reads the picture or film, restores it, and writes the result."""
        made = _attempt(opened.job, opened.seconds, lambda: self._make(opened, restorer))
        return self.write(made)

    def pack(self, job: Job) -> Parcel | Result:
        """Looks at what is there, and reads the file of the picture, which is to be restored elsewhere."""
        return _attempt(job, 0.0, lambda: self._pack(job))

    def unpack(self, answer: Answer | Result) -> Made | Result:
        """Takes what came back of `pack`."""
        if isinstance(answer, Result):
            return answer
        result, opened = answer.result, self._away.pop(answer.result.target)
        if result.status == "failed":
            return result
        return Made(opened, answer.content, None, result.steps, result.notes, result.seconds)

    def write(self, made: Made | Result) -> Result:
        """Writes the picture and records what became of it."""
        if isinstance(made, Result):
            return self._recorded(made)
        return self._recorded(_attempt(made.opened.job, made.seconds, lambda: self._write(made)))

    def _recorded(self, result: Result) -> Result:
        """Records a failure; what succeeded is recorded as it is written."""
        if result.status == "failed" and self.journal is not None and not self.disk_failed:
            try:
                entry = self._entry(self.journal.stamp(result.source), result)
                with self._publishing:
                    self.journal.record(entry)
            except PictureError:
                self.disk_failed = True
        return result

    def _look(self, job: Job) -> Opened | Result:
        if job.problem:
            return failure(job, job.problem)
        replaces = stands(job.target)
        if replaces and not self.settings.overwrite:
            verdict = judge(job, self.journal, self.settings.max_pixels)
            if isinstance(verdict, str):
                message = f"{job.target}: {verdict}; choose another output or add --overwrite"
                return Result(job.source, job.target, "skipped", message=message)
            if verdict:
                return Result(job.source, job.target, "kept", steps=verdict.steps, notes=verdict.notes)
        return Opened(job, replaces, None if self.journal is None else self.journal.stamp(job.source))

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

    def _make(self, opened: Opened, restorer: Restorer) -> Made:
        def told(share: float) -> None:
            if self._stopped:
                raise Stopped
            if self.progress is not None:
                self.progress(opened.job, share)

        told(0.0)
        if opened.job.film and self.films is not None:
            with self._disk_watched():
                film = self.films(opened.job, told)
            return Made(opened, film, None, film.steps, film.notes)
        picture = self._read(opened.job.source)
        plan = restorer.plan(in_srgb(picture))
        restored = restorer.restore(picture, self.settings.strength, told, plan) if plan.steps else picture
        before = None if self.compare is None else picture
        return Made(opened, restored, before, plan.steps, plan.reasons)

    def _read(self, source: Path) -> Picture:
        try:
            return read_picture(source, max_pixels=self.settings.max_pixels)
        except PictureError as error:
            if not starts_as_film(source):
                raise
            raise PictureError(f"{source}: this is a film, not a picture; give its name a film's suffix") from error

    def _write(self, made: Made) -> Result:
        job, after = made.opened.job, made.restored
        with self._disk_watched():
            make_folder(job.target.parent, PictureError)
            result = self._publish(made)
        if isinstance(after, bytes):
            return result
        if not isinstance(after, Picture):
            if self.compare is not None:
                with suppress(PictureError):  # the film is written; only the page lacks it
                    self.compare(job, *map(Picture, after.sample()))
            after.forget()
        elif self.compare is not None and made.before is not None:
            self.compare(job, made.before, after)
        return result

    @contextmanager
    def _disk_watched(self) -> Iterator[None]:
        """Notices a disk that is full or gone."""
        try:
            yield
        except PictureError as error:
            gone = self.journal is not None and not self.journal.is_there()
            self.disk_failed |= gone or getattr(error.__cause__, "errno", None) in _DISK_FAILURES
            raise

    def _publish(self, made: Made) -> Result:
        """Writes the result under a name of the journal's; records it; gives it its name."""
        journal, target = self.journal, made.opened.job.target
        if journal is None:
            return _put(made, target).result()
        start = time.perf_counter()
        staged = journal.stage(target.suffix)
        try:
            made = _put(made, staged)
            made = replace(made, seconds=made.seconds + time.perf_counter() - start)
            with self._publishing:
                return self._name(made, staged, journal)
        except PictureError as error:
            raise PictureError(str(error).replace(str(staged), str(target))) from error.__cause__
        finally:
            with suppress(OSError):
                staged.unlink()

    def _name(self, made: Made, staged: Path, journal: Journal) -> Result:
        """Records a result that is finished, and gives it its name."""
        opened, target = made.opened, made.opened.job.target
        if opened.replace and identity(target) in self._written:  # a disk on which a.jpg is A.JPG
            raise PictureError(f"{target}: is the result of another picture on this disk; choose another output")
        old = journal.standing(target) if opened.replace and not self.settings.overwrite else None
        if old and old.input and opened.input and old.input.sha256 != opened.input.sha256:
            kept = f"the picture changed; its earlier result is kept as {journal.set_aside(target)}"
            made = replace(made, notes=(*made.notes, kept))
        result = made.result()
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


def is_large(path: Path) -> bool:
    """Tells from its head whether a picture is large; one that Pillow cannot tell counts as such."""
    try:
        return path.is_file() and shows_large(path)  # opening a pipe would wait for ever
    except OSError:
        return True


def shows_large(file: Path | IO[bytes]) -> bool:
    """Tells the same of a file that is known to be one, or of its content."""
    try:
        with quiet_pillow(), Image.open(file) as image:
            return image.width * image.height > LARGE
    except Exception:  # decoders raise types of their own; reading says what is wrong
        return True


def _put(made: Made, path: Path) -> Made:
    """Writes the result, or copies the file of a picture that nothing was done to; notes what was not kept."""
    source, overwrite = made.opened.job.source, made.opened.replace
    if not isinstance(made.restored, Picture | bytes):
        lost = made.restored.write(path, overwrite=overwrite)
        return replace(made, notes=made.notes + lost)
    if not made.steps and source.suffix.lower() == path.suffix.lower():
        copy_file(source, path, overwrite=overwrite)
        return made
    if isinstance(made.restored, bytes):
        with writing(path, PictureError):
            write_whole([made.restored], path, overwrite=overwrite)
        return made
    lost = write_picture(made.restored, path, overwrite=overwrite)
    return replace(made, notes=made.notes + made.restored.notes + lost)


def _attempt(job: Job, before: float, step: Callable[[], _Stage]) -> _Stage | Result:
    """Takes a step `before` seconds into a job, and turns whatever goes wrong into a result of one line."""
    start = time.perf_counter()
    done: _Stage | Result
    try:
        done = step()
    except MemoryError:
        done = failure(job, "not enough memory for it; close programs or reduce the picture")
    except HillotypeError as error:
        done = failure(job, str(error))
    except Exception as error:  # a fault of ours must not stop the rest
        done = failure(job, f"unexpected {type(error).__name__}: {error}; please report it")
    return replace(done, seconds=before + time.perf_counter() - start)
