"""`hillotype latent`: what can be made of an autoencoder's codes, and what they tell."""

from __future__ import annotations

import typer

from hillotype.cli.latent import anomalies, fill, make, maps

_HELP = """Explore the codes of a trained autoencoder: generate, walk, map, find anomalies, fill in.

**Example:** `hillotype train recipes/latent/mnist-vae.toml && hillotype latent sample runs/mnist-vae -o samples.png`
"""


def register(app: typer.Typer) -> None:
    """Add the commands of this folder under `latent`."""
    latent = typer.Typer(
        name="latent",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        help=_HELP,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for group in (make, maps, anomalies, fill):
        group.register(latent)
    app.add_typer(latent)
