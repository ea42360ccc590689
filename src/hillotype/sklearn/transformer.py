"""The autoencoder as a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import check_array, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from hillotype.models import normal_divergence
from hillotype.sklearn.estimator import PRECISIONS, NetEstimator, check_real
from hillotype.sklearn.layers import Floats, Layers, start
from hillotype.sklearn.training import converge, half_squares, mean_squares, with_noise


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, NetEstimator):  # type: ignore[misc]
    """An autoencoder of dense layers, to use where PCA is used (Hinton and Salakhutdinov 2006).

    Layers n_features, hidden, n_components and back in reverse order; code and answer have no activation. It is
    trained on half the squared error of a sample, summed over its features, after all were brought to mean 0 and
    together to variance 1 (https://doi.org/10.1126/science.1127647).

    - `hidden=()` is the linear autoencoder. Its codes span the subspace of the principal components, in some basis of
      it (Baldi and Hornik 1989, https://doi.org/10.1016/0893-6080(89)90014-2). Without `noise` and `beta` it is
      trained on all samples at once, by L-BFGS (Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116) until the
      loss stands still; `batch_size`, `epochs` and `learning_rate` say nothing then.
    - `noise` above 0 makes it a denoising autoencoder (Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294).
    - `beta` makes it variational: it weighs the divergence of the codes from the prior N(0, I), in nats (Kingma and
      Welling 2014, https://arxiv.org/abs/1312.6114; Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl).
      `transform` gives the mean of the posterior, never a draw.

    Args:
        n_components: numbers of a code.
        hidden: widths of the encoder's hidden layers.
        activation: of the hidden layers: "linear", "relu", "sigmoid" or "tanh".
        noise: standard deviation of the Gaussian noise on what is encoded in training, in the units of the samples.
        beta: weight of the divergence; None for an autoencoder that is not variational.
        epochs: how often all samples are gone through.
        batch_size: samples of a training step.
        learning_rate: of Adam at the start; it falls to 0.
        random_state: an int for the same result each time.
        verbose: print the loss of each epoch.

    Attributes:
        mean_: of the samples, (n_features,).
        scale_: standard deviation of all their numbers about `mean_`, by which all are divided.
        encoder_: trained layers, from samples so scaled to codes; with `beta`, to means and log variances.
        decoder_: trained layers, from codes to samples so scaled.
        loss_curve_: mean loss of each epoch; of L-BFGS, the loss at each evaluation.
        n_features_in_: numbers of a sample.
        feature_names_in_: their names, if the samples came with names.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        hidden: Sequence[int] = (256, 128),
        activation: str = "relu",
        noise: float = 0.0,
        beta: float | None = None,
        epochs: int = 100,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.activation = activation
        self.noise = noise
        self.beta = beta
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Floats, y: object = None) -> Self:
        """Trains on samples (n_samples, n_features), at least 2; `y` is not used.

        Raises:
            ValueError: NaN or infinity, too few samples, a setting out of range, or a loss that is not finite.
            TypeError: sparse samples, or a setting of the wrong type.
        """
        self._check_settings()
        check_scalar(self.n_components, "n_components", Integral, min_val=1)
        check_real(self.noise, "noise")
        if self.beta is not None:
            check_real(self.beta, "beta")
        X = validate_data(self, X, dtype=PRECISIONS, ensure_min_samples=2)
        self._learn_scale(X)
        self._n_features_out = int(self.n_components)
        nets = self._train(torch.from_numpy(self._inside(X)), self._generator())
        self.encoder_, self.decoder_ = (Layers.of(net, self.activation, X.dtype) for net in nets)
        return self

    def transform(self, X: Floats) -> Floats:
        """Returns the codes (n_samples, n_components) of samples."""
        return self._encode(self._seen(X))

    def inverse_transform(self, X: Floats) -> Floats:
        """Returns the samples (n_samples, n_features) that codes (n_samples, n_components) stand for.

        Raises:
            ValueError: codes of another length, or with NaN or infinity.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=PRECISIONS, input_name="X")
        if codes.shape[1] != self._n_features_out:
            raise ValueError(
                f"AutoencoderTransformer: codes of {codes.shape[1]} numbers, but it was fitted to make codes of "
                f"{self._n_features_out}; give what its `transform` returns"
            )
        return self._outside(self.decoder_(codes))

    def score(self, X: Floats, y: object = None) -> float:
        """Returns the mean squared error of the reconstructions, negative, so that greater is better.

        The mean is over samples and features, in the square of their units.
        """
        X = self._seen(X)
        return -mean_squares(self._outside(self.decoder_(self._encode(X))) - X)

    def _encode(self, samples: Floats) -> Floats:
        return self.encoder_(self._inside(samples))[:, : self._n_features_out]

    def _train(self, clean: Tensor, rng: torch.Generator) -> tuple[nn.Sequential, nn.Sequential]:
        """Returns the trained encoder and decoder of samples so scaled."""
        linear = not len(self.hidden) and not self.noise and self.beta is None
        clean = clean.double() if linear else clean  # float32 is too coarse for the last steps of L-BFGS
        features, size = clean.shape[1], int(self.n_components)
        down = [features, *self.hidden, size if self.beta is None else 2 * size]
        encoder = start(down, self.activation, clean.dtype, rng)
        decoder = start([size, *reversed(self.hidden), features], self.activation, clean.dtype, rng)

        def loss(rows: Tensor) -> Tensor:
            target = clean[rows]
            code: Tensor = encoder(with_noise(target, self.noise / self.scale_, rng))
            if self.beta is None:
                return half_squares(decoder(code) - target)
            mean, logvar = code.chunk(2, dim=1)
            divergence = normal_divergence(mean, logvar).sum(dim=1).mean()
            draw = with_noise(mean, torch.exp(0.5 * logvar), rng)
            return half_squares(decoder(draw) - target) + float(self.beta) * divergence

        if linear:
            tolerance = 1e-9 * features
            self.loss_curve_ = converge(
                [encoder, decoder], lambda: half_squares(decoder(encoder(clean)) - clean), tolerance
            )
        else:
            self.loss_curve_ = self._descend([encoder, decoder], loss, len(clean), rng)
        return encoder, decoder
