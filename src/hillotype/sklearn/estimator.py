"""What both estimators share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from hillotype.models.activations import ACTIVATIONS
from hillotype.sklearn.layers import Floats
from hillotype.sklearn.training import numbers

PRECISIONS = (np.float64, np.float32)


def check_real(value: float, name: str, boundaries: str = "both") -> None:
    """Refuses a setting that is no finite number from 0 on, 0 itself where `boundaries` is "neither"."""
    check_scalar(value, name, Real, min_val=0, include_boundaries=boundaries)
    if not math.isfinite(value):  # NaN passes any comparison, and the loss would be blamed
        raise ValueError(f"{name} == {value}, must be finite.")


class NetEstimator(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What both estimators share: the settings of their training, and samples brought to mean 0 and variance 1.

    All features are divided by one and the same number, so that the squared error weighs them as PCA does.
    """

    hidden: Sequence[int]
    activation: str
    epochs: int
    batch_size: int
    learning_rate: float
    random_state: int | np.random.RandomState | None
    verbose: bool

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_settings(self) -> None:
        if isinstance(self.hidden, str) or not isinstance(self.hidden, Sequence | np.ndarray):
            raise TypeError(f"hidden is {self.hidden!r}; it must be a sequence of layer widths, as (256, 128), or ()")
        for width in self.hidden:
            check_scalar(width, "each width of hidden", Integral, min_val=1)
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation is {self.activation!r}; it must be one of {', '.join(ACTIVATIONS)}")
        check_scalar(self.epochs, "epochs", Integral, min_val=1)
        check_scalar(self.batch_size, "batch_size", Integral, min_val=1)
        check_real(self.learning_rate, "learning_rate", boundaries="neither")

    def _generator(self) -> torch.Generator:
        """The only source of randomness: the global ones of torch and numpy stay as they are."""
        return torch.Generator().manual_seed(int(check_random_state(self.random_state).randint(2**31 - 1)))

    def _seen(self, X: Floats) -> Floats:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=PRECISIONS, reset=False))

    def _learn_scale(self, clean: Floats) -> None:
        self.mean_ = clean.mean(axis=0, dtype=np.float64)
        self.scale_ = float((clean - self.mean_).std()) or 1.0

    def _inside(self, samples: Floats) -> Floats:
        return np.asarray((samples - self.mean_) / self.scale_, dtype=samples.dtype)

    def _outside(self, standard: Floats) -> Floats:
        return np.asarray(standard * self.scale_ + self.mean_, dtype=standard.dtype)

    def _descend(
        self, nets: Sequence[nn.Module], loss: Callable[[Tensor], Tensor], samples: int, rng: torch.Generator
    ) -> list[float]:
        """Trains with Adam and a learning rate that falls to 0 along half a cosine; returns each epoch's mean loss."""
        optimizer = torch.optim.Adam(numbers(nets), lr=self.learning_rate)
        steps = self.epochs * math.ceil(samples / self.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        curve = []
        for epoch in range(1, self.epochs + 1):
            total = 0.0
            for rows in torch.split(torch.randperm(samples, generator=rng), int(self.batch_size)):
                value = loss(rows)
                optimizer.zero_grad()
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total += value.item() * len(rows)
            if not math.isfinite(total):
                raise ValueError(f"{type(self).__name__}: the loss is {total} in epoch {epoch}; lower learning_rate")
            curve.append(total / samples)
            if self.verbose:
                print(f"{type(self).__name__}: epoch {epoch} of {self.epochs}, loss {curve[-1]:.5g}")
        return curve
