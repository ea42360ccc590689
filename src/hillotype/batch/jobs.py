"""Which picture or film goes where: nothing meets under one name, nothing leads out of the folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hillotype.batch.earlier import Earlier, is_journal
from hillotype.batch.film_files import WRITTEN_SUFFIXES, is_film_name, is_written, starts_as_film
from hillotype.batch.journal import FOLDER, NAME
from hillotype.batch.url import Url
from hillotype.pictures import is_picture_name
from hillotype.pictures.picture import FORMAT_OF_SUFFIX


@dataclass(frozen=True)
class Job:
    """A picture or film file and where its result goes; `problem` says why it cannot go there."""

    source: Path
    target: Path
    problem: str = ""
    film: bool = False


def find_jobs(paths: Sequence[Path], out: Path, note: Callable[[str], None] = lambda line: None) -> list[Job]:
    """Decides where the result of each picture and film goes.

    A single file goes to `out` if that has a picture's or film's suffix and is no folder. All else goes into the folder
    `out` under its own name: files directly, a folder's pictures and films with the tree they stand in; of several
    folders each under its name. Suffixes are kept, so a.jpg and a.png do not meet; camera raw becomes TIFF (of 16 bits,
    as raw has more than 8), GIF and unknown suffixes PNG, those of films that cannot hold every film MKV. `out` itself
    is not searched, nor are hidden files. What is named twice comes once. A link in a folder that leads out of it is a
    problem, said and not followed; one that is named itself is followed. What an earlier run made of pictures in a
    folder that is named, and wrote below it, is left out, and `note` is told so in one line.
    """
    if len(paths) == 1 and goes_to_file(paths[0], out):
        return _checked([_to_file(paths[0], out)])
    jobs = []
    for path in paths:
        earlier = Earlier(path)
        if isinstance(path, Url):
            jobs += _jobs_elsewhere(path, out / path.name if len(paths) > 1 else out, out, earlier)
        elif not os.path.isdir(path):
            jobs.append(Job(path, out / path.name, film=_is_film(path)))
        elif identity(path) == identity(out):
            jobs.append(Job(path, out, f"{path}: is the output folder as well; choose another output folder"))
        else:
            root = out / path.resolve().name if len(paths) > 1 else out
            jobs += _jobs_in(path, root, out, earlier) or [
                Job(path, root, f"{path}: no pictures or films in this folder; check the path")
            ]
        earlier.say(note)
    return _checked(_with_suffixes(jobs))


def goes_to_file(path: Path, out: Path) -> bool:
    """Tells whether `out`, given for the single input `path`, names the result itself and not its folder."""
    return (is_picture_name(out) or is_film_name(out)) and not os.path.isdir(out) and not os.path.isdir(path)


def _to_file(path: Path, out: Path) -> Job:
    job = Job(path, out, film=_is_film(path))
    if job.film and not is_written(out):
        *first, last = WRITTEN_SUFFIXES
        problem = f"{path}: films are written as {', '.join(first)} or {last}, not as {out.suffix}; choose one of these"
        return replace(job, problem=problem)
    if not job.film and is_film_name(out):
        return replace(job, problem=f"{path}: is no film, and {out.suffix} is one; let the name end in .jpg or .png")
    return job


def _is_film(path: Path) -> bool:
    """Tells films from pictures: by the name where it says, else by how the file begins."""
    return is_film_name(path) or (not is_picture_name(path) and starts_as_film(path))


def _jobs_in(folder: Path, root: Path, out: Path, earlier: Earlier) -> list[Job]:
    """Finds the pictures in a folder, and what in it may not be read or leads out of it."""
    jobs = []
    inside = folder.resolve()

    def refused(error: OSError) -> None:
        place = Path(error.filename)
        problem = f"{place}: this folder cannot be read ({error.strerror}); change its permissions"
        jobs.append(Job(place, root / place.relative_to(folder), problem))

    output = identity(out)
    for here, folders, files in os.walk(folder, onerror=refused):
        if FOLDER in folders and Path(here) != folder:
            earlier.learn([Path(here, FOLDER, NAME)])
        folders[:] = sorted(
            name for name in folders if name[0] != "." and (not output or identity(Path(here, name)) != output)
        )
        known = [name for name in sorted(files) if name[0] != "." and (is_picture_name(name) or is_film_name(name))]
        linked = [path for name in folders if (path := Path(here, name)).is_symlink()]  # os.walk follows none
        jobs += [
            Job(path, root / path.relative_to(folder), _way_out(path, inside), is_film_name(path))
            for path in (Path(here, name) for name in known)
            if not earlier.made(path)
        ]
        jobs += [
            Job(path, root / path.relative_to(folder), away) for path in linked if (away := _way_out(path, inside))
        ]
    return jobs


def _jobs_elsewhere(url: Url, root: Path, out: Path, earlier: Earlier) -> list[Job]:
    """Finds the pictures in a folder that lies elsewhere, or the one picture of that address."""
    if url == out:
        return [Job(url, out, f"{url}: is the output folder as well; choose another output folder")]
    try:
        found = url.inside()
    except OSError as error:
        return [Job(url, root, f"{url}: cannot be reached ({error.strerror}); check the address and your rights")]
    if not found and is_picture_name(url):
        return [Job(url, out / url.name)]
    earlier.learn(file for file in found if is_journal(file) and file.parent.parent not in (url, out))
    names = [(file, str(file).removeprefix(f"{url}/")) for file in found if not str(file).startswith(f"{out}/")]
    shown = [(file, name) for file, name in names if is_picture_name(name) and "/." not in f"/{name}"]
    return [Job(file, root / name) for file, name in shown if not earlier.made(file)] or [
        Job(url, root, f"{url}: no pictures in this folder; check the address")
    ]


def _way_out(path: Path, inside: Path) -> str:
    """Says where a link leads that leaves the folder `inside`; empty for all else."""
    if not path.is_symlink():
        return ""
    try:
        end = path.resolve()
    except (OSError, RuntimeError):  # links in a circle: reading says so
        return ""
    return "" if end.is_relative_to(inside) else f"{path}: a link out of the folder, not followed; name {end} itself"


def _with_suffixes(jobs: list[Job]) -> list[Job]:
    """Gives targets that cannot be written in their own format the suffix of one that can."""
    taken = {job.target for job in jobs if _writable(job)}
    changed = []
    for job in jobs:
        target = job.target
        if not job.problem and not _writable(job):
            suffix = ".mkv" if job.film else ".tif" if _format_of(target) == "RAW" else ".png"
            target = target.with_suffix(suffix)
            if target in taken:
                target = job.target.with_name(job.target.name + suffix)
            while target in taken:
                target = target.with_name(target.name + suffix)
            taken.add(target)
        changed.append(replace(job, target=target))
    return changed


def _writable(job: Job) -> bool:
    return is_written(job.target) if job.film else _format_of(job.target) not in (None, "GIF", "RAW")


def _format_of(path: Path) -> str | None:
    return FORMAT_OF_SUFFIX.get(path.suffix.lower())


def _checked(jobs: list[Job]) -> list[Job]:
    """Finds the targets that are inputs, or that two inputs share; a file that was named twice is one input."""
    inputs = {known for job in jobs if (known := identity(job.source))}
    taken: dict[Path, Path] = {}
    checked = []
    for job in jobs:
        problem, other = job.problem, taken.get(job.target)
        if other and (other == job.source or identity(other) == identity(job.source) is not None):
            continue
        if not problem and identity(job.target) in inputs:
            problem = f"{job.source}: its result would replace an input ({job.target}); choose another output"
        elif not problem and other:
            problem = f"{job.source}: {other} has the same name; give it another output folder"
        taken.setdefault(job.target, job.source)
        checked.append(replace(job, problem=problem))
    return checked


def identity(path: Path) -> tuple[int, int] | None:
    """Returns what is the same for all names of a file; None if there is none."""
    if isinstance(path, Url):
        return path.key
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
