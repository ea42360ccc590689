"""Restore files and folders: which file goes where, one result a picture, and no failure that stops the rest."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from hillotype.errors import HillotypeError, PictureError
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
    if len(paths) == 1 and is_picture_name(out) and not out.is_dir() and not paths[0].is_dir():
        return _checked([Job(paths[0], out)])
    jobs = []
    for path in paths:
        if not path.is_dir():
            jobs.append(Job(path, out / path.name))
        elif out.exists() and path.samefile(out):
            jobs.append(Job(path, out, f"{path}: is the output folder as well; choose another output folder"))
        else:
            root = out / path.resolve().name if len(paths) > 1 else out
            found = [Job(source, root / source.relative_to(path)) for source in _pictures_in(path, out)]
            jobs += found or [Job(path, root, f"{path}: no pictures in this folder; check the path")]
    return _checked(_with_suffixes(jobs))


def _pictures_in(folder: Path, out: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not (out.exists() and Path(here, name).samefile(out)) and name[0] != "."
        )
        yield from (Path(here, name) for name in sorted(files) if is_picture_name(name) and name[0] != ".")


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
    _make_folder(job.target.parent)
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(
            f"{folder}: this folder cannot be made ({error.strerror}); choose another output folder"
        ) from error


def _copy(source: Path, target: Path, overwrite: bool) -> None:
    """Copy a file with its times: whole or not at all, and never over one that is not to be overwritten."""
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".hillotype-", suffix=".tmp", dir=target.parent)
        os.close(handle)
        shutil.copy2(source, temporary)
        if overwrite:
            os.replace(temporary, target)
        else:
            _publish_new(temporary, target)
    except OSError as error:
        raise PictureError(f"{target}: cannot be written ({error.strerror}); choose another output folder") from error
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def _publish_new(temporary: str, target: Path) -> None:
    """Give a finished file its name unless that is taken."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if os.path.lexists(target):
            raise
        os.replace(temporary, target)
