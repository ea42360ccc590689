"""Restore files and folders: which file goes where, one result a picture, and no failure that stops the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from hillotype.errors import HillotypeError, PictureError
from hillotype.files import make_folder, write_whole, writing
from hillotype.pictures import DEFAULT_MAX_PIXELS, Picture, is_picture_name, read_picture, write_picture
from hillotype.restore.restorer import Restorer

Status: TypeAlias = Literal["done", "copied", "skipped", "failed"]


@dataclass(frozen=True)
class Job:
    """A picture file and where its result goes; `problem` says why it cannot go there."""

    source: Path
    target: Path
    problem: str = ""


@dataclass(frozen=True)
class Result:
    """What became of a picture file.

    Attributes:
        source: the file.
        target: where the result is, or would be.
        status: "done"; "copied" byte for byte, since it needs nothing; "skipped", since the target exists; "failed".
        seconds: wall time.
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
"""Called with a job, the picture before and the picture after."""


def find_jobs(paths: Sequence[Path], out: Path) -> list[Job]:
    """Decide where the result of each picture goes.

    A single file goes to `out` if that has a picture's suffix and is no folder. All else goes into the folder `out`
    under its own name: files directly, a folder's pictures with the tree they stand in; of several folders each under
    its name. Suffixes are kept, so a.jpg and a.png do not meet; GIF and unknown suffixes become PNG. `out` itself is
    not searched for pictures, nor are hidden files.
    """
    if len(paths) == 1 and goes_to_file(paths[0], out):
        return _checked([Job(paths[0], out)])
    jobs = []
    for path in paths:
        if not os.path.isdir(path):
            jobs.append(Job(path, out / path.name))
        elif _identity(path) == _identity(out):
            jobs.append(Job(path, out, f"{path}: is the output folder as well; choose another output folder"))
        else:
            root = out / path.resolve().name if len(paths) > 1 else out
            jobs += _jobs_in(path, root, out) or [
                Job(path, root, f"{path}: no pictures in this folder; check the path")
            ]
    return _checked(_with_suffixes(jobs))


def goes_to_file(path: Path, out: Path) -> bool:
    """Tell whether `out`, given for the single input `path`, names the result itself and not its folder."""
    return is_picture_name(out) and not os.path.isdir(out) and not os.path.isdir(path)


def _jobs_in(folder: Path, root: Path, out: Path) -> list[Job]:
    """Find the pictures in a folder, and the folders in it that may not be read."""
    jobs = []

    def refused(error: OSError) -> None:
        place = Path(error.filename)
        problem = f"{place}: this folder cannot be read ({error.strerror}); change its permissions"
        jobs.append(Job(place, root / place.relative_to(folder), problem))

    output = _identity(out)
    for here, folders, files in os.walk(folder, onerror=refused):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and (not output or _identity(Path(here, name)) != output)
        )
        pictures = [Path(here, name) for name in sorted(files) if is_picture_name(name) and name[0] != "."]
        jobs += [Job(picture, root / picture.relative_to(folder)) for picture in pictures]
    return jobs


def _with_suffixes(jobs: list[Job]) -> list[Job]:
    """Give targets that cannot be written in their own format the suffix of PNG."""
    kept = {job.target for job in jobs if _writable(job.target)}
    changed = []
    for job in jobs:
        target = job.target
        if not job.problem and not _writable(target):
            target = target.with_suffix(".png")
            if target in kept:
                target = job.target.with_name(job.target.name + ".png")
        changed.append(Job(job.source, target, job.problem))
    return changed


def _writable(path: Path) -> bool:
    return is_picture_name(path) and path.suffix.lower() != ".gif"


def _checked(jobs: list[Job]) -> list[Job]:
    """Find the targets that are inputs, or that two inputs share."""
    inputs = {identity for job in jobs if (identity := _identity(job.source))}
    taken: dict[Path, Path] = {}
    checked = []
    for job in jobs:
        problem = job.problem
        if not problem and _identity(job.target) in inputs:
            problem = f"{job.source}: its result would replace an input ({job.target}); choose another output"
        elif not problem and job.target in taken:
            problem = f"{job.source}: {taken[job.target]} has the same name; give it another output folder"
        taken.setdefault(job.target, job.source)
        checked.append(Job(job.source, job.target, problem))
    return checked


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what is the same for all names of a file; None if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def restore_files(
    restorer: Restorer,
    jobs: Sequence[Job],
    settings: Settings = Settings(),
    *,
    progress: JobProgress | None = None,
    compare: Compare | None = None,
) -> Iterator[Result]:
    """Restore picture files one after the other, and yield a result for each.

    Args:
        restorer: what restores them.
        jobs: the files, from `find_jobs`.
        settings: how.
        progress: is told the share of each job that is done.
        compare: is shown each picture before and after.
    """
    for job in jobs:
        start = time.perf_counter()
        try:
            result = _restore_file(restorer, job, settings, progress, compare)
        except MemoryError:
            result = _failure(job, "not enough memory for it; close programs or reduce the picture")
        except HillotypeError as error:
            result = _failure(job, str(error))
        except Exception as error:  # a fault of ours must not stop the rest
            result = _failure(job, f"unexpected {type(error).__name__}: {error}; please report it")
        yield Result(**{**vars(result), "seconds": time.perf_counter() - start})


def _failure(job: Job, message: str) -> Result:
    named = message.startswith((f"{job.source}: ", f"{job.target}: "))
    return Result(job.source, job.target, "failed", message=message if named else f"{job.source}: {message}")


def _restore_file(
    restorer: Restorer, job: Job, settings: Settings, progress: JobProgress | None, compare: Compare | None
) -> Result:
    if job.problem:
        return _failure(job, job.problem)
    if os.path.lexists(job.target) and not settings.overwrite:
        message = f"{job.target}: exists already; choose another output or add --overwrite"
        return Result(job.source, job.target, "skipped", message=message)
    picture = read_picture(job.source, max_pixels=settings.max_pixels)
    plan = restorer.plan(picture.pixels)
    notes = (*plan.reasons, *picture.notes)
    make_folder(job.target.parent, PictureError)
    if not plan.steps and job.source.suffix.lower() == job.target.suffix.lower():
        _copy(job.source, job.target, settings.overwrite)
        restored = picture
    else:
        restored = restorer.restore(
            picture, settings.strength, None if progress is None else lambda share: progress(job, share), plan
        )
        notes += write_picture(restored, job.target, overwrite=settings.overwrite)
    if compare is not None:
        compare(job, picture, restored)
    return Result(job.source, job.target, "done" if plan.steps else "copied", steps=plan.steps, notes=notes)


def _copy(source: Path, target: Path, overwrite: bool) -> None:
    """Copy a file with its times."""
    with writing(target, PictureError):
        write_whole([source.read_bytes()], target, overwrite=overwrite)
    with suppress(OSError):  # some disks keep no times
        status = source.stat()
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
