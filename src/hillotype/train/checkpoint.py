"""Checkpoints: safetensors files with the run beside the weights, written atomically, never pickled."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from hillotype.errors import DataError


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
    """

    model: nn.Module
    average: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")


def save(path: Path, state: State, run: dict[str, Any]) -> None:
    """Writes the state and its run to `path`, atomically: the old file stays whole until the new one is."""
    tensors = {f"model/{name}": value for name, value in state.model.state_dict().items()}
    tensors |= {f"average/{name}": value for name, value in state.average.items()}
    names = {id(p): name for name, p in state.model.named_parameters()}
    for parameter, moments in state.optimizer.state.items():
        for key, value in moments.items():
            tensors[f"optimizer/{key}/{names[id(parameter)]}"] = value
    progress = {"step": state.step, "seconds": state.seconds, "best": state.best}
    metadata = {"run": json.dumps(run), "progress": json.dumps(progress)}
    temporary = path.with_name(f".{path.name}.partial")
    try:
        save_file({name: _plain(value) for name, value in tensors.items()}, temporary, metadata=metadata)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _plain(value: Tensor) -> Tensor:
    return value.detach().cpu().contiguous().clone()


def restore(path: Path, state: State) -> None:
    """Fills the state from `path`, so that training goes on exactly where it stopped.

    Raises:
        DataError: the file is missing, damaged, or of another model.
    """
    tensors, metadata = _read(path)
    progress = json.loads(metadata["progress"])
    state.step, state.seconds, state.best = progress["step"], progress["seconds"], progress["best"]
    _fill(path, state.model, _part(tensors, "model/"))
    for name, value in _part(tensors, "average/").items():
        state.average[name].copy_(value)
    parameters = dict(state.model.named_parameters())
    for name, value in _part(tensors, "optimizer/").items():
        key, _, parameter = name.partition("/")
        target = parameters[parameter]
        # `step` stays on the CPU, where AdamW keeps it; moments live, and lie in memory, as their parameter does
        moment = value if key == "step" else torch.empty_like(target).copy_(value)
        state.optimizer.state[target][key] = moment


def read_averaged(path: Path, model: nn.Module) -> dict[str, Any]:
    """Fills `model` with the averaged weights of a checkpoint; returns {"run": ..., "progress": ...}.

    Raises:
        DataError: the file is missing, damaged, or of another model.
    """
    tensors, metadata = _read(path)
    _fill(path, model, _part(tensors, "model/") | _part(tensors, "average/"))
    return {key: json.loads(value) for key, value in metadata.items()}


def read_run(path: Path) -> dict[str, Any]:
    """Returns the run that made the checkpoint, as the recipe's values.

    Raises:
        DataError: the file is missing or damaged.
    """
    _, metadata = _read(path)
    run: dict[str, Any] = json.loads(metadata["run"])
    return run


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path}: not a readable checkpoint ({error}); train the run again") from error
    if not {"run", "progress"} <= metadata.keys():
        raise DataError(f"{path}: not a checkpoint of hillotype; give a run folder made by `hillotype train`")
    return tensors, metadata


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _fill(path: Path, model: nn.Module, weights: dict[str, Tensor]) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise DataError(f"{path}: its weights are of another model ({reason}); check the recipe") from error
