"""The weights of a model file by the names they have in torch, norms that the exporter dissolved included."""

from itertools import pairwise
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

_LINKS = ("Reshape", "InstanceNormalization", "Mul", "Add")
"""What the exporter makes of a group norm, in this order; what it scales by and adds are inputs of the last two."""


def read_weights(path: Path, model: nn.Module) -> dict[str, Tensor]:
    """Returns the weights of a model file as float32, named as in `model`, which it may be of or not.

    At export, a batch norm dissolves in the convolution before it: what it scaled is in the kernels since, and what it
    added is a bias. It comes back as one that adds that and scales by 1: the same function, as long as it keeps its
    statistics. A group norm's weights lose their names; they are those at the end of what follows the convolution.
    """
    graph = onnx.load(path).graph
    arrays = {each.name.removesuffix(".half"): numpy_helper.to_array(each) for each in graph.initializer}
    held = {name: torch.tensor(array).float() for name, array in arrays.items()}
    for prefix, module in model.named_modules():
        for (first, convolution), (second, norm) in pairwise(module.named_children()):
            if isinstance(convolution, nn.Conv2d):
                kernel, name = (f"{prefix}.{child}".lstrip(".") for child in (first, second))
                found = _norm_after(graph, held, kernel, norm)
                held |= {f"{name}.{part}": value for part, value in found.items()}
    return {name: value for name, value in held.items() if not name.startswith("val_")}  # the exporter's constants


def _norm_after(graph: onnx.GraphProto, held: dict[str, Tensor], kernel: str, norm: nn.Module) -> dict[str, Tensor]:
    """Returns the state of the norm after a convolution; nothing if there is none, or it kept its names."""
    if isinstance(norm, nn.BatchNorm2d) and f"{kernel}.weight_bias" in held:
        bias = held.pop(f"{kernel}.weight_bias")
        ones = torch.ones_like(bias)
        return {"weight": ones, "bias": bias, "running_mean": 0 * ones, "running_var": (1 - norm.eps) * ones}
    if isinstance(norm, nn.GroupNorm):
        scale, shift = (held.get(name) for name in _ends(graph, f"{kernel}.weight"))
        if scale is not None and shift is not None:
            return {"weight": scale.flatten(), "bias": shift.flatten()}
    return {}


def _ends(graph: onnx.GraphProto, kernel: str) -> tuple[str, str]:
    """Returns the names of the other inputs of the first product and sum after a convolution."""
    last = next((node for node in graph.node if kernel in node.input), None)
    others = {"Mul": "", "Add": ""}
    while last is not None and not others["Add"]:
        (made,) = last.output
        last = next((node for node in graph.node if node.op_type in _LINKS and made in node.input), None)
        if last is not None and last.op_type in others:
            others[last.op_type] = next(name for name in last.input if name != made)
    return others["Mul"], others["Add"]
