"""`hillotype study`: the experiments of the five reports, each run by one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.progress import WorkDisplay
from hillotype.cli.settings import read_settings
from hillotype.cli.text import printable
from hillotype.errors import HillotypeError

if TYPE_CHECKING:
    from hillotype.studies import Findings, Study


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(study)


def study(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A study, or all; without one, the studies are listed.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The folder to write; studies/NAME if it is not given. With all: the parent."),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Cut everything short, to see that it works; its figures mean nothing.")
    ] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="RECIPE.KEY=VALUE", help="Change a recipe, as dense.optimization.epochs=5."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Print the table of the studies in this folder, as Markdown, and end.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results as JSON.")] = False,
) -> None:
    """Run an experiment of five university reports on autoencoders, beside honest baselines.

    The folder then holds report.html (open it), results.json and the runs. What was trained by the same recipe is
    not trained again, and an interrupted study goes on where it stopped. Each run's run.toml can be changed and
    trained with `hillotype train`.

    **Example:** `hillotype study`

    **Example:** `hillotype study mnist-denoise --fast`

    **Example:** `hillotype study mnist-denoise --set dense.optimization.epochs=5`

    **Example:** `hillotype study all -o docs/studies && hillotype study --table docs/studies > docs/studies.md`
    """
    with needs_train_extra():
        from hillotype.studies import find_study
        from hillotype.studies.results import markdown, ordered

    if table is not None:
        typer.echo(markdown(table), nl=False)
        return
    if name is None:
        _list(ordered(), as_json)
        return
    chosen = ordered() if name == "all" else [find_study(name)]
    root = out or Path("studies")
    failed = 0
    for one in chosen:
        folder = root / one.name if name == "all" or out is None else root
        try:
            _run(one, folder, fast, settings, as_json)
        except HillotypeError as error:
            if name != "all":
                raise
            typer.echo(f"error: {one.name}: {printable(str(error))}", err=True)
            failed += 1
    if failed:
        raise typer.Exit(1)


def _list(studies: list[Study], as_json: bool) -> None:
    if as_json:
        rows = [{key: getattr(one, key) for key in ("name", "report", "summary", "data", "minutes")} for one in studies]
        typer.echo(json.dumps(rows, indent=1))
        return
    for one in studies:
        needs = ", ".join(one.data)
        typer.echo(f"{one.name:20} report {one.report}  {one.minutes:3.0f} min  {needs}: {one.summary}")


def _run(one: Study, folder: Path, fast: bool, settings: list[str] | None, as_json: bool) -> None:
    from hillotype.studies.results import run_study

    with WorkDisplay() as display:
        findings = run_study(
            one,
            folder,
            fast=fast,
            changes=read_settings(settings),
            report=lambda what, progress: display.say(what) if progress is None else display.report(progress, what),
        )
    if as_json:
        typer.echo((folder / "results.json").read_text("utf-8"), nl=False)
    else:
        _show(findings)
        typer.echo(f"{folder / 'report.html'}: done" + (" (a fast run: no figure means anything)" if fast else ""))


def _show(findings: Findings) -> None:
    from hillotype.pages import number
    from hillotype.studies.page import COLUMNS

    for figure in findings.figures:
        values = ", ".join(
            f"{head} {number(getattr(figure, key))}"
            for key, head in COLUMNS.items()
            if getattr(figure, key) is not None
        )
        target = "" if figure.target is None else f" (must reach {number(figure.target)})"
        typer.echo(f"{figure.what}, n = {figure.count}: {values}{target}")
