"""Jobs: pictures and films that wait for their turn, are worked on, and can be looked at."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hillotype.batch.film_files import is_film_name
from hillotype.batch.folder import Result
from hillotype.errors import HillotypeError
from hillotype.restore.palette import Palette
from hillotype.studio.limits import Limits
from hillotype.studio.names import result_name
from hillotype.studio.problems import Refusal, told_of_fault
from hillotype.studio.schemas import FilmState, JobState, Settings, Status
from hillotype.studio.work import Cancelled, Run, begun, still


class Job:
    """A picture or film and what becomes of it; used by the event loop's thread alone.

    Attributes:
        id: its name in addresses.
        name: the file's name, made harmless.
        source: the file, in a folder that is the job's own.
        film: what is known of a film; None for a picture.
        size: bytes of it.
        palette: its colors, once somebody has asked for them.
        settings: what is done to it.
        status: where it stands.
        result: of the last run that ended.
        ended: is set while it neither waits nor runs.
    """

    def __init__(self, id: str, name: str, source: Path, settings: Settings, changed: Callable[[Job], None]) -> None:
        self.id, self.name, self.source, self.settings = id, name, source, settings
        self.film = FilmState(seconds=0, part=False, begun=False) if is_film_name(source) else None
        self.size = source.stat().st_size
        self.palette: Palette | None = None
        self.status: Status = "queued"
        self.progress, self.runs = 0.0, 0
        self.result: Result | None = None
        self.message = ""
        self.ended = asyncio.Event()
        self._changed = changed
        self._run: Run | None = None
        self._whole: tuple[Settings, Path] | None = None  # of a film, how all of it was begun, and where that lies

    def start(self, settings: Settings, palette: Palette | None) -> Run:
        """Begin anew with these settings, and the palette of another picture if it is wanted.

        Returns:
            The run, to be handed to the queue.

        Raises:
            Refusal: a film is given hints.
        """
        if self.film and settings.hints:
            raise Refusal(422, "hints: their points are those of one picture; leave them out for a film")
        self.cancel()
        if self.result is not None and self.status == "done":
            shutil.rmtree(self.result.target.parent, ignore_errors=True)
        self.settings, self.result, self.message = settings, None, ""
        self.runs, self.progress = self.runs + 1, 0.0
        self.film = self.film and FilmState(seconds=0, part=False, begun=self._is_begun())
        self.ended.clear()
        loop = asyncio.get_running_loop()

        def tell(run: Run, share: float) -> None:
            loop.call_soon_threadsafe(self._advance, run, share)

        all_of_it = self.film is not None and settings.preview is None
        self._run = run = Run(self.source, self._folder(all_of_it), settings, palette, tell, keep=all_of_it)
        self._set("queued")
        return run

    def begin(self, run: Run) -> None:
        """Notes that a run's turn has come."""
        if run is self._run:
            self._set("running")

    def end(self, run: Run, result: Result | None, message: str) -> None:
        """Notes what became of a run; one that is not the last does not count."""
        if run is not self._run:
            return
        self._run, self.result, self.message = None, result, message
        if self.film:
            self.film = FilmState(seconds=round(run.seconds, 3), part=run.part, begun=self._is_begun())
        self.progress = 1.0
        self._set("done" if result is not None and not message else "failed")
        self.ended.set()

    def cancel(self) -> None:
        """Stops waiting or working; what has ended stays as it is."""
        if self._run is None:
            return
        self._run.unwanted.set()
        self._run = None
        self.film = self.film and self.film.model_copy(update={"begun": self._is_begun()})
        self._set("cancelled")
        self.ended.set()

    def target(self) -> Path:
        """Returns the result's file.

        Raises:
            Refusal: there is none.
        """
        if self.status != "done" or self.result is None:
            raise Refusal(409, f"{self.name}: is {self.status}, so there is no result; wait for it, or start it again.")
        return self.result.target

    def shown(self, name: str) -> Path:
        """Returns the picture that stands for the job, "before" or "after"; of a film a frame, while it runs as well.

        Raises:
            Refusal: there is none yet.
        """
        if self.film and self._run and self.film.seconds and name == "before":
            return still(self._run.out / self.source.name, name)
        if self.film:
            return still(self.target(), name)
        return self.source if name == "before" else self.target()

    @property
    def result_name(self) -> str:
        """What the result is called for people; empty if there is none."""
        done = self.status == "done" and self.result is not None
        part = self.film is not None and self.film.part
        return result_name(self.name, self.settings.task, self.target().suffix, part=part) if done else ""

    def in_its_terms(self, message: str) -> str:
        """Returns a message with the name that the person knows in place of paths, which are nobody's concern."""
        ours = re.escape(str(self.source.parent))
        return re.sub(rf"{ours}[\w./\\-]*", lambda _: self.name, message)

    def state(self) -> JobState:
        """Returns what the API says of it."""
        result = self.result
        return JobState(
            id=self.id,
            name=self.name,
            settings=self.settings,
            film=self.film,
            status=self.status,
            progress=self.progress,
            steps=list(result.steps) if result else [],
            notes=list(result.notes) if result else [],
            message=self.message,
            seconds=round(result.seconds, 3) if result else 0.0,
            result=self.result_name,
            run=self.runs,
        )

    def _folder(self, all_of_it: bool) -> Path:
        """Returns the folder of the run that starts; all of a film goes on in the folder where it was begun."""
        folder = self.source.parent / f"run-{self.runs}"
        if not all_of_it:
            return folder
        if self._whole is not None and not self._is_begun():
            shutil.rmtree(self._whole[1], ignore_errors=True)
            self._whole = None
        self._whole = self._whole or (self.settings, folder)
        return self._whole[1]

    def _is_begun(self) -> bool:
        if self._whole is None or self._whole[0] != self.settings.model_copy(update={"preview": None}):
            return False
        return begun(self._whole[1] / self.source.name)

    def _advance(self, run: Run, share: float) -> None:
        if run is not self._run:
            return
        looked = self.film is not None and run.seconds > self.film.seconds
        if looked:
            self.film = self.film and self.film.model_copy(update={"seconds": round(run.seconds, 3)})
        if looked or share >= 1 or share - self.progress >= 0.01:
            self.progress = min(share, 1.0)
            self._changed(self)

    def _set(self, status: Status) -> None:
        self.status = status
        self._changed(self)


class JobQueue:
    """Runs jobs in threads, so many at once, the others in the order in which they came.

    Films take hours: they have a thread of their own, beside which pictures go on.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.jobs, "restore")
        self._films = ThreadPoolExecutor(1, "film")
        self._waiting: set[asyncio.Task[None]] = set()

    def start(self, job: Job, settings: Settings, palette: Palette | None = None) -> None:
        """Puts a job at the end of the queue.

        Raises:
            Refusal: too many wait.
        """
        if len(self._waiting) >= self._limits.waiting:
            raise Refusal(429, f"{len(self._waiting)} pictures are waiting already; try again when some are done.")
        task = asyncio.get_running_loop().create_task(self._work(job, job.start(settings, palette)))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Waits for what was cancelled to end; nothing is started any more."""
        for task in self._waiting:
            task.cancel()
        for pool in (self._pool, self._films):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _work(self, job: Job, run: Run) -> None:
        loop = asyncio.get_running_loop()

        def work() -> Result:
            loop.call_soon_threadsafe(job.begin, run)
            return run(self._limits)

        try:
            result = await loop.run_in_executor(self._films if job.film else self._pool, work)
        except Cancelled:
            return
        except HillotypeError as error:
            job.end(run, None, str(error))
        except Exception as error:  # else it would be running for ever
            job.end(run, None, told_of_fault(error))
        else:
            job.end(run, result, job.in_its_terms(result.message))
