"""Checkpoints: safetensors files with the run beside the weights, written atomically, never pickled."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor, nn

from hillotype.errors import DataError
from hillotype.files import write_whole
from hillotype.models import ImageModel

_PROGRESS = ("step", "seconds", "best")
_LATER = ("machines", "earlier")  # older checkpoints lack them


@dataclass
class State:
    """What a training run is made of; `save` and `restore` carry it whole.

    Attributes:
        model: the weights that move.
        average: their exponential moving average by parameter name: the weights that count.
        optimizer: AdamW.
        step: steps done.
        seconds: time trained, over all sessions.
        best: the lowest validation loss so far.
        machines: what has computed it, each once; empty for checkpoints that say nothing of it.
        earlier: the sources that the weights it began with have learned from, as a recipe lists them.
    """

    model: ImageModel
    average: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    machines: tuple[str, ...] = ()
    earlier: tuple[Mapping[str, Any], ...] = ()


def save(path: Path, state: State, run: dict[str, Any]) -> None:
    """Writes the state and its run to `path`, atomically: the old file stays whole until the new one is.

    Raises:
        OSError: the folder or disk does not take the file.
    """
    tensors = {f"model/{name}": value for name, value in state.model.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in state.average.items()}
    names = {id(p): name for name, p in state.model.named_parameters()}
    for parameter, moments in state.optimizer.state.items():
        for key, value in moments.items():
            tensors[f"optimizer/{key}/{names[id(parameter)]}"] = value
    progress = {key: getattr(state, key) for key in (*_PROGRESS, *_LATER)}
    metadata = {"run": json.dumps(run), "progress": json.dumps(progress)}
    content = serialize({name: _plain(value) for name, value in tensors.items()}, metadata)
    write_whole([content], path, overwrite=True)


def _plain(value: Tensor) -> Tensor:
    return value.detach().cpu().contiguous().clone()


def restore(path: Path, state: State) -> None:
    """Fills the state from `path`, so that training goes on exactly where it stopped.

    Raises:
        DataError: the file is missing, damaged, or of another model.
    """
    tensors, _, progress = _read(path)
    state.step, state.seconds, state.best = (progress[key] for key in _PROGRESS)
    state.machines, state.earlier = (tuple(progress[key]) for key in _LATER)
    with _fitting(path):
        state.model.load_state_dict(_part(tensors, "model/"))
        average = _part(tensors, "average/")
        for name, value in state.average.items():
            value.copy_(average[name])
        parameters = dict(state.model.named_parameters())
        for name, value in _part(tensors, "optimizer/").items():
            key, _, parameter = name.partition("/")
            target = parameters[parameter]
            # `step` stays on the CPU, where AdamW keeps it; moments live, and lie in memory, as their parameter does
            moment = value if key == "step" else torch.empty_like(target).copy_(value)
            state.optimizer.state[target][key] = moment


def read_averaged(path: Path, model: nn.Module) -> dict[str, Any]:
    """Fills `model` with the averaged weights of a checkpoint; returns the rest of its `State` by name.

    Raises:
        DataError: the file is missing, damaged, or of another model.
    """
    tensors, _, progress = _read(path)
    with _fitting(path):
        model.load_state_dict(_averaged(tensors))
    return progress


def averaged_weights(path: Path) -> tuple[dict[str, Tensor], Sequence[Mapping[str, Any]]]:
    """Returns the averaged weights of a checkpoint, by name, and the sources that they have learned from.

    Raises:
        DataError: the file is missing or damaged.
    """
    tensors, run, progress = _read(path)
    return _averaged(tensors), [*run["data"]["sources"], *progress["earlier"]]


def _averaged(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return _part(tensors, "model/") | _part(tensors, "average/")


def read_run(path: Path) -> dict[str, Any]:
    """Returns the run that made the checkpoint, as the recipe's values.

    Raises:
        DataError: the file is missing or damaged.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], dict[str, Any]]:
    """Returns the tensors of a checkpoint, the run that made it and how far that was."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        run, progress = (json.loads(metadata.get(key, "null")) for key in ("run", "progress"))
    except (OSError, SafetensorError, ValueError) as error:
        raise DataError(f"{path}: not a readable checkpoint ({error}); train the run again") from error
    if not isinstance(run, dict) or not isinstance(progress, dict) or not progress.keys() >= set(_PROGRESS):
        raise DataError(f"{path}: not a checkpoint of hillotype; give a run folder made by `hillotype train`")
    return tensors, run, {key: [] for key in _LATER} | progress


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


@contextmanager
def _fitting(path: Path) -> Iterator[None]:
    """Turns the failures of filling a model with the tensors of another one into one line."""
    try:
        yield
    except (KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise DataError(f"{path}: its weights are of another model ({reason}); check the recipe") from error
