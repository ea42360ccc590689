"""What training on samples is made of: noise, losses, and L-BFGS for the linear autoencoder."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn

from hillotype.sklearn.layers import Floats

_MOST_EVALUATIONS = 2000


def converge(nets: Sequence[nn.Module], loss: Callable[[], Tensor], tolerance: float) -> list[float]:
    """Minimizes a loss without randomness by L-BFGS until a step changes it by less than `tolerance`.

    Returns:
        The loss at each evaluation.
    """
    optimizer = torch.optim.LBFGS(
        numbers(nets),
        max_iter=_MOST_EVALUATIONS,
        max_eval=_MOST_EVALUATIONS,
        tolerance_change=tolerance,
        history_size=20,
        line_search_fn="strong_wolfe",
    )
    curve: list[float] = []

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        curve.append(value.item())
        return value

    optimizer.step(evaluate)  # type: ignore[no-untyped-call]
    if len(curve) >= _MOST_EVALUATIONS:
        warnings.warn(
            f"L-BFGS has not converged in {len(curve)} evaluations (loss {curve[-1]:.5g}); take fewer n_components, or "
            "leave out features that hardly vary",
            ConvergenceWarning,
            stacklevel=4,
        )
    return curve


def numbers(nets: Sequence[nn.Module]) -> list[nn.Parameter]:
    """All the numbers that training changes."""
    return list(chain.from_iterable(net.parameters() for net in nets))


def with_noise(samples: Tensor, deviation: float | Tensor, rng: torch.Generator) -> Tensor:
    """Samples with Gaussian noise."""
    if not isinstance(deviation, Tensor) and not deviation:
        return samples
    draw = torch.randn(samples.shape, generator=rng, dtype=torch.float32)  # the same for float64, and faster
    return samples + deviation * draw.to(samples.dtype)


def half_squares(error: Tensor) -> Tensor:
    """Half the sum of the squares of a sample, its mean over the samples."""
    return 0.5 * error.square().sum(dim=1).mean()


def mean_squares(error: Floats) -> float:
    """The mean of the squares of all numbers."""
    return float(np.mean(np.square(error, dtype=np.float64)))
