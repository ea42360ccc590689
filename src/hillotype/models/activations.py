"""Activations by the names that recipes use, each with the range of its output."""

import math
from collections.abc import Callable

from torch import nn

from hillotype.errors import RecipeError

ACTIVATIONS: dict[str, tuple[Callable[[], nn.Module], tuple[float, float]]] = {
    "linear": (nn.Identity, (-math.inf, math.inf)),
    "relu": (nn.ReLU, (0.0, math.inf)),
    "sigmoid": (nn.Sigmoid, (0.0, 1.0)),
    "tanh": (nn.Tanh, (-1.0, 1.0)),
}
"""Each name with what makes the module, and the numbers that it can reach."""


def activation(name: str) -> nn.Module:
    """Makes the activation `name`.

    Raises:
        RecipeError: no such activation.
    """
    return _known(name)[0]()


def activation_range(name: str) -> tuple[float, float]:
    """Returns the numbers between which the activation `name` answers.

    Raises:
        RecipeError: no such activation.
    """
    return _known(name)[1]


def _known(name: str) -> tuple[Callable[[], nn.Module], tuple[float, float]]:
    if name not in ACTIVATIONS:
        raise RecipeError(f"activation {name!r}: unknown; use one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]
