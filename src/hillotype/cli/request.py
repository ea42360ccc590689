"""What a command of `use` was asked, carried out: files found, restored, shown, reported."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hillotype.cli.text import printable
from hillotype.devices import Device
from hillotype.errors import HillotypeError, ModelFileError, PictureError

if TYPE_CHECKING:
    from hillotype.batch import results as batch
    from hillotype.batch.jobs import Job
    from hillotype.batch.journal import Journal
    from hillotype.batch.page import Page
    from hillotype.batch.results import FilmMaker, Result, Settings
    from hillotype.restore.colorize import Colorizer
    from hillotype.restore.restorer import Restorer
    from hillotype.restore.wishes import Wishes


class Engine(StrEnum):
    """What works on the pictures."""

    plain = "plain"
    ray = "ray"


@dataclass(frozen=True)
class Request:
    """What a command was asked for."""

    paths: Sequence[Path]
    out: Path
    strength: float
    overwrite: bool
    max_pixels: int | None
    preview: float | None
    page: bool
    engine: Engine
    address: str | None
    device: Device
    as_json: bool
    certainty: Path | None = None
    chroma_strength: float | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether pictures or results lie in a store and not on this machine."""
        from hillotype.batch.url import Url

        return any(isinstance(path, Url) for path in (self.out, *self.paths))

    @property
    def to_file(self) -> bool:
        """Whether `out` names the result itself."""
        from hillotype.batch.folder import goes_to_file

        return len(self.paths) == 1 and not self.elsewhere and goes_to_file(self.paths[0], self.out)

    @property
    def has_report(self) -> bool:
        """Whether a report is written: of all but single pictures."""
        return len(self.paths) > 1 or self.elsewhere or os.path.isdir(self.paths[0])


def run(task: str, model: str | None, request: Request, wishes: Wishes | None = None) -> None:
    """Carry out a request, show what became of it, and write the report.

    Args:
        task: "restore", "denoise" or "colorize".
        model: a way to do the task, a model of the package or a model file, in place of the usual ones.
        request: what is asked.
        wishes: what is wanted of the colors.

    Raises:
        HillotypeError: nothing can be done, or it stopped before the end.
        typer.Exit: some of the files failed.
    """
    from hillotype.batch.folder import Settings, find_jobs
    from hillotype.batch.page import Page
    from hillotype.batch.report import document
    from hillotype.film import film_frames, film_maker
    from hillotype.pictures import DEFAULT_MAX_PIXELS
    from hillotype.restore.colorize import Colorizer
    from hillotype.restore.loading import usual

    request = _located(request)
    if os.path.exists(request.out) and not os.path.isdir(request.out) and not request.to_file:
        raise PictureError(f"{request.out}: is a file, and the results need a folder; choose another output folder")
    of_pictures, of_films = (usual(task, film=film) if model is None else model for film in (False, True))
    models, engine = _models(of_pictures, of_films), _engine(request)
    restorer = _loaded(of_pictures, task, request, wishes)
    found = find_jobs(request.paths, request.out, lambda line: typer.echo(printable(line), err=True))
    jobs = _previewed(found, request.preview)
    film_restorer = _loaded(of_films, task, request, wishes) if any(job.film for job in jobs) else restorer
    if wishes and wishes.hints and (request.has_report or jobs[0].film):
        raise PictureError("--hint: its points are those of one picture; colorize it alone, not a folder or film")
    # Those of films too where there are none: a film that is added later must not have all pictures made again.
    made_with = {"task": task, "models": _digests(models), "strength": request.strength}
    made_with |= {} if request.chroma_strength is None else {"chroma_strength": request.chroma_strength}
    made_with |= wishes.made_with() if wishes else {}
    if request.certainty and isinstance(restorer, Colorizer):
        _check_certainty(request.certainty, request, restorer, jobs)
    settings = Settings(request.strength, request.overwrite, request.max_pixels or DEFAULT_MAX_PIXELS)
    journaled = not request.to_file and any(not job.problem for job in jobs)
    start = time.perf_counter()
    with _journal(request.out, made_with) if journaled else nullcontext() as journal:
        page_path = _page_path(request, journal)
        page = Page(len(jobs), film_frames(settings, request.preview)) if page_path else None
        films = film_maker(film_restorer, settings, request.preview, made_with)
        results, error = _restore(restorer, jobs, settings, journal, page, films, engine, quiet=request.as_json)
        shown = page_path if not error and any(not result.message for result in results) else None
        report = {
            "command": task,
            "model": ", ".join(dict.fromkeys((film_restorer if job.film else restorer).name for job in jobs)),
            "made_with": made_with,
            "device": _devices(_models(*(of_films if job.film else of_pictures for job in jobs)), request, results),
            "page": shown,
        }
        report |= document(results, settings, time.perf_counter() - start)
        if not error and request.certainty and isinstance(restorer, Colorizer) and not results[0].message:
            error = _write_certainty(request.certainty, request, restorer, settings)
            report["certainty"] = None if error else request.certainty
        if not error:
            error = _write(request, report, results, page, journal)
    _show(report, results, as_json=request.as_json)
    if error:
        raise error
    if any(result.message for result in results):
        raise typer.Exit(1)


def _loaded(name: str, task: str, request: Request, wishes: Wishes | None) -> Restorer:
    """Return the restorer of a name, which must do the task, as it is wished."""
    from hillotype.restore import load
    from hillotype.restore.automatic import AutomaticRestorer
    from hillotype.restore.colorize import Colorizer
    from hillotype.restore.denoise import Denoising
    from hillotype.restore.loading import names_for

    restorer = load(name, threads=1 if request.engine == Engine.ray else None, device=request.device)
    if restorer.task != task:
        raise ModelFileError(
            f"{name}: made to {restorer.task}, not to {task}; run `hillotype {restorer.task}`, or choose "
            f"{' or '.join(names_for(task))}"
        )
    if isinstance(restorer, Colorizer | AutomaticRestorer) and wishes:
        restorer = restorer.given(wishes)
    if isinstance(restorer, Denoising) and request.chroma_strength is not None:
        restorer = restorer.with_chroma_strength(request.chroma_strength)
    return restorer


def _previewed(jobs: list[Job], preview: float | None) -> list[Job]:
    """Give the preview of a film a name that cannot be taken for the whole."""
    if preview is None:
        return jobs
    return [
        replace(job, target=job.target.with_name(f"{job.target.stem}.preview-{preview:g}s{job.target.suffix}"))
        if job.film
        else job
        for job in jobs
    ]


def _check_certainty(path: Path, request: Request, colorizer: Colorizer, jobs: Sequence[Job]) -> None:
    colorizer.check_doubt()
    if request.has_report or jobs[0].film:
        raise PictureError("--certainty: is the map of one picture; colorize it alone, not a folder or film")
    if path.suffix.lower() != ".png":
        raise PictureError(f"{path}: the map is a PNG; give --certainty a name that ends in .png")
    if os.path.realpath(path) in map(os.path.realpath, (jobs[0].source, jobs[0].target)):
        raise PictureError(f"{path}: is the picture or its result as well; give --certainty another name")
    if os.path.lexists(path) and not request.overwrite:
        raise PictureError(f"{path}: exists already; give --certainty another name or add --overwrite")


def _write_certainty(path: Path, request: Request, colorizer: Colorizer, settings: Settings) -> PictureError | None:
    """Write the map of certainty; return what the disk did not take."""
    from hillotype.files import make_folder
    from hillotype.pictures import from_pil, read_picture, write_picture
    from hillotype.pictures.profiles import in_srgb
    from hillotype.restore.certainty import certainty_map

    try:
        picture = read_picture(request.paths[0], max_pixels=settings.max_pixels)
        levels = certainty_map(colorizer.doubt_of(in_srgb(picture)), *picture.pixels.shape[:2])
        make_folder(path.parent, PictureError)
        write_picture(from_pil(levels), path, overwrite=request.overwrite)
    except PictureError as error:
        return error
    return None


def _models(*ways: str) -> list[str]:
    """Return the models that ways to do a task take, or that are named themselves, each once."""
    from hillotype.restore.loading import CHOICES

    return list(dict.fromkeys(model for way in ways for model in (CHOICES[way].models if way in CHOICES else (way,))))


def _digests(models: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of models by name."""
    from hillotype.batch.journal import digest
    from hillotype.modelfile import find_model

    return {path.stem: digest(path) for path in map(find_model, models)}


def _devices(names: Sequence[str], request: Request, results: Sequence[Result]) -> dict[str, Device]:
    """Return what computed each model that was used; with Ray, what its workers were asked to use."""
    from hillotype.modelfile import load_model

    steps = {step for result in results if result.status == "done" for step in result.steps}
    models = [load_model(name, device=request.device) for name in names]
    used = [model for model in models if model.card.task in steps]
    return {model.card.name: model.device if request.engine == Engine.ray else model.computed_by for model in used}


def _restore(
    restorer: Restorer,
    jobs: Sequence[Job],
    settings: Settings,
    journal: Journal | None,
    page: Page | None,
    films: FilmMaker,
    engine: batch.Engine | None,
    *,
    quiet: bool,
) -> tuple[list[Result], HillotypeError | None]:
    """Restore and show the pictures; return the results in order, and what stopped it before the end."""
    from hillotype.batch.folder import restore_files
    from hillotype.cli.progress import Display

    results: list[Result] = []
    of = {(job.source, job.target): job for job in jobs}
    with Display(len(jobs), quiet=quiet) as display:
        compare = page.compare if page else None
        stream = restore_files(
            restorer,
            jobs,
            settings,
            journal=journal,
            progress=display.advance,
            compare=compare,
            films=films,
            engine=engine,
        )
        stopped = None
        try:
            with closing(stream):
                for result in stream:
                    display.finish(result)
                    results.append(result)
                    if page and (result.status == "kept" or (engine and not result.message)):
                        page.recall(of[result.source, result.target])
        except HillotypeError as error:
            stopped = error
    places = {key: place for place, key in enumerate(of)}
    return sorted(results, key=lambda result: places[result.source, result.target]), stopped


def _located(request: Request) -> Request:
    """Take paths that are addresses, as s3://bucket/album, for what they are."""
    from hillotype.batch.url import Url, located
    from hillotype.pictures import is_picture_name

    request = replace(request, paths=[located(path) for path in request.paths], out=located(request.out))
    if isinstance(request.out, Url) and is_picture_name(request.out):
        raise PictureError(f"{request.out}: names a file, and results go into a folder there; name the folder")
    if request.page and request.elsewhere:
        raise PictureError("--page: shows pictures of this machine alone; leave it out, or copy the folder here")
    return request


def _journal(out: Path, made_with: dict[str, Any]) -> Journal:
    from hillotype.batch.journal import Journal
    from hillotype.batch.url import Url

    if not isinstance(out, Url):
        return Journal(out, made_with)
    from hillotype.batch.remote import RemoteJournal

    return RemoteJournal(out, made_with)


def _engine(request: Request) -> batch.Engine | None:
    """Return what restores pictures whose files travel; None for those that are read and written where they are."""
    if request.engine == Engine.ray:
        from hillotype.batch.cluster import RayEngine

        return RayEngine(request.address)
    if request.address:
        raise HillotypeError("--address: is of --engine ray; add --engine ray, or leave it out")
    if request.elsewhere:
        from hillotype.batch.parcels import restore_here

        return restore_here
    return None


def _write(
    request: Request, report: dict[str, Any], results: Sequence[Result], page: Page | None, journal: Journal | None
) -> PictureError | None:
    """Write the page, if wanted, and the report; return what the disk did not take.

    The report is written always: nobody knows before a night's run that something will have failed.
    """
    from hillotype.batch.report import write_report

    try:
        if page and report["page"]:
            page.write(report["page"], results, f"hillotype {report['command']}", journal)
        if journal is not None and request.has_report:
            report["report"] = write_report(report, journal)
            if report["report"] is None:
                typer.echo("report.json: a file of others has this name, so no report is written", err=True)
    except PictureError as error:
        return error
    return None


def _page_path(request: Request, journal: Journal | None) -> Path | None:
    """Return where the page goes, if one is wanted; one that is not ours is not replaced."""
    if not request.page:
        return None
    path = (request.out.parent if request.to_file else request.out) / "index.html"
    ours = journal is not None and journal.standing(path) is not None
    if os.path.lexists(path) and not ours and not request.overwrite:
        raise PictureError(f"{path}: exists already; choose another output folder or add --overwrite")
    return path


def _show(report: dict[str, Any], results: Sequence[Result], *, as_json: bool) -> None:
    """Print what became of the pictures, all together."""
    from hillotype.batch.page import count
    from hillotype.batch.report import to_json

    if as_json:
        typer.echo(to_json(report))
        return
    if len(results) > 1 or any(result.status == "kept" for result in results):
        typer.echo(f"{count(results)} in {report['seconds']:.1f} s")
    for name in ("certainty", "page", "report"):
        if report.get(name):
            typer.echo(printable(f"{name}: {report[name]}"))
