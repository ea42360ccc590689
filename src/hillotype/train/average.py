"""The exponential moving average of the weights: what is validated, kept and exported."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Returns a copy of the parameters that training changes, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


@torch.no_grad()
def update_average(average: dict[str, Tensor], model: nn.Module, step: int, decay: float) -> None:
    """Moves the average toward the model; early on with a shorter memory, so that the start is forgotten."""
    weight = 1 - min(decay, (1 + step) / (10 + step))
    for name, parameter in model.named_parameters():
        if name in average:
            average[name].lerp_(parameter, weight)


@contextmanager
def averaged(model: nn.Module, average: dict[str, Tensor]) -> Iterator[None]:
    """Within it, the model has its averaged weights, is in evaluation mode and keeps no gradients."""
    moving = copy_weights(model)
    _fill(model, average)
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        _fill(model, moving)
        model.train()


@torch.no_grad()
def _fill(model: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        if name in weights:
            parameter.copy_(weights[name])
