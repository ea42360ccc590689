"""The run folder: recipe, log, TensorBoard events, figures and checkpoints of one run."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import tomli_w
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from hillotype.errors import RecipeError
from hillotype.files import make_folder, write_whole, writing
from hillotype.train import checkpoint, figures
from hillotype.train.checkpoint import State
from hillotype.train.config import Run
from hillotype.train.log import Log, Row


class RunFolder:
    """Where a run is kept. On processes other than the first, `writes` is false and nothing is written.

    Attributes:
        path: the folder.
        last: the checkpoint to resume from.
        best: the checkpoint with the lowest validation loss, the one to export.
        log: `metrics.jsonl`.
    """

    def __init__(self, path: Path, run: Run, *, resume: bool, writes: bool = True) -> None:
        self.path, self.writes = path, writes
        self.last, self.best = path / "last.safetensors", path / "best.safetensors"
        self.log = Log(path)
        self.values = run.model_dump(mode="json", exclude_none=True)
        self.events: SummaryWriter | None = None
        if self.last.exists() and not resume:
            raise RecipeError(f"{path}: holds a run already; add --resume to go on, or choose another folder")
        if resume and self.last.exists() and (changed := _changed(checkpoint.read_run(self.last), self.values)):
            raise RecipeError(
                f"{path}: was trained by another recipe ({changed} differs); go on with {path / 'run.toml'}, or choose "
                f"another folder, where --set start={path} begins with its weights"
            )

    def open(self, step: int) -> None:
        """Writes the recipe, and forgets what a resumed run (from `step` on) will log again."""
        if not self.writes:
            return
        make_folder(self.path, RecipeError)
        with self._writing():
            write_whole([tomli_w.dumps(self.values).encode()], self.path / "run.toml", overwrite=True)
            self.log.rewind(step)
            self.events = SummaryWriter(str(self.path), purge_step=step)

    def close(self) -> None:
        """Closes the TensorBoard events."""
        with self._writing():
            if self.events:
                self.events.close()

    def write_row(self, step: int, row: Row) -> None:
        """Adds a line to `metrics.jsonl`, and its numbers to the TensorBoard events."""
        if self.events is None:
            return
        with self._writing():
            self.log.add(step, row)
            for name, value in row.items():
                self.events.add_scalar(name, value, step)

    def draw(self, *rows: Tensor) -> None:
        """Writes `loss.png`, and `samples.png` with the rows given, each (N, C, H, W) in [0, 1]."""
        if self.writes:
            with self._writing():
                write_whole([figures.loss_curve(self.log.rows())], self.path / "loss.png", overwrite=True)
                write_whole([figures.samples(*rows)], self.path / "samples.png", overwrite=True)

    def save(self, path: Path, state: State) -> None:
        """Writes a checkpoint, atomically."""
        if self.writes:
            with self._writing():
                checkpoint.save(path, state, self.values)

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self.path, RecipeError)


def _changed(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The dotted name of the first setting in which two recipes differ; empty if there is none."""
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            if inner := _changed(old, new):
                return f"{key}.{inner}"
        elif old != new:
            return key
    return ""
