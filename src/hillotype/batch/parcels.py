"""Restore pictures whose files come and go as bytes, from stores or to other machines."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from hillotype.batch.folder import restore_files
from hillotype.batch.jobs import Job
from hillotype.batch.results import Answer, Parcel, Result, Settings
from hillotype.batch.side_by_side import Alone, side_by_side
from hillotype.batch.steps import shows_large
from hillotype.restore.restorer import Restorer


def restore_here(
    restorer: Restorer, settings: Settings, parcels: Iterator[Parcel | Result]
) -> Generator[Answer | Result, None, None]:
    """Restores parcels in this process, side by side as files of a folder are: the engine for files in stores.

    Args:
        restorer: what restores them.
        settings: how.
        parcels: the pictures; results among them come back as they are.
    """
    first = list(islice(parcels, 2))
    workers = 1 if len(first) == 1 else restorer.threads
    of_a_worker = restorer.with_threads(restorer.threads // workers)

    def work(parcel: Parcel | Result) -> Answer | Result | Alone[Answer | Result]:
        if isinstance(parcel, Result):
            return parcel
        if shows_large(io.BytesIO(parcel.content)):
            return Alone(lambda: restore_parcel(restorer, parcel, settings))
        return restore_parcel(of_a_worker, parcel, settings)

    answers: Generator[Answer | Result, None, None] = side_by_side(chain(first, parcels), work, workers)
    yield from answers


def restore_parcel(restorer: Restorer, parcel: Parcel, settings: Settings) -> Answer:
    """Restores a picture whose file came as bytes: as any other, in a folder of its own that is gone afterwards."""
    job = parcel.job
    with tempfile.TemporaryDirectory(prefix="hillotype-") as folder:
        source, target = Path(folder, "picture" + job.source.suffix), Path(folder, "result" + job.target.suffix)
        source.write_bytes(parcel.content)
        (result,) = restore_files(restorer, [Job(source, target)], settings)
        message = result.message.replace(str(source), str(job.source)).replace(str(target), str(job.target))
        seconds = parcel.seconds + result.seconds
        result = replace(result, source=job.source, target=job.target, seconds=seconds, message=message)
        return Answer(result, b"" if message else target.read_bytes())
