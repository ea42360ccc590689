"""The command `hillotype`: its commands, and how every one of them ends."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hillotype import __version__
from hillotype.cli import evaluate, latent, models, studio, study, train, use
from hillotype.cli.text import printable
from hillotype.errors import HillotypeError

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130


class Commands(TyperGroup):
    """Turns errors of ours into one line and exit code 1, and an interruption into exit code 130."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except HillotypeError as error:
            typer.echo(f"error: {printable(str(error))}", err=True)
            raise typer.Exit(EXIT_FAILED) from error
        except KeyboardInterrupt as error:
            typer.echo(
                "interrupted: what is finished is kept, nothing is half written; the same command goes on "
                "(train: with --resume)",
                err=True,
            )
            raise typer.Exit(EXIT_INTERRUPTED) from error


app = typer.Typer(
    name="hillotype",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (use, studio, models, train, evaluate, study, latent):
    group.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hillotype {__version__}")
        raise typer.Exit


@app.callback()
def hillotype(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Give pictures their color and clarity back.

    **Examples**

    `hillotype restore album/ -o restored/ --page`  whatever each picture needs, with a page to compare

    `hillotype colorize grandmother.jpg -o grandmother-color.jpg`

    Everything runs on this computer. No picture is sent anywhere, unless you name a cluster or a store; nothing is
    downloaded but the public data sets that studies and recipes name.
    """


def main() -> None:
    """Run the command line."""
    app(prog_name="hillotype")
