"""Restorers by name: a task, a model of the zoo, or a model file."""

from __future__ import annotations

import os
from typing import Final, Literal, overload

from hillotype.errors import ModelFileError
from hillotype.modelfile import Model, load_model, zoo
from hillotype.restore.automatic import AutomaticRestorer
from hillotype.restore.colorize import Colorizer
from hillotype.restore.denoise import Denoiser
from hillotype.restore.restorer import Restorer

TASKS: Final = {
    "denoise": ("denoise-gray", "denoise-color"),
    "colorize": ("colorize",),
    "restore": ("denoise-gray", "denoise-color", "colorize"),
}
"""The tasks by name, and the models of the zoo that do them."""


@overload
def load(name_or_path: Literal["colorize"], *, threads: int | None = None, device: str = "auto") -> Colorizer: ...


@overload
def load(name_or_path: str | os.PathLike[str], *, threads: int | None = None, device: str = "auto") -> Restorer: ...


def load(name_or_path: str | os.PathLike[str], *, threads: int | None = None, device: str = "auto") -> Restorer:
    """Load a restorer; cheap to call again.

    Args:
        name_or_path: "denoise", "colorize" or "restore" (what the picture needs); the name of a model in the package;
            or the path of a model file.
        threads: how many threads compute; None for one on each core.
        device: what computes: "cpu", "openvino", "cuda", "directml", "coreml"; or "auto" for what was measured to be
            the fastest on the processor, unless the environment variable HILLOTYPE_DEVICE names one.

    Returns:
        A restorer: call it with a picture.

    Raises:
        ModelFileError: no such model, or a file that is damaged, foreign or made for something else.
        HillotypeError: no such device here.
    """
    names = TASKS.get(os.fspath(name_or_path), (name_or_path,))
    missing = [name for name in names if name in TASKS.get(os.fspath(name_or_path), ()) and name not in zoo()]
    if missing:
        raise ModelFileError(
            f"{name_or_path}: the package lacks the model {missing[0]}; install hillotype again, or give a model file"
        )
    models = [load_model(name, threads=threads, device=device) for name in names]
    if name_or_path == "restore":
        return AutomaticRestorer(Denoiser(*models[:2]), Colorizer(models[2]))
    return _restorer(models)


def _restorer(models: list[Model]) -> Restorer:
    task = models[0].card.task
    if task == "denoise":
        return Denoiser(*models)
    if task == "colorize":
        return Colorizer(models[0])
    raise ModelFileError(f"{models[0].path}: a model for the task {task!r}; pictures are restored by denoise, colorize")
