"""`hillotype models`: what is in the package, and what a model says of itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hillotype.errors import ModelFileError

if TYPE_CHECKING:
    from hillotype.modelfile import Card

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="A model of the package, or a model file: print its whole card.", show_default=False
    ),
]
_WHICH: Final = (
    "Which to choose: --model denoise (or restore) takes the clearer pair, usual for pictures; --model denoise-fast "
    "(or restore-fast) the quicker pair, usual for films."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(models)


def models(name: Name = None, as_json: AsJson = False) -> None:
    """List the models of the package, or print the card of one.

    **Example:** `hillotype models denoise-color`
    """
    from hillotype.modelfile import find_model, read_card, zoo
    from hillotype.restore.loading import CHOICES

    paths = zoo()
    if name is not None:
        if name in CHOICES and name not in paths:
            models = " or ".join(CHOICES[name].models)
            raise ModelFileError(f"{name}: takes several models, each with a card of its own; name {models}")
        paths = {name: find_model(name)}
    cards = {title: read_card(path) for title, path in paths.items()}
    if as_json:
        entries = [json.loads(card.to_json()) for card in cards.values()]
        typer.echo(json.dumps(entries if name is None else entries[0], indent=2, ensure_ascii=False))
    elif name is None:
        _print_list(paths, cards)
    else:
        _print_card(paths[name], cards[name])


def _print_list(paths: dict[str, Path], cards: dict[str, Card]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not cards:
        typer.echo("this package has no models; install hillotype again, or give commands a model file")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "task", "what it is"):
        table.add_column(heading)
    for heading in ("parameters", "MB"):
        table.add_column(heading, justify="right")
    for title, card in cards.items():
        size = paths[title].stat().st_size / 1e6
        table.add_row(title, card.task, card.summary, f"{card.parameters:,}", f"{size:.1f}")
    Console().print(table)
    typer.echo(f"\n{_WHICH}")
    typer.echo("hillotype models NAME prints a model's card: its training data, licence and measured figures.")


def _print_card(path: Path, card: Card) -> None:
    values = json.loads(card.to_json())
    metrics = values.pop("metrics")
    typer.echo(f"file: {path} ({path.stat().st_size / 1e6:.1f} MB)")
    _print_entries(values)
    for table in metrics:
        _print_figures(table)


def _print_entries(values: Mapping[str, Any], indent: str = "") -> None:
    for key, value in values.items():
        if value in ("", None, [], {}):
            continue
        if isinstance(value, Mapping):
            typer.echo(f"{indent}{key}:")
            _print_entries(value, indent + "  ")
        elif isinstance(value, list) and isinstance(value[0], Mapping):  # as the sources of a training
            typer.echo(f"{indent}{key}:")
            for each in value:
                typer.echo(f"{indent}  - " + ", ".join(f"{name}: {part}" for name, part in each.items()))
        else:
            typer.echo(f"{indent}{key}: {value}")


def _print_figures(figures: Mapping[str, Any]) -> None:
    """Print a table of the card: its `rows`, mappings with the same keys, under whatever else it says."""
    from rich.console import Console
    from rich.table import Table

    rows = [row for row in figures.get("rows", []) if isinstance(row, Mapping)]
    typer.echo("")
    _print_entries({key: value for key, value in figures.items() if key != "rows"})
    if rows:
        table = Table(box=None, pad_edge=False)
        for heading in rows[0]:
            table.add_column(heading)
        for row in rows:
            table.add_row(*(str(row.get(heading, "")) for heading in rows[0]))
        Console().print(table)
