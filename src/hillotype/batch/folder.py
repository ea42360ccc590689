"""Restore many files: one result a picture or film, no failure that stops the rest, and nothing done twice."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from hillotype.batch.jobs import Job, find_jobs, goes_to_file
from hillotype.batch.journal import Journal
from hillotype.batch.results import DEFAULTS, Compare, Engine, FilmMaker, JobProgress, Result, Settings
from hillotype.batch.side_by_side import Alone, side_by_side
from hillotype.batch.steps import Steps, is_large
from hillotype.errors import PictureError
from hillotype.pictures.modes import quiet_pillow
from hillotype.restore.restorer import Restorer

__all__ = ["Job", "Result", "Settings", "find_jobs", "goes_to_file", "restore_files"]


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
    """Restores picture files and films, and yields a result for each, in order; with an engine, as they are finished.

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
        for result in _sent(restorer, jobs, steps, engine) if engine else _restored(restorer, jobs, steps):
            yield result
            yielded += 1
    if steps.disk_failed and yielded < len(jobs):
        raise PictureError(
            f"stopped: {len(jobs) - yielded} of {len(jobs)} files are left; see to the disk, then run the "
            "same command again: what is finished is kept"
        )


def _restored(restorer: Restorer, jobs: Sequence[Job], steps: Steps) -> Iterator[Result]:
    """Has workers take the jobs through all steps; those that need all memory and cores are done alone."""
    workers = max(1, min(restorer.threads, len(jobs)))
    of_a_worker = restorer.with_threads(restorer.threads // workers)

    def work(job: Job) -> Result | Alone[Result | None] | None:
        if steps.disk_failed:
            return None
        opened = steps.look(job)
        if isinstance(opened, Result):
            return opened
        if len(jobs) == 1 or job.film or is_large(job.source):
            return Alone(lambda: None if steps.disk_failed else steps.restore(opened, restorer))
        return steps.restore(opened, of_a_worker)

    with closing(side_by_side(iter(jobs), work, workers)) as results:
        try:
            yield from (result for result in results if result is not None)
        finally:
            steps.stop()


def _sent(restorer: Restorer, jobs: Sequence[Job], steps: Steps, engine: Engine) -> Iterator[Result]:
    """Has an engine restore the pictures; they are looked at before and written after it one by one."""
    with closing(engine(restorer, steps.settings, map(steps.pack, jobs))) as answers:
        for answer in answers:
            yield steps.write(steps.unpack(answer))
            if steps.disk_failed:
                return
