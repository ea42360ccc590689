"""`hillotype evaluate`: a model's figures beside its baselines."""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.progress import WorkDisplay
from hillotype.errors import RecipeError

if TYPE_CHECKING:
    from hillotype.evaluate.report import Table


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name from `hillotype models`, or a model file.")],
    data: Annotated[
        str, typer.Option("--data", help="Test pictures: a folder, a zip, a folder inside one, or a set (mnist/test).")
    ],
    split: Annotated[
        str, typer.Option(help="Which part of them: all, train, validation or test, as the model's training had them.")
    ] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many pictures.")] = None,
    sigma: Annotated[
        list[float] | None,
        typer.Option(
            min=0.0, max=255.0, help="For denoisers: a level of noise, of 255; repeatable; 0, 15, 25, 50 if none."
        ),
    ] = None,
    fit_on: Annotated[
        str | None, typer.Option(help="Clean training pictures for PCA and mean color, if the model's are not at hand.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the noise.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A folder for report.html and report.json.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Write the figures on the model file's card.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model beside doing nothing, mean color, PCA and a classical method.

    The first row is doing nothing; the last is how much better the model is, picture by picture, with its 95%
    bootstrap interval. Noise is float, neither clipped nor rounded, and the model is not told its level.

    **Example:** `hillotype evaluate denoise-gray --data zip:benchmarks.zip/bsd68`

    **Example:** `hillotype evaluate colorize --data folder:photos --limit 50 -o report`
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.evaluate.measure import measure
        from hillotype.evaluate.plan import (
            SIGMAS,
            make_plan,
            note_on_seen,
            read_fitting_pictures,
            read_test_pictures,
        )
        from hillotype.evaluate.report import example_strips, tables, write_report
    from hillotype.files import make_folder
    from hillotype.modelfile import load_model, write_card

    file = load_model(model)
    card = file.card
    if sigma and card.task != "denoise":
        raise RecipeError(f"--sigma: is for denoisers, and {card.name} is none; leave it out")
    pictures = read_test_pictures(card, data, split=split, limit=limit)
    fitting = read_fitting_pictures(card, fit_on)
    if not fitting:
        typer.echo("no PCA and mean color rows: no clean training pictures at hand; give --fit-on", err=True)
    plan = make_plan(file, fitting, sigmas=sigma or SIGMAS, rng=np.random.default_rng(seed))
    if out is not None:
        make_folder(out)  # before the long work, not after it
    if note := note_on_seen(card, data, split):
        typer.echo(note, err=True)
    with WorkDisplay(shown=not as_json) as display:
        results = measure(plan.tasks, plan.methods, pictures, plan.metrics, seed=seed, report=display.count)
    options = {"--data": data, "--split": split, "--limit": limit, "--fit-on": fit_on, "--seed": seed}
    words = [word for option, value in options.items() if value is not None for word in (option, str(value))]
    levels = [word for level in sigma or () for word in ("--sigma", f"{level:g}")]
    facts = {"model": card.name, "data": data, "split": split, "n": len(pictures), "seed": seed}

    def command(name: str) -> dict[str, str]:
        return {"command": shlex.join(["hillotype", "evaluate", name, *words, *levels])}

    if out is not None:
        strips = example_strips(plan.tasks, plan.methods[-1], pictures)
        page = write_report(out, f"{card.name} on {data}", facts | command(model), results, strips)
        typer.echo(f"{page}", err=True)
    rows = {"rows": results.rows()} if record or as_json else {}
    if record:
        entry = facts | command(card.name) | rows  # a card goes along with its file, by whatever name
        kept = [old for old in card.metrics if (old.get("data"), old.get("split")) != (data, split)]
        write_card(file.path, dataclasses.replace(card, metrics=(*kept, entry)))
    if as_json:
        typer.echo(json.dumps(facts | command(model) | rows, indent=2))
    else:
        typer.echo(f"{card.name} on {data}, split {split}, n = {len(pictures)}, seed {seed}")
        for table in tables(results):
            _print(table)


def _print(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(table.title, box=box.SIMPLE_HEAD)
    for name in table.head:
        shown.add_column(name, justify="right")
    for row in table.rows:
        shown.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(shown)
