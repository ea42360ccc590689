"""`hillotype colorize`, `denoise` and `restore`: pictures in, better ones out."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.errors import ModelFileError, PictureError

if TYPE_CHECKING:
    from hillotype.restore.folder import Result

Paths = Annotated[
    list[Path], typer.Argument(help="Pictures, or folders of pictures (searched in depth).", readable=False)
]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", help="Folder for the results; or, for a single picture, the file."),
]
Strength = Annotated[float, typer.Option(min=0.0, max=1.0, help="How much of it: 0 nothing, 1 all.")]
ModelName = Annotated[
    str | None, typer.Option("--model", help="A model of `hillotype models`, or a model file.", show_default=False)
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results that exist already.")]
MaxPixels = Annotated[
    int | None,
    typer.Option(min=1, help="Refuse pictures of more pixels than this (178 million by default).", show_default=False),
]
WithPage = Annotated[bool, typer.Option("--page", help="Write index.html beside the results: before and after.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (restore, colorize, denoise):
        app.command()(command)


@dataclass(frozen=True)
class Request:
    """What a command was asked for."""

    paths: Sequence[Path]
    out: Path
    strength: float
    overwrite: bool
    max_pixels: int | None
    page: bool
    as_json: bool


def restore(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    page: WithPage = False,
    as_json: AsJson = False,
) -> None:
    """Do what each picture needs: color a gray one, denoise a noisy one, copy the others.

    **Example:** `hillotype restore album/ -o restored/ --page`

    Format, size, depth, transparency, date and place are kept. The originals are never changed.
    """
    _run("restore", None, Request(paths, out, strength, overwrite, max_pixels, page, as_json))


def colorize(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    model: ModelName = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    page: WithPage = False,
    as_json: AsJson = False,
) -> None:
    """Give pictures color; the colors are guesses, the lightness stays as it is.

    **Example:** `hillotype colorize grandmother.jpg -o grandmother-color.jpg --strength 0.8`

    Colors that a picture has already are replaced.
    """
    _run("colorize", model, Request(paths, out, strength, overwrite, max_pixels, page, as_json))


def denoise(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    model: ModelName = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    page: WithPage = False,
    as_json: AsJson = False,
) -> None:
    """Take the noise out of pictures; how much there is need not be known.

    **Example:** `hillotype denoise night/*.jpg -o clean/`
    """
    _run("denoise", model, Request(paths, out, strength, overwrite, max_pixels, page, as_json))


def _run(task: str, model: str | None, request: Request) -> None:
    from hillotype.cli.progress import Display
    from hillotype.pictures import DEFAULT_MAX_PIXELS
    from hillotype.restore import load
    from hillotype.restore.folder import Settings, find_jobs, restore_files
    from hillotype.restore.page import Page

    page_path = _page_path(request)
    restorer = load(task if model is None else model)
    if restorer.task != task:
        raise ModelFileError(f"{model}: made to {restorer.task}, not to {task}; run `hillotype {restorer.task}`")
    settings = Settings(request.strength, request.overwrite, request.max_pixels or DEFAULT_MAX_PIXELS)
    jobs = find_jobs(request.paths, request.out)
    page = Page() if page_path else None
    results = []
    with Display(len(jobs), quiet=request.as_json) as display:
        compare = page.compare if page else None
        for result in restore_files(restorer, jobs, settings, progress=display.advance, compare=compare):
            display.finish(result)
            results.append(result)
    if page and page_path and any(result.steps or result.status == "copied" for result in results):
        page.write(page_path, results, f"hillotype {task}")
    else:
        page_path = None
    _report(task, restorer.name, request, results, page_path)
    if any(result.status in ("failed", "skipped") for result in results):
        raise typer.Exit(1)


def _page_path(request: Request) -> Path | None:
    """Return where the page goes, after checking that the results can go where they are wanted."""
    from hillotype.restore.folder import goes_to_file

    to_file = len(request.paths) == 1 and goes_to_file(request.paths[0], request.out)
    if os.path.exists(request.out) and not os.path.isdir(request.out) and not to_file:
        raise PictureError(f"{request.out}: is a file, and the results need a folder; choose another output folder")
    if not request.page:
        return None
    path = (request.out.parent if to_file else request.out) / "index.html"
    if os.path.lexists(path) and not request.overwrite:
        raise PictureError(f"{path}: exists already; choose another output folder or add --overwrite")
    return path


def _report(task: str, model: str, request: Request, results: Sequence[Result], page: Path | None) -> None:
    """Print what became of the pictures, all together."""
    counts = Counter(result.status for result in results)
    if request.as_json:
        entries = [asdict(result) for result in results]
        document = {
            "command": task,
            "model": model,
            "strength": request.strength,
            "counts": counts,
            "page": page,
            "results": entries,
        }
        typer.echo(json.dumps(document, indent=2, default=str))
        return
    if len(results) > 1:
        seconds = sum(result.seconds for result in results)
        typer.echo(", ".join(f"{counts[status]} {status}" for status in sorted(counts)) + f" in {seconds:.1f} s")
    if page:
        typer.echo(f"page: {page}")
