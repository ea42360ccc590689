"""Sessions: the pictures of one open page or program, in a temporary folder that goes when it goes."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from hillotype.studio.jobs import Job, JobQueue
from hillotype.studio.limits import Limits
from hillotype.studio.previews import Previews
from hillotype.studio.problems import Refusal
from hillotype.studio.schemas import JobState, SessionState, Settings
from hillotype.studio.temporary import TemporaryFolder

_SWEEPS = 12
"""How often within the patience sessions are looked through."""


class Session:
    """The jobs of one client, and who listens to them.

    Attributes:
        id: its name in addresses; nobody can guess it.
        folder: where its files are.
        jobs: by their id, in the order in which they came.
        asked: when it was last asked for, by the clock of `time.monotonic`.
    """

    def __init__(self, folder: Path, previews: Previews) -> None:
        self.id, self.folder = folder.name, folder
        self._previews = previews
        self.jobs: dict[str, Job] = {}
        self.asked = time.monotonic()
        self.closed = False
        self._uses = 0
        self._listeners: set[_Listener] = set()

    def add(self, name: str, source: Path, settings: Settings) -> Job:
        """Adds a picture, whose file lies in a folder of its own under the session's."""
        job = Job(source.parent.name, name, source, settings, self._changed)
        self.jobs[job.id] = job
        return job

    def find(self, id: str) -> Job:
        """Returns a job.

        Raises:
            Refusal: there is none of that id.
        """
        if id not in self.jobs:
            raise Refusal(404, "This picture is not here any more; add it again.")
        return self.jobs[id]

    def remove(self, job: Job) -> None:
        """Forgets a job and its files."""
        job.cancel()
        self.jobs.pop(job.id, None)
        shutil.rmtree(job.source.parent, ignore_errors=True)
        self._previews.forget(job)

    def close(self) -> None:
        """Forgets all jobs and files, and ends what listens."""
        self.closed = True
        for job in list(self.jobs.values()):
            self.remove(job)
        shutil.rmtree(self.folder, ignore_errors=True)
        for listener in self._listeners:
            listener.wake.set()

    def state(self) -> SessionState:
        """Returns what the API says of it."""
        return SessionState(id=self.id, jobs=[job.state() for job in self.jobs.values()])

    def idle(self) -> float:
        """Returns for how many seconds nobody has used it."""
        return 0.0 if self._uses else time.monotonic() - self.asked

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keeps the session as long as somebody waits for an answer, or receives it."""
        self._uses += 1
        try:
            yield
        finally:
            self._uses -= 1
            self.asked = time.monotonic()

    async def listen(self) -> AsyncIterator[JobState]:
        """Yields each job as it is now, and again when it has changed; a slow listener misses steps between."""
        listener = _Listener(self.jobs.values())
        self._listeners.add(listener)
        try:
            while not self.closed:
                changed, listener.changed = listener.changed, {}
                for job in changed:
                    if job.id in self.jobs:
                        yield job.state()
                await listener.wake.wait()
                listener.wake.clear()
        finally:
            self._listeners.discard(listener)

    def _changed(self, job: Job) -> None:
        for listener in self._listeners:
            listener.changed[job] = None
            listener.wake.set()


class _Listener:
    """What one listener has not been told yet: which jobs changed, in order, each once."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.changed: dict[Job, None] = dict.fromkeys(jobs)
        self.wake = asyncio.Event()


class Sessions:
    """All sessions, in one temporary folder, and what they share. Use it as a context.

    Attributes:
        limits: how much they may hold.
        queue: of their jobs.
        previews: of pictures as they would be colored.
        viewing: is held while a picture is made fit to be shown.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits, self.queue = limits, JobQueue(limits)
        self.previews = Previews(limits.pixels)
        self.viewing = asyncio.Lock()
        self._sessions: dict[str, Session] = {}
        self._temporary = TemporaryFolder()

    async def __aenter__(self) -> Self:
        self._sweeper = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sweeper.cancel()
        self.close()
        await self.queue.close()
        self._temporary.remove()

    def open(self) -> Session:
        """Opens a session.

        Raises:
            Refusal: too many are open.
        """
        if len(self._sessions) >= self.limits.sessions:
            raise Refusal(429, f"{len(self._sessions)} sessions are open already; try again when some have ended.")
        folder = self._temporary.path / secrets.token_urlsafe(16)
        folder.mkdir(mode=0o700)
        session = Session(folder, self.previews)
        self._sessions[session.id] = session
        return session

    def find(self, id: str) -> Session:
        """Returns a session.

        Raises:
            Refusal: there is none of that id.
        """
        session = self._sessions.get(id)
        if session is None:
            raise Refusal(404, "This session has ended, its files are removed; open a new one, or load the page anew.")
        return session

    def remove(self, session: Session) -> None:
        """Ends a session; its files go."""
        self._sessions.pop(session.id, None)
        session.close()

    def close(self) -> None:
        """Ends all sessions."""
        for session in list(self._sessions.values()):
            self.remove(session)

    def unfinished(self) -> int:
        """Returns how many pictures and films wait or are worked on."""
        return sum(not job.ended.is_set() for session in self._sessions.values() for job in session.jobs.values())

    def stored(self) -> int:
        """Returns how many bytes the pictures of all sessions have."""
        return sum(job.size for session in self._sessions.values() for job in session.jobs.values())

    async def _sweep(self) -> None:
        """Removes what nobody asks for any more."""
        while True:
            await asyncio.sleep(self.limits.patience / _SWEEPS)
            for session in list(self._sessions.values()):
                if session.idle() > self.limits.patience:
                    self.remove(session)
