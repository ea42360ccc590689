"""A model that was trained: its recipe, its weights and its log, ready to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from hillotype.errors import RecipeError
from hillotype.models import ImageModel
from hillotype.tasks import Task
from hillotype.train import checkpoint
from hillotype.train.config import Run, build_model, build_task, make_run
from hillotype.train.log import Log, Row, curve

Floats: TypeAlias = np.ndarray
"""float32 (N, C, H, W), pictures in [0, 1]."""

_BATCH = 250


@dataclass(frozen=True)
class Trained:
    """What a run has made.

    Attributes:
        name: what it is called beside others.
        run: its recipe.
        model: with the averaged weights of the last step, or of the best validation, in evaluation mode.
        task: what it was trained for.
        folder: its run folder.
        seconds: how long the training took.
        steps: how many steps it took.
        machines: what computed them: see `machine`; empty where that was not recorded.
        earlier: the sources that the weights it began with have learned from, as a recipe lists them.
    """

    name: str
    run: Run
    model: ImageModel
    task: Task
    folder: Path
    seconds: float
    steps: int
    machines: tuple[str, ...] = ()
    earlier: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def history(self) -> list[Row]:
        """The lines of its log."""
        return Log(self.folder).rows()

    def curve(self, key: str) -> list[tuple[float, float]]:
        """Returns step and value of each line of `history` that has this figure, as `validation_loss`."""
        return curve(self.history, key)

    @property
    def parameters(self) -> int:
        """How many numbers training changed."""
        return sum(p.numel() for p in self.model.trained_parameters())

    def running_loss(self, share: float) -> float:
        """Mean training loss over the last share of the steps, while weights moved: what Keras prints of an epoch."""
        late = [row for row in self.history if row["step"] > (1 - share) * self.steps]
        return float(np.mean([row["train_loss"] for row in late if "train_loss" in row]))

    def observe(self, pictures: Floats, seed: int = 0) -> Floats:
        """Returns what the model sees of pictures: the same for the same seed, and for a `fixed` noise always."""
        batches = torch.split(torch.from_numpy(pictures), _BATCH)
        rng = torch.Generator().manual_seed(seed)
        return np.asarray(torch.cat([self.task.observe(batch, rng) for batch in batches]))

    def predict(self, seen: Floats) -> Floats:
        """Returns the model's own answers (N, k, H, W) to what it sees (N, c, H, W)."""
        with torch.no_grad():
            batches = torch.split(torch.from_numpy(np.ascontiguousarray(seen)), _BATCH)
            answers = [self.model(batch.contiguous(memory_format=torch.channels_last)) for batch in batches]
        return np.asarray(torch.cat(answers).float().contiguous())

    def answer(self, seen: Floats) -> Floats:
        """Returns the pictures (N, C, H, W) in [0, 1] that the model makes of what it sees."""
        return np.asarray(self.task.finish(seen, self.predict(seen)), dtype=np.float32)


def open_run(folder: Path, name: str | None = None, *, best: bool = True) -> Trained:
    """Opens a run folder.

    Args:
        folder: that `hillotype train` made.
        name: what it is called beside others; the run's own name if it is not given.
        best: take the weights of the best validation; else the last ones.

    Raises:
        RecipeError: there is no such folder, or it holds no run that has validated once.
        DataError: its checkpoint is damaged.
    """
    if not folder.is_dir():
        raise RecipeError(f"{folder}: no such run folder; check the path, or make one with `hillotype train`")
    file = folder / f"{'best' if best else 'last'}.safetensors"
    if not file.is_file() and (recipe := folder / "run.toml").is_file():
        raise RecipeError(
            f"{folder}: has not validated yet; go on with `hillotype train {recipe} -o {folder} --resume`"
        )
    if not file.is_file():
        raise RecipeError(f"{folder}: no {file.name} in it; give the folder of a run that has validated once")
    run = make_run(checkpoint.read_run(file), str(file))
    model = build_model(run, pretrained=False)
    progress = checkpoint.read_averaged(file, model)
    return Trained(
        name=name or run.name,
        run=run,
        model=model.eval(),
        task=build_task(run),
        folder=folder,
        seconds=progress["seconds"],
        steps=progress["step"],
        machines=tuple(progress["machines"]),
        earlier=tuple(progress["earlier"]),
    )
