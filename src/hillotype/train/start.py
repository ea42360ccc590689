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

    Raises:
        DataError: they are missing, damaged, or of another model.
        ModelFileError: the model file is missing, damaged, or foreign.
    """
    if start not in zoo() and not start.endswith(".onnx"):
        checkpoint.read_averaged(Path(start) / "best.safetensors", model)
        return
    path = find_model(start)
    read_card(path)
    held = _weights(path)
    missing = [
        name for name, value in model.state_dict().items() if name not in held or held[name].shape != value.shape
    ]
    if missing:
        raise DataError(
            f"{path}: lacks the weights {missing[0]!r}, or has them in another shape: it is of another model, or one "
            "whose norms were folded at export; start from its run folder, or give the model the same settings"
        )
    model.load_state_dict({name: held[name] for name in model.state_dict()})


def _weights(path: Path) -> dict[str, Tensor]:
    """Returns the weights of a model file as float32, by name."""
    graph = onnx.load(path).graph
    arrays = {each.name.removesuffix(".half"): numpy_helper.to_array(each) for each in graph.initializer}
    return {name: torch.tensor(array).float() for name, array in arrays.items()}
