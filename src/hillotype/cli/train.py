"""`hillotype train` and `hillotype export`: from a recipe to a run folder to a model file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.progress import WorkDisplay
from hillotype.cli.settings import read_settings
from hillotype.errors import ModelFileError, RecipeError

if TYPE_CHECKING:
    from hillotype.train.config import Run


_LEAST_SPREAD = 6
"""Mean spread of a picture's channels, of 255, below which it counts as gray, as in the shipped colorizer's recipe."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(train)
    app.command()(export)


def train(
    recipe: Annotated[
        Path,
        typer.Argument(
            metavar="RECIPE",
            help="A TOML recipe (recipes/ has those of the shipped models), or self-denoise, which is built in.",
            readable=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run folder; runs/NAME if it is not given.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", help="Train on these in place of the recipe's pictures: a folder, a zip or a set (mnist/train)."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the recipe, as optimization.steps=500."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="End after so many minutes, the learning rate annealed.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on exactly where the run in the folder stopped.")
    ] = False,
    accelerator: Annotated[str, typer.Option(help="Where to compute: auto, cpu, cuda, mps.")] = "auto",
    devices: Annotated[str, typer.Option(help="How many devices on each host, or auto.")] = "1",
    nodes: Annotated[int, typer.Option(min=1, help="How many hosts; start each with torchrun.")] = 1,
    precision: Annotated[
        str | None, typer.Option(help="32-true, bf16-mixed or 16-mixed, in place of the recipe's.")
    ] = None,
) -> None:
    """Train a model by a recipe.

    The run folder holds the recipe, metrics.jsonl, TensorBoard events, loss.png, samples.png and the checkpoints
    last and best. Data is looked for here, then in the folder that HILLOTYPE_DATA names.

    **Example:** `hillotype train recipes/denoise-fast-gray.toml -o runs/gray --minutes 60`

    **Example:** `hillotype train self-denoise --data scans -o runs/scans`

    **Example:** `hillotype train recipes/colorize.toml --set optimization.steps=2000 --set data.augment.crop=160`

    **Example:** `torchrun --nproc-per-node 2 -m hillotype train recipes/colorize.toml --devices 2`
    """
    with needs_train_extra():
        from lightning_fabric import Fabric

        from hillotype.train.config import build_task, find_recipe, read_recipe
        from hillotype.train.loop import fit

    sources = {} if data is None else {"data.sources": [{"name": data, "licence": "not stated"}]}
    run = read_recipe(find_recipe(recipe), sources | read_settings(settings))
    folder = out or Path("runs") / run.name
    try:
        if devices != "auto" and not devices.isdecimal():
            raise ValueError(f"--devices {devices}: neither a number nor auto")
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices if devices == "auto" else int(devices),
            num_nodes=nodes,
            precision=precision or run.precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:  # what it is asked for is unknown, or not in this machine
        reason = str(error).splitlines()[0].rstrip(".")
        raise RecipeError(f"{reason}; change --accelerator, --devices, --nodes or --precision") from error
    if fabric.is_global_zero:
        if not build_task(run).supervised:
            _say_if_noise_is_coarse(run)
        elif run.task["name"] == "colorize" and not run.data.min_spread:
            _say_if_gray(run)
    with WorkDisplay(shown=fabric.is_global_zero) as display:
        fit(run, folder, minutes=minutes, resume=resume, fabric=fabric, report=display.report)
    if fabric.is_global_zero:
        commands = _next_commands(run, folder)
        rest = "; next:" if commands else ""
        typer.echo(f"{folder}: done. Look at {folder / 'samples.png'} and {folder / 'loss.png'}{rest}")
        for command in commands:
            typer.echo(f"  {command}")


def _next_commands(run: Run, folder: Path) -> list[str]:
    """What can be done with a run: its codes, if it has some, and a model file, if it can be one."""
    from hillotype.models import Autoencoder
    from hillotype.tasks import Inpaint, Reconstruct
    from hillotype.train.config import build_model, build_task
    from hillotype.train.export import why_not_exported

    task, model = build_task(run), build_model(run, pretrained=False)
    commands = []
    if isinstance(task, Inpaint):
        commands.append(["latent", "fill", str(folder), "-o", "filled.png"])
    elif isinstance(task, Reconstruct) and isinstance(model, Autoencoder):
        commands.append(["latent", "map", str(folder), "-o", "map.html"])
    if not why_not_exported(task, model):
        side = ["--working-side", "256"] if task.name == "colorize" and run.working_side is None else []
        commands.append(["export", str(folder), "-o", f"{run.name}.onnx", *side])
    return [shlex.join(["hillotype", *command]) for command in commands]


def _say_if_noise_is_coarse(run: Run) -> None:
    """Warn before hours are spent on pictures whose noise a task without truth cannot tell from the picture."""
    from statistics import median

    from hillotype.data.images import to_floats
    from hillotype.evaluate.sigma import FINE, fineness
    from hillotype.train.batches import load_few

    if median(fineness(to_floats(picture)[None]) for picture in load_few(run)) < FINE:
        typer.echo(
            "note: most of these pictures have little noise that differs from pixel to pixel, and no other can be "
            "learned from; train on copies of half the size, or use `hillotype denoise` as it is",
            err=True,
        )


def _say_if_gray(run: Run) -> None:
    """Warn where pictures have no colors to learn from: the more of them, the grayer the answers."""
    from hillotype.data.prepare import spread
    from hillotype.train.batches import load_few

    few = load_few(run)
    gray = sum(spread(picture) < _LEAST_SPREAD for picture in few)
    if gray:
        typer.echo(
            f"note: {gray} of {len(few)} pictures looked at are gray, and teach a colorizer to answer gray; "
            f"--set data.min_spread={_LEAST_SPREAD} leaves them out",
            err=True,
        )


def export(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder that `hillotype train` made.", readable=False)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The model file; RUN/NAME.onnx if it is not given.")
    ] = None,
    working_side: Annotated[
        int | None, typer.Option(min=32, help="Short side at which a colorizer sees pictures; the recipe's by default.")
    ] = None,
    vividness: Annotated[
        float, typer.Option(min=0.0, max=3.0, help="Factor on the chroma of a colorizer; set it on validation data.")
    ] = 1.0,
    keep: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Share of the way back to the weights the run started with, so less is forgotten."
        ),
    ] = 0.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --out if it exists.")] = False,
) -> None:
    """Make a model file of a run's best checkpoint.

    The file is one .onnx with its card in it, and works wherever a model's name does. It is put in place only if
    ONNX Runtime answers as torch does.

    **Example:** `hillotype export runs/gray -o gray.onnx && hillotype denoise scan.jpg -o clean.jpg --model gray.onnx`
    """
    if out is not None and out.suffix != ".onnx":
        raise ModelFileError(f"{out}: a model file's name must end in .onnx; give --out such a name")
    if out is not None and os.path.lexists(out) and not overwrite:
        raise ModelFileError(f"{out}: exists already; give --out another name or add --overwrite")
    with needs_train_extra():
        from hillotype.train.export import export as export_run

    card = export_run(run, out, working_side=working_side, vividness=vividness, keep=keep)
    out = out or run / f"{card.name}.onnx"
    typer.echo(f"{out}: {card.name}, {card.parameters:,} parameters, {out.stat().st_size / 1e6:.1f} MB")
