"""What to make of a file that lies where a result goes: up to date, to be made again, or not ours to replace."""

from __future__ import annotations

from pathlib import Path

from hillotype.batch.film_files import is_film_name
from hillotype.batch.jobs import Job
from hillotype.batch.journal import Entry, Journal
from hillotype.batch.url import Url
from hillotype.errors import PictureError
from hillotype.pictures import read_picture


def judge(job: Job, journal: Journal | None, max_pixels: int) -> Entry | str | None:
    """Judges the file at a job's target.

    A result of ours is up to date if the picture has the same content (wherever it lies now), and the task, options
    and models are the same. If the picture of that path changed, or the options did, it is to be made again.

    Args:
        job: the picture, and where its result goes; something lies there.
        journal: of the output folder; without one nothing is known to be ours.
        max_pixels: width x height above which a picture is not read.

    Returns:
        The entry of a result that is up to date; None for one of ours that is to be made again; else why it is not to
        be replaced.
    """
    if journal is None or (last := journal.last(job.target)) is None:
        return "exists already"
    entry = journal.standing(job.target)
    if entry is None:
        return None if _is_torn(job.target, last, max_pixels) else "was changed since it was made"
    if entry.input is None:
        return "exists already"
    same_content = entry.input.fits(job.source)
    if not same_content and entry.input.path != journal.name(job.source):
        return f"is the result of another picture ({entry.input.path})"
    if same_content and entry.made_with == journal.made_with:
        return entry
    task = entry.made_with.get("task")
    return None if task == journal.made_with.get("task") else f"is the result of `hillotype {task}`"


def _is_torn(target: Path, last: Entry, max_pixels: int) -> bool:
    """Tells whether a file is what is left of a result: shorter, and no picture. Edited pictures are not.

    What is left of a film is empty (see `journal`): one that is shorter may have been cut by its owner. Stores leave
    nothing torn.
    """
    if isinstance(target, Url):
        return False
    try:
        size = target.stat().st_size
        if last.result is None or size >= (last.result.size or 0):
            return False
        if is_film_name(target):
            return size == 0
        read_picture(target, max_pixels=max_pixels)
    except OSError:
        return False
    except PictureError:
        return True
    return False
