"""Autoencoders as scikit-learn estimators over arrays (n_samples, n_features), for a Pipeline or a grid search.

>>> from hillotype.sklearn import AutoencoderTransformer
>>> coder = AutoencoderTransformer(n_components=2, random_state=0)  # where PCA(n_components=2) was
>>> codes = coder.fit_transform(samples)  # doctest: +SKIP

Both follow scikit-learn's conventions: settings are stored as given and looked at by `fit`, what is learned ends with
an underscore, bad input is a ValueError and a setting of the wrong type a TypeError. They compute on the CPU, in the
precision of the samples that they are fitted to: wide ones take half the time in float32.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from numbers import Integral, Real
from typing import Any, Self, TypeAlias

import numpy as np

try:
    import torch
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_array, check_random_state, check_scalar
    from sklearn.utils.validation import check_is_fitted, validate_data
    from torch import Tensor, nn

    from hillotype.models import normal_divergence
    from hillotype.models.activations import ACTIVATIONS, activation
    from hillotype.models.dense import dense_layers
except ModuleNotFoundError as error:
    raise ImportError(
        f"{error.name} is not installed: the estimators need more than restoring; run `pip install 'hillotype[train]'`",
        name=error.name,
    ) from error

__all__ = ["AutoencoderTransformer", "Denoiser"]

Floats: TypeAlias = np.ndarray
"""float32 or float64 (n_samples, n_features)."""

_PRECISIONS = (np.float64, np.float32)
_BATCH = 1000
_MOST_EVALUATIONS = 2000


class _Trained(TransformerMixin, BaseEstimator):  # type: ignore[misc]
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
        check_scalar(self.learning_rate, "learning_rate", Real, min_val=0, include_boundaries="neither")

    def _generator(self) -> torch.Generator:
        """The only source of randomness: the global ones of torch and numpy stay as they are."""
        return torch.Generator().manual_seed(int(check_random_state(self.random_state).randint(2**31 - 1)))

    def _seen(self, X: Floats) -> Floats:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=_PRECISIONS, reset=False))

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
        optimizer = torch.optim.Adam(_numbers(nets), lr=self.learning_rate)
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


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, _Trained):  # type: ignore[misc]
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
        check_scalar(self.noise, "noise", Real, min_val=0)
        if self.beta is not None:
            check_scalar(self.beta, "beta", Real, min_val=0)
        X = validate_data(self, X, dtype=_PRECISIONS, ensure_min_samples=2)
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
        codes = check_array(X, dtype=_PRECISIONS, input_name="X")
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
        return -_mean_squares(self._outside(self.decoder_(self._encode(X))) - X)

    def _encode(self, samples: Floats) -> Floats:
        return self.encoder_(self._inside(samples))[:, : self._n_features_out]

    def _train(self, clean: Tensor, rng: torch.Generator) -> tuple[nn.Sequential, nn.Sequential]:
        """Returns the trained encoder and decoder of samples so scaled."""
        linear = not len(self.hidden) and not self.noise and self.beta is None
        clean = clean.double() if linear else clean  # float32 is too coarse for the last steps of L-BFGS
        features, size = clean.shape[1], int(self.n_components)
        down = [features, *self.hidden, size if self.beta is None else 2 * size]
        encoder = _start(down, self.activation, clean.dtype, rng)
        decoder = _start([size, *reversed(self.hidden), features], self.activation, clean.dtype, rng)

        def loss(rows: Tensor) -> Tensor:
            target = clean[rows]
            code: Tensor = encoder(_noisy(target, self.noise / self.scale_, rng))
            if self.beta is None:
                return _half_squares(decoder(code) - target)
            mean, logvar = code.chunk(2, dim=1)
            divergence = normal_divergence(mean, logvar).sum(dim=1).mean()
            draw = _noisy(mean, torch.exp(0.5 * logvar), rng)
            return _half_squares(decoder(draw) - target) + float(self.beta) * divergence

        if linear:
            tolerance = 1e-9 * features
            self.loss_curve_ = _converge(
                [encoder, decoder], lambda: _half_squares(decoder(encoder(clean)) - clean), tolerance
            )
        else:
            self.loss_curve_ = self._descend([encoder, decoder], loss, len(clean), rng)
        return encoder, decoder


class Denoiser(OneToOneFeatureMixin, _Trained):  # type: ignore[misc]
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
            check_scalar(self.noise, "noise", Real, min_val=0)
        X = validate_data(self, X, dtype=_PRECISIONS, ensure_min_samples=2)
        given = _clean(X, y)
        self._learn_scale(X if given is None else given)
        rng = self._generator()
        seen = torch.from_numpy(self._inside(X))
        target = seen if given is None else torch.from_numpy(self._inside(given))
        noise = self._relative_noise() if given is None else 0.0
        net = _start([X.shape[1], *self.hidden, X.shape[1]], self.activation, seen.dtype, rng)

        def loss(rows: Tensor) -> Tensor:
            return _half_squares(net(_noisy(seen[rows], noise, rng)) - target[rows])

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
            return -_mean_squares(self._denoise(X) - given)
        noisy = _noisy(torch.from_numpy(self._inside(X)), self._relative_noise(), self._generator())
        return -_mean_squares(self._outside(self.layers_(noisy.numpy())) - X)

    def _relative_noise(self) -> float:
        return 0.5 if self.noise is None else self.noise / self.scale_

    def _denoise(self, noisy: Floats) -> Floats:
        return self._outside(self.layers_(self._inside(noisy)))


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


def _start(widths: Sequence[int], hidden: str, dtype: torch.dtype, rng: torch.Generator) -> nn.Sequential:
    """Dense layers between these widths, their weights drawn as in `hillotype.models.layers.start_as_keras`."""
    with torch.device("meta"):  # where torch draws no weights, for it takes them from its global generator
        net = dense_layers(widths, hidden, "linear")
    net = net.to_empty(device="cpu").float()
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=rng)
            nn.init.zeros_(layer.bias)
    return net.to(dtype)


def _converge(nets: Sequence[nn.Module], loss: Callable[[], Tensor], tolerance: float) -> list[float]:
    """Minimizes a loss without randomness by L-BFGS until a step changes it by less than `tolerance`.

    Returns:
        The loss at each evaluation.
    """
    optimizer = torch.optim.LBFGS(
        _numbers(nets),
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


def _numbers(nets: Sequence[nn.Module]) -> list[nn.Parameter]:
    return list(chain.from_iterable(net.parameters() for net in nets))


def _noisy(samples: Tensor, deviation: float | Tensor, rng: torch.Generator) -> Tensor:
    """Samples with Gaussian noise."""
    if not isinstance(deviation, Tensor) and not deviation:
        return samples
    draw = torch.randn(samples.shape, generator=rng, dtype=torch.float32)  # the same for float64, and faster
    return samples + deviation * draw.to(samples.dtype)


def _half_squares(error: Tensor) -> Tensor:
    """Half the sum of the squares of a sample, its mean over the samples."""
    return 0.5 * error.square().sum(dim=1).mean()


def _mean_squares(error: Floats) -> float:
    return float(np.mean(np.square(error, dtype=np.float64)))


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
