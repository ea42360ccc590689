"""What the commands of `hillotype latent` share: their options, and how a run is opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.text import printable

if TYPE_CHECKING:
    from hillotype.latent.coder import Coder
    from hillotype.train.trained import Trained

RunFolder = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The run folder of an autoencoder, made by `hillotype train`.", readable=False),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The file to write; one that is there is replaced.")]
Seed = Annotated[int, typer.Option(min=0, help="Of what is drawn at random; the same seed gives the same file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print numbers as JSON.")]


def open_run(folder: Path) -> tuple[Trained, Coder]:
    """Open a run, and its autoencoder as a coder.

    Raises:
        RecipeError: the folder holds no run, or its model has no code.
        DataError: its checkpoint is damaged.
    """
    with needs_train_extra():
        from hillotype.latent.coder import open_coder
        from hillotype.train.trained import open_run as open_trained

    trained = open_trained(folder)
    return trained, open_coder(trained)


def report(out: Path, summary: str, numbers: Mapping[str, object], *, as_json: bool) -> None:
    """Say what was written: one line, or the numbers as JSON."""
    if as_json:
        typer.echo(json.dumps({"file": str(out), **numbers}, indent=1))
    else:
        typer.echo(printable(f"{out}: {summary}"))
