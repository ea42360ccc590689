"""Dense layers: as they begin, and, trained, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from hillotype.models.activations import activation
from hillotype.models.dense import dense_layers

Floats: TypeAlias = np.ndarray
"""float32 or float64 (n_samples, n_features)."""

_BATCH = 1000


@dataclass(frozen=True)
class Layers:
    """Trained dense layers as arrays, which pickle, hash and map to a file as those of scikit-learn do.

    Attributes:
        weights: of each layer, (outputs, inputs).
        biases: of each layer, (outputs,).
        activation: between the layers; the last one has none.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activation: str

    @classmethod
    def of(cls, net: nn.Sequential, activation: str, dtype: np.dtype[Any]) -> Layers:
        """Copies the numbers of the linear layers of a net."""
        linear = [layer for layer in net if isinstance(layer, nn.Linear)]
        weights = tuple(layer.weight.detach().numpy().astype(dtype) for layer in linear)
        return cls(weights, tuple(layer.bias.detach().numpy().astype(dtype) for layer in linear), activation)

    def __call__(self, samples: Floats) -> Floats:
        """Maps (n, inputs) to (n, outputs), in the precision of the layers."""
        samples = samples.astype(self.weights[0].dtype, copy=False)
        starts = range(0, len(samples), _BATCH)
        return np.concatenate([self._answer(samples[start : start + _BATCH]) for start in starts])

    def _answer(self, numbers: Floats) -> Floats:
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            numbers = activation(self.activation)(torch.from_numpy(numbers @ weight.T + bias)).numpy()
        return np.asarray(numbers @ self.weights[-1].T + self.biases[-1])


def start(widths: Sequence[int], hidden: str, dtype: torch.dtype, rng: torch.Generator) -> nn.Sequential:
    """Dense layers between these widths, their weights drawn as in `hillotype.models.layers.start_as_keras`."""
    with torch.device("meta"):  # where torch draws no weights, for it takes them from its global generator
        net = dense_layers(widths, hidden, "linear")
    net = net.to_empty(device="cpu").float()
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=rng)
            nn.init.zeros_(layer.bias)
    return net.to(dtype)
