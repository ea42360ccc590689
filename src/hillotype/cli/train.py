"""`hillotype train` and `hillotype export`: from a recipe to a run folder to a model file."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.errors import RecipeError

if TYPE_CHECKING:
    from hillotype.train.loop import Progress


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(train)
    app.command()(export)


def train(
    recipe: Annotated[
        Path, typer.Argument(help="A TOML recipe; recipes/ has those of the shipped models.", readable=False)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The run folder; runs/NAME if it is not given.")
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
    last and best. Relative data names are looked up here, then in the folder HILLOTYPE_DATA.

    Examples:
        hillotype train recipes/denoise-gray.toml -o runs/gray --minutes 60

        hillotype train recipes/colorize.toml --set optimization.steps=2000 --set data.augment.crop=160

        torchrun --nproc-per-node 2 -m hillotype train recipes/colorize.toml --devices 2
    """
    with needs_train_extra():
        from lightning_fabric import Fabric

        from hillotype.train.config import read_recipe
        from hillotype.train.loop import fit

    run = read_recipe(recipe, dict(_setting(text) for text in settings or []))
    folder = out or Path("runs") / run.name
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices if devices == "auto" else int(devices),
            num_nodes=nodes,
            precision=precision or run.precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:  # what it is asked for is unknown, or not in this machine
        reason = str(error).splitlines()[0].rstrip(".")
        raise RecipeError(f"{reason}; change --accelerator, --devices, --nodes or --precision") from error
    with _progress(fabric.is_global_zero) as report:
        fit(run, folder, minutes=minutes, resume=resume, fabric=fabric, report=report)
    if fabric.is_global_zero:
        typer.echo(f"{folder}: done. Look at {folder / 'samples.png'} and {folder / 'loss.png'}; next:")
        typer.echo(f"  hillotype export {folder} -o {run.name}.onnx")


def export(
    run: Annotated[Path, typer.Argument(help="A run folder that `hillotype train` made.", readable=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The model file; RUN/NAME.onnx if it is not given.")
    ] = None,
    working_side: Annotated[
        int | None, typer.Option(min=32, help="Short side at which a colorizer sees pictures; the recipe's by default.")
    ] = None,
    vividness: Annotated[
        float, typer.Option(min=0.0, max=3.0, help="Factor on the chroma of a colorizer; set it on validation data.")
    ] = 1.0,
) -> None:
    """Make a model file of a run's best checkpoint.

    The file is one .onnx with its card in it, and works wherever a model's name does. It is put in place only if
    ONNX Runtime answers as torch does.

    Example:
        hillotype export runs/gray -o gray.onnx && hillotype denoise scan.jpg -o clean.jpg --model gray.onnx
    """
    with needs_train_extra():
        from hillotype.train.export import export as export_run

    card = export_run(run, out, working_side=working_side, vividness=vividness)
    out = out or run / f"{card.name}.onnx"
    typer.echo(f"{out}: {card.name}, {card.parameters:,} parameters, {out.stat().st_size / 1e6:.1f} MB")


def _setting(text: str) -> tuple[str, Any]:
    """Split KEY=VALUE; the value is read as TOML, or as text where it is not TOML."""
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise RecipeError(f"--set {text}: must be KEY=VALUE, as optimization.steps=500")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


class _progress:
    """A progress bar on the terminal, or a line now and then where there is none."""

    def __init__(self, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.console = Console(stderr=True)
        self.shown, self.lines = shown, 0
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(), TextColumn("{task.description}"))
        self.bar = Progress(*columns, console=self.console, disable=not (shown and self.console.is_terminal))

    def __enter__(self) -> Any:  # noqa: ANN401
        self.bar.start()
        self.task = self.bar.add_task("reading pictures", total=1.0)
        return self.report

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def report(self, progress: Progress) -> None:
        """Show where the run stands."""
        validation = "-" if math.isnan(progress.validation_loss) else f"{progress.validation_loss:.4g}"
        hours, seconds = divmod(round(progress.seconds_left), 3600)
        text = (
            f"step {progress.step}  train {progress.train_loss:.4g}  validation {validation}  "
            f"{progress.pictures_per_second:.0f} pictures/s  {hours}:{seconds // 60:02}:{seconds % 60:02} left"
        )
        self.bar.update(self.task, completed=progress.fraction, description=text)
        if self.shown and not self.console.is_terminal and progress.fraction * 20 >= self.lines:
            self.console.print(f"{progress.fraction:4.0%}  {text}", highlight=False)
            self.lines = int(progress.fraction * 20) + 1
