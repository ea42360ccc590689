"""Trained weights by name, a run's or a model file's: those that a run begins with, and its teachers'."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from hillotype.errors import DataError, RecipeError
from hillotype.modelfile import find_model, read_card, zoo
from hillotype.train import checkpoint
from hillotype.train.config import Run, build_model, make_run
from hillotype.train.unfold import read_weights


def read_start(start: str, model: nn.Module) -> Sequence[Mapping[str, Any]]:
    """Fills `model` with the best weights of a run folder, a model of the zoo, or a model file.

    A larger net may start from a smaller one of its kind: what that one lacks stays as it is, so that blocks that begin
    as the identity change nothing at first (Chen et al. 2016, Net2Net, https://arxiv.org/abs/1511.05641).

    Returns:
        The sources that these weights have learned from, as a recipe lists them.

    Raises:
        DataError: they are missing, damaged, or of another model.
        ModelFileError: the model file is missing, damaged, or foreign.
    """
    path = _find(start)
    if path.suffix == ".onnx":
        sources = read_card(path).sources  # first: it refuses what is no model file
        held = read_weights(path, model)
    else:
        held, sources = checkpoint.averaged_weights(path)
    weights = model.state_dict()
    strange = [name for name, value in held.items() if name not in weights or weights[name].shape != value.shape]
    if strange or not held:
        raise DataError(
            f"{path}: this model has no place for the weights {strange[0] if strange else '(none)'!r}: they are of "
            "another model; start from one with the same settings, or with fewer blocks"
        )
    model.load_state_dict(weights | held)
    return sources


def run_of(start: str) -> Run:
    """Returns the recipe by which the model of a run folder, a model of the zoo, or a model file was trained.

    Raises:
        DataError: it is missing or damaged.
        ModelFileError: the model file is missing, damaged, or foreign.
        RecipeError: its card names no recipe.
    """
    path = _find(start)
    if path.suffix == ".onnx":
        return make_run(dict(read_card(path).training.get("recipe", {})), f"{path}: the recipe on its card")
    return make_run(checkpoint.read_run(path), str(path))


def _find(start: str) -> Path:
    if start in zoo() or start.endswith(".onnx"):
        return find_model(start)
    path = Path(start) / "best.safetensors"
    if not path.exists():
        raise DataError(
            f"{start}: no run that has validated once, and no model of that name; give a run folder, an .onnx file, or "
            f"one of {', '.join(zoo())}"
        )
    return path


def go_back(run: Run, model: nn.Module, share: float) -> None:
    """Moves the weights of a trained model a share of the way back to those that its run began with.

    Between the two lies a model that has learned most of what is new and forgotten little of what it knew (Wortsman et
    al. 2022, https://arxiv.org/abs/2109.01903).

    Raises:
        RecipeError: the run began with random weights, or with those of ImageNet.
        DataError: the weights it began with are missing now, damaged, or of another model.
    """
    if run.start is None:
        raise RecipeError(
            f"{run.name}: its run began with no model's weights, so there are none to go back to; leave out --keep, or "
            "train with --set start=MODEL"
        )
    before = build_model(run, pretrained=False)
    read_start(run.start, before)
    first = before.state_dict()
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.lerp_(first[name].to(value.device), share)
