"""Restore pictures whose files come and go as bytes, from stores or to other machines."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from hillotype.batch.folder import restore_files
from hillotype.batch.jobs import Job
from hillotype.batch.results import Answer, Parcel, Result, Settings
from hillotype.restore.restorer import Restorer


def restore_here(
    restorer: Restorer, settings: Settings, parcels: Iterator[Parcel | Result]
) -> Generator[Answer | Result, None, None]:
    """Restore parcels in this process, in order, and fetch the next meanwhile: the engine for files in stores.

    Args:
        restorer: what restores them.
        settings: how.
        parcels: the pictures; results among them come back as they are.
    """
    with ThreadPoolExecutor(1, "fetch") as fetcher:
        ahead = fetcher.submit(next, parcels, None)
        while (parcel := ahead.result()) is not None:
            ahead = fetcher.submit(next, parcels, None)
            yield parcel if isinstance(parcel, Result) else restore_parcel(restorer, parcel, settings)


def restore_parcel(restorer: Restorer, parcel: Parcel, settings: Settings) -> Answer:
    """Restore a picture whose file came as bytes: as any other, in a folder of its own that is gone afterwards."""
    job = parcel.job
    with tempfile.TemporaryDirectory(prefix="hillotype-") as folder:
        source, target = Path(folder, "picture" + job.source.suffix), Path(folder, "result" + job.target.suffix)
        source.write_bytes(parcel.content)
        (result,) = restore_files(restorer, [Job(source, target)], settings)
        message = result.message.replace(str(source), str(job.source)).replace(str(target), str(job.target))
        seconds = parcel.seconds + result.seconds
        result = replace(result, source=job.source, target=job.target, seconds=seconds, message=message)
        return Answer(result, b"" if message else target.read_bytes())
