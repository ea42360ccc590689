"""The weights that a run begins with where they are not random: another run's, or a model file's."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from hillotype.errors import DataError
from hillotype.modelfile import find_model, read_card, zoo
from hillotype.train import checkpoint


def read_start(start: str, model: nn.Module) -> None:
    """Fills `model` with the best weights of a run folder, of a model of the zoo, or of a model file.

    A larger net may start from a smaller one of its kind: what that one lacks stays as it is, so that blocks that begin
    as the identity change nothing at first (Chen et al. 2016, Net2Net, https://arxiv.org/abs/1511.05641).

    Raises:
        DataError: they are missing, damaged, or of another model.
        ModelFileError: the model file is missing, damaged, or foreign.
    """
    if start in zoo() or start.endswith(".onnx"):
        path = find_model(start)
        read_card(path)
        held = _weights(path)
    else:
        path = Path(start) / "best.safetensors"
        held = checkpoint.averaged_weights(path)
    weights = model.state_dict()
    strange = [name for name, value in held.items() if name not in weights or weights[name].shape != value.shape]
    if strange or not held:
        raise DataError(
            f"{path}: this model has no place for the weights {strange[0] if strange else '(none)'!r}: they are of "
            "another model, or of a file whose norms were folded at export; start from a run folder, with the same "
            "settings or with more blocks"
        )
    model.load_state_dict(weights | held)


def _weights(path: Path) -> dict[str, Tensor]:
    """Returns the weights of a model file as float32, by name, without the constants `val_...` of the exporter."""
    graph = onnx.load(path).graph
    arrays = {each.name.removesuffix(".half"): numpy_helper.to_array(each) for each in graph.initializer}
    return {name: torch.tensor(array).float() for name, array in arrays.items() if not name.startswith("val_")}
