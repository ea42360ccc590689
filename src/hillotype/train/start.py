"""The weights that a run begins with where they are not random: another run's, or a model file's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from hillotype.errors import DataError, RecipeError
from hillotype.modelfile import find_model, read_card, zoo
from hillotype.train import checkpoint
from hillotype.train.config import Run, build_model
from hillotype.train.unfold import read_weights


def read_start(start: str, model: nn.Module) -> Sequence[Mapping[str, Any]]:
    """Fills `model` with the best weights of a run folder, of a model of the zoo, or of a model file.

    A larger net may start from a smaller one of its kind: what that one lacks stays as it is, so that blocks that begin
    as the identity change nothing at first (Chen et al. 2016, Net2Net, https://arxiv.org/abs/1511.05641).

    Returns:
        The sources that these weights have learned from, as a recipe lists them.

    Raises:
        DataError: they are missing, damaged, or of another model.
        ModelFileError: the model file is missing, damaged, or foreign.
    """
    if start in zoo() or start.endswith(".onnx"):
        path = find_model(start)
        sources = read_card(path).sources  # first: it refuses what is no model file
        held = read_weights(path, model)
    else:
        path = Path(start) / "best.safetensors"
        if not path.exists():
            raise DataError(
                f"start: {start}: no run that has validated once, and no model of that name; give a run folder, an "
                f".onnx file, or one of {', '.join(zoo())}"
            )
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
