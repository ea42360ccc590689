"""The denoiser as a transformer and regressor of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data
from torch import Tensor

from hillotype.sklearn.estimator import PRECISIONS, NetEstimator, check_real
from hillotype.sklearn.layers import Floats, Layers, start
from hillotype.sklearn.training import half_squares, mean_squares, with_noise


class Denoiser(OneToOneFeatureMixin, NetEstimator):  # type: ignore[misc]
    """A net of dense layers that takes the noise off samples (Vincent et al. 2008).

    It is trained on half the squared error of a sample, summed over its features, after all were brought to mean 0 and
    together to variance 1 (https://doi.org/10.1145/1390156.1390294).

    Args:
        hidden: widths of the hidden layers.
        activation: of the hidden layers: "linear", "relu", "sigmoid" or "tanh".
        noise: standard deviation of the Gaussian noise that is put on clean samples, in their units; half of `scale_`
            if it is not given. It is not used where `fit` is given noisy samples and clean ones.
        epochs: how often all samples are gone through.
        batch_size: samples of a training step.
        learning_rate: of Adam at the start; it falls to 0.
        random_state: an int for the same result each time.
        verbose: print the loss of each epoch.

    Attributes:
        mean_: of the clean samples, (n_features,).
        scale_: standard deviation of all their numbers about `mean_`, by which all are divided.
        layers_: trained layers, from noisy samples to clean ones, both so scaled.
        loss_curve_: mean loss of each epoch.
        n_features_in_: numbers of a sample.
        feature_names_in_: their names, if the samples came with names.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (512,),
        *,
        activation: str = "relu",
        noise: float | None = None,
        epochs: int = 100,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.noise = noise
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Floats, y: Floats | None = None) -> Self:
        """Trains on clean samples and noise of its own, or on noisy samples and what they should be.

        Args:
            X: (n_samples, n_features), at least 2; clean, or noisy if `y` is given.
            y: the clean samples, of the same shape and in the same units. Labels (n_samples,), as a Pipeline hands
                them to each of its steps, are not used: `X` is clean then.

        Raises:
            ValueError: NaN or infinity, too few samples, `y` of another shape, a setting out of range, or a loss that
                is not finite.
            TypeError: sparse samples, or a setting of the wrong type.
        """
        self._check_settings()
        if self.noise is not None:
            check_real(self.noise, "noise")
        X = validate_data(self, X, dtype=PRECISIONS, ensure_min_samples=2)
        given = _clean(X, y)
        self._learn_scale(X if given is None else given)
        rng = self._generator()
        seen = torch.from_numpy(self._inside(X))
        target = seen if given is None else torch.from_numpy(self._inside(given))
        noise = self._relative_noise() if given is None else 0.0
        net = start([X.shape[1], *self.hidden, X.shape[1]], self.activation, seen.dtype, rng)

        def loss(rows: Tensor) -> Tensor:
            return half_squares(net(with_noise(seen[rows], noise, rng)) - target[rows])

        self.loss_curve_ = self._descend([net], loss, len(seen), rng)
        self.layers_ = Layers.of(net, self.activation, X.dtype)
        return self

    def transform(self, X: Floats) -> Floats:
        """Returns noisy samples (n_samples, n_features) without their noise."""
        return self._denoise(self._seen(X))

    def predict(self, X: Floats) -> Floats:
        """Returns what `transform` returns, always as an array; scikit-learn's metrics and searches ask for it."""
        return self._denoise(self._seen(X))

    def score(self, X: Floats, y: Floats | None = None) -> float:
        """Returns the mean squared error of what is denoised, negative, so that greater is better.

        The mean is over samples and features, in the square of their units.

        Args:
            X: noisy if `y` is given; else clean, and noise is put on it as in training.
            y: the clean samples; labels (n_samples,) are not used.
        """
        X = self._seen(X)
        given = _clean(X, y)
        if given is not None:
            return -mean_squares(self._denoise(X) - given)
        noisy = with_noise(torch.from_numpy(self._inside(X)), self._relative_noise(), self._generator())
        return -mean_squares(self._outside(self.layers_(noisy.numpy())) - X)

    def _relative_noise(self) -> float:
        return 0.5 if self.noise is None else self.noise / self.scale_

    def _denoise(self, noisy: Floats) -> Floats:
        return self._outside(self.layers_(self._inside(noisy)))


def _clean(X: Floats, y: Floats | None) -> Floats | None:
    """The clean samples that a y holds; None if it holds labels, or nothing."""
    if y is None or getattr(y, "ndim", np.asarray(y).ndim) < 2:
        return None
    clean = np.asarray(check_array(y, dtype=X.dtype, input_name="y"))
    if clean.shape != X.shape:
        raise ValueError(
            f"Denoiser: y of shape {clean.shape}, X of {X.shape}; give y the clean sample of each noisy one"
        )
    return clean
