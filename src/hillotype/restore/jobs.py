"""Which picture file goes where: nothing meets under one name, nothing leads out of the folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hillotype.pictures import is_picture_name
from hillotype.restore.url import Url


@dataclass(frozen=True)
class Job:
    """A picture file and where its result goes; `problem` says why it cannot go there."""

    source: Path
    target: Path
    problem: str = ""


def find_jobs(paths: Sequence[Path], out: Path) -> list[Job]:
    """Decide where the result of each picture goes.

    A single file goes to `out` if that has a picture's suffix and is no folder. All else goes into the folder `out`
    under its own name: files directly, a folder's pictures with the tree they stand in; of several folders each under
    its name. Suffixes are kept, so a.jpg and a.png do not meet; GIF and unknown suffixes become PNG. `out` itself is
    not searched for pictures, nor are hidden files. A link in a folder that leads out of it is a problem, said and
    not followed; one that is named itself is followed.
    """
    if len(paths) == 1 and goes_to_file(paths[0], out):
        return _checked([Job(paths[0], out)])
    jobs = []
    for path in paths:
        if isinstance(path, Url):
            jobs += _jobs_elsewhere(path, out / path.name if len(paths) > 1 else out, out)
        elif not os.path.isdir(path):
            jobs.append(Job(path, out / path.name))
        elif identity(path) == identity(out):
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
    """Find the pictures in a folder, and what in it may not be read or leads out of it."""
    jobs = []
    inside = folder.resolve()

    def refused(error: OSError) -> None:
        place = Path(error.filename)
        problem = f"{place}: this folder cannot be read ({error.strerror}); change its permissions"
        jobs.append(Job(place, root / place.relative_to(folder), problem))

    output = identity(out)
    for here, folders, files in os.walk(folder, onerror=refused):
        folders[:] = sorted(
            name for name in folders if name[0] != "." and (not output or identity(Path(here, name)) != output)
        )
        pictures = [Path(here, name) for name in sorted(files) if is_picture_name(name) and name[0] != "."]
        linked = [path for name in folders if (path := Path(here, name)).is_symlink()]  # os.walk follows none
        jobs += [Job(path, root / path.relative_to(folder), _way_out(path, inside)) for path in pictures]
        jobs += [
            Job(path, root / path.relative_to(folder), away) for path in linked if (away := _way_out(path, inside))
        ]
    return jobs


def _jobs_elsewhere(url: Url, root: Path, out: Path) -> list[Job]:
    """Find the pictures in a folder that lies elsewhere, or the one picture of that address."""
    if url == out:
        return [Job(url, out, f"{url}: is the output folder as well; choose another output folder")]
    try:
        found = url.inside()
    except OSError as error:
        return [Job(url, root, f"{url}: cannot be reached ({error.strerror}); check the address and your rights")]
    if not found and is_picture_name(url):
        return [Job(url, out / url.name)]
    names = [(file, str(file).removeprefix(f"{url}/")) for file in found if not str(file).startswith(f"{out}/")]
    shown = [(file, name) for file, name in names if is_picture_name(name) and "/." not in f"/{name}"]
    return [Job(file, root / name) for file, name in shown] or [
        Job(url, root, f"{url}: no pictures in this folder; check the address")
    ]


def _way_out(path: Path, inside: Path) -> str:
    """Say where a link leads that leaves the folder `inside`; empty for all else."""
    if not path.is_symlink():
        return ""
    try:
        end = path.resolve()
    except (OSError, RuntimeError):  # links in a circle: reading says so
        return ""
    return "" if end.is_relative_to(inside) else f"{path}: a link out of the folder, not followed; name {end} itself"


def _with_suffixes(jobs: list[Job]) -> list[Job]:
    """Give targets that cannot be written in their own format the suffix of PNG."""
    taken = {job.target for job in jobs if _writable(job.target)}
    changed = []
    for job in jobs:
        target = job.target
        if not job.problem and not _writable(target):
            target = target.with_suffix(".png")
            if target in taken:
                target = job.target.with_name(job.target.name + ".png")
            while target in taken:
                target = target.with_name(target.name + ".png")
            taken.add(target)
        changed.append(Job(job.source, target, job.problem))
    return changed


def _writable(path: Path) -> bool:
    return is_picture_name(path) and path.suffix.lower() != ".gif"


def _checked(jobs: list[Job]) -> list[Job]:
    """Find the targets that are inputs, or that two inputs share."""
    inputs = {known for job in jobs if (known := identity(job.source))}
    taken: dict[Path, Path] = {}
    checked = []
    for job in jobs:
        problem = job.problem
        if not problem and identity(job.target) in inputs:
            problem = f"{job.source}: its result would replace an input ({job.target}); choose another output"
        elif not problem and job.target in taken:
            problem = f"{job.source}: {taken[job.target]} has the same name; give it another output folder"
        taken.setdefault(job.target, job.source)
        checked.append(Job(job.source, job.target, problem))
    return checked


def identity(path: Path) -> tuple[int, int] | None:
    """Return what is the same for all names of a file; None if there is none."""
    if isinstance(path, Url):
        return path.key
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
