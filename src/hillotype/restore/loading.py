"""Restorers by name: a task and how it is done, a model of the zoo, or a model file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, overload

from hillotype.errors import HillotypeError, ModelFileError
from hillotype.modelfile import Model, load_model, zoo
from hillotype.restore.automatic import AutomaticRestorer
from hillotype.restore.colorize import Colorizer
from hillotype.restore.denoise import Denoiser
from hillotype.restore.restorer import Restorer


@dataclass(frozen=True)
class Choice:
    """A way to do a task, by models of the zoo.

    Attributes:
        task: "denoise", "colorize" or "restore".
        models: their names; of denoisers the one for gray pictures and the one for colors, a colorizer last.
        summary: one phrase, for people who choose.
    """

    task: str
    models: tuple[str, ...]
    summary: str


_QUALITY: Final = ("denoise-gray", "denoise-color")
_FAST: Final = ("denoise-fast-gray", "denoise-fast-color")

CHOICES: Final[Mapping[str, Choice]] = {
    "denoise": Choice("denoise", _QUALITY, "clearer"),
    "denoise-fast": Choice("denoise", _FAST, "quicker"),
    "colorize": Choice("colorize", ("colorize",), "the only one"),
    "restore": Choice("restore", (*_QUALITY, "colorize"), "clearer"),
    "restore-fast": Choice("restore", (*_FAST, "colorize"), "quicker"),
}
"""The ways by name; a task's own name is the usual one."""

FOR_FILMS: Final[Mapping[str, str]] = {"denoise": "denoise-fast", "restore": "restore-fast"}
"""The usual way where it is another one for films: an hour of film is 90,000 pictures."""


def usual(task: str, *, film: bool) -> str:
    """Returns the name of the usual way to do a task."""
    return FOR_FILMS.get(task, task) if film else task


def names_for(task: str) -> list[str]:
    """Returns the names of the ways to do a task, the usual one first."""
    return [name for name, choice in CHOICES.items() if choice.task == task]


@overload
def load(name_or_path: Literal["colorize"], *, threads: int | None = None, device: str = "auto") -> Colorizer: ...


@overload
def load(
    name_or_path: Literal["denoise", "denoise-fast"], *, threads: int | None = None, device: str = "auto"
) -> Denoiser: ...


@overload
def load(
    name_or_path: Literal["restore", "restore-fast"], *, threads: int | None = None, device: str = "auto"
) -> AutomaticRestorer: ...


@overload
def load(name_or_path: str | os.PathLike[str], *, threads: int | None = None, device: str = "auto") -> Restorer: ...


def load(name_or_path: str | os.PathLike[str], *, threads: int | None = None, device: str = "auto") -> Restorer:
    """Loads a restorer; cheap to call again.

    Args:
        name_or_path: "denoise", "colorize" or "restore" (what the picture needs); "denoise-fast" or "restore-fast",
            quicker and a little less clear; the name of a model in the package; or the path of a model file.
        threads: how many threads compute; None for one on each core.
        device: what computes: "cpu", "openvino", "cuda", "directml", "coreml"; or "auto" for what was measured to be
            the fastest on the processor, unless the environment variable HILLOTYPE_DEVICE names one.

    Returns:
        A restorer: call it with a picture.

    Raises:
        ModelFileError: no such model, or a file that is damaged, foreign or made for something else.
        HillotypeError: no such device here, or fewer threads than one.
    """
    if threads is not None and threads < 1:
        raise HillotypeError(f"threads {threads}: must be at least 1; give None for one on each core")
    choice = CHOICES.get(os.fspath(name_or_path))
    if choice is None:
        _check_name(os.fspath(name_or_path))
        return _restorer(load_model(name_or_path, threads=threads, device=device))
    missing = [name for name in choice.models if name not in zoo()]
    if missing:
        raise ModelFileError(
            f"{name_or_path}: the package lacks the model {missing[0]}; install hillotype again, or give a model file"
        )
    models = [load_model(name, threads=threads, device=device) for name in choice.models]
    if choice.task == "restore":
        return AutomaticRestorer(Denoiser(*models[:2]), Colorizer(models[2]))
    return Denoiser(*models) if choice.task == "denoise" else Colorizer(models[0])


def _check_name(name: str) -> None:
    """Refuses what is neither a name that is known nor looks like a file."""
    if name not in zoo() and not os.path.splitext(name)[1] and not os.path.lexists(name):
        known = ", ".join(dict.fromkeys((*CHOICES, *zoo())))
        raise ModelFileError(f"{name}: no such model; give an .onnx file or one of {known}")


def _restorer(model: Model) -> Restorer:
    if model.card.task == "denoise":
        return Denoiser(model)
    if model.card.task == "colorize":
        return Colorizer(model)
    raise ModelFileError(
        f"{model.path}: a model for the task {model.card.task!r}; pictures are restored by denoise, colorize"
    )
