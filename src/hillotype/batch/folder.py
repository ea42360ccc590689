"""Restore many files: one result a picture or film, no failure that stops the rest, and nothing done twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from itertools import islice
from typing import Final

from hillotype.batch.jobs import Job, find_jobs, goes_to_file
from hillotype.batch.journal import Journal
from hillotype.batch.results import DEFAULTS, Compare, Engine, FilmMaker, JobProgress, Result, Settings
from hillotype.batch.steps import Opened, Steps, is_large
from hillotype.errors import PictureError
from hillotype.pictures.modes import quiet_pillow
from hillotype.restore.restorer import Restorer

__all__ = ["Job", "Result", "Settings", "find_jobs", "goes_to_file", "restore_files"]

AHEAD: Final = 4
"""Jobs begun or done for each worker before the result of the first is taken: results come in order."""


def restore_files(
    restorer: Restorer,
    jobs: Sequence[Job],
    settings: Settings = DEFAULTS,
    *,
    journal: Journal | None = None,
    progress: JobProgress | None = None,
    compare: Compare | None = None,
    films: FilmMaker | None = None,
    engine: Engine | None = None,
) -> Generator[Result, None, None]:
    """Restore picture files and films, and yield a result for each, in order; with an engine, as they are finished.

    Pictures are worked on side by side, one on each core that the restorer may use. Films and large pictures come one
    at a time and get all cores, so that memory stays bounded.

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
    steps = Steps(settings, journal, progress, compare, films)
    yielded = 0
    # Threads of ours must not switch Python's warnings off and on against each other: they stay off for all.
    with quiet_pillow():
        for result in _sent(restorer, jobs, steps, engine) if engine else _side_by_side(restorer, jobs, steps):
            yield result
            yielded += 1
    if steps.disk_failed and yielded < len(jobs):
        raise PictureError(
            f"stopped: {len(jobs) - yielded} of {len(jobs)} files are left; see to the disk, then run the "
            "same command again: what is finished is kept"
        )


def _side_by_side(restorer: Restorer, jobs: Sequence[Job], steps: Steps) -> Iterator[Result]:
    """Have workers take the jobs through all steps; those that need all memory and cores are done here, alone."""
    workers = max(1, min(restorer.threads, len(jobs)))
    of_a_worker = restorer.with_threads(restorer.threads // workers)

    def work(job: Job) -> Opened | Result | None:
        if steps.disk_failed:
            return None
        opened = steps.look(job)
        if isinstance(opened, Result) or len(jobs) == 1 or job.film or is_large(job.source):
            return opened
        return steps.restore(opened, of_a_worker)

    left, begun = iter(jobs), deque[Future[Opened | Result | None]]()
    with ThreadPoolExecutor(workers, "restore") as pool:
        try:
            while True:
                begun.extend(pool.submit(work, job) for job in islice(left, AHEAD * workers - len(begun)))
                if not begun:
                    return
                done = begun.popleft().result()
                if isinstance(done, Opened):
                    wait(begun)
                    done = None if steps.disk_failed else steps.restore(done, restorer)
                if done is not None:
                    yield done
        finally:
            steps.stop()
            pool.shutdown(cancel_futures=True)


def _sent(restorer: Restorer, jobs: Sequence[Job], steps: Steps, engine: Engine) -> Iterator[Result]:
    """Have an engine restore the pictures; they are looked at before and written after it one by one."""
    with closing(engine(restorer, steps.settings, map(steps.pack, jobs))) as answers:
        for answer in answers:
            yield steps.write(steps.unpack(answer))
            if steps.disk_failed:
                return
