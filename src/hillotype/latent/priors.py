"""Priors: distributions of codes, to draw new codes from and to tell how usual one is.

A variational autoencoder is trained toward a prior of its own. Any other autoencoder gets one afterwards, fitted to the
codes of its training pictures: Ghosh et al. 2020, From Variational to Deterministic Autoencoders,
https://arxiv.org/abs/1903.12436, draw better pictures so than a VAE does.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from hillotype.errors import RecipeError
from hillotype.latent.coder import Coder, Codes

PRIORS = ("own", "normal", "mixture")
"""The priors that `fit_prior` knows by name."""

_PARTS = 10
_LARGEST = 2048  # numbers of a code; the covariances of ten parts then take 300 MB
_RIDGE = 1e-6  # share of the mean variance that is added to each: a number that never moved may move a little


class Prior(Protocol):
    """A distribution of codes."""

    def sample(self, count: int, rng: np.random.Generator) -> Codes:
        """Draws `count` codes, float32 (count, D)."""
        ...

    def log_density(self, codes: Codes) -> np.ndarray:
        """Returns the logarithm of the density at codes (N, D), float64 (N,) in nats.

        Raises:
            RecipeError: codes of another length.
        """
        ...


@dataclass(frozen=True)
class StandardNormal:
    """Independent normals of mean 0 and variance 1: what a VAE's codes are drawn toward.

    Attributes:
        size: numbers of a code.
    """

    size: int

    def sample(self, count: int, rng: np.random.Generator) -> Codes:
        """Draws `count` codes, float32 (count, size)."""
        return rng.standard_normal((count, self.size), dtype=np.float32)

    def log_density(self, codes: Codes) -> np.ndarray:
        """Returns the logarithm of the density at codes (N, size), (N,) in nats."""
        _check_length(codes, self.size)
        return _normal_log_density(codes.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Normal:
    """One normal with full covariance.

    Attributes:
        mean: float64 (D,).
        factor: float64 (D, D), lower triangular; factor @ factor.T is the covariance.
    """

    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, mean: np.ndarray, covariance: np.ndarray) -> Normal:
        """Makes one of a mean (D,) and a positive definite covariance (D, D)."""
        return cls(mean, np.linalg.cholesky(covariance))

    @classmethod
    def fit(cls, codes: Codes) -> Normal:
        """Fits it to codes (N, D), N >= 2, a millionth of their mean variance added to every variance.

        Raises:
            RecipeError: fewer than two codes, codes of more than 2,048 numbers, or one with NaN or infinity.
        """
        _check_codes(codes)
        codes = codes.astype(np.float64)
        covariance = np.atleast_2d(np.cov(codes, rowvar=False))
        return cls.of(codes.mean(axis=0), covariance + _ridge(codes) * np.eye(codes.shape[1]))

    def sample(self, count: int, rng: np.random.Generator) -> Codes:
        """Draws `count` codes, float32 (count, D)."""
        drawn = self.mean + rng.standard_normal((count, len(self.mean))) @ self.factor.T
        return np.asarray(drawn, dtype=np.float32)

    def log_density(self, codes: Codes) -> np.ndarray:
        """Returns the logarithm of the density at codes (N, D), (N,) in nats."""
        _check_length(codes, len(self.mean))
        whitened = solve_triangular(self.factor, (codes - self.mean).T, lower=True).T
        return np.asarray(_normal_log_density(whitened) - np.log(np.diag(self.factor)).sum())


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian mixture of full covariances.

    Attributes:
        weights: float64 (K,), of sum 1.
        parts: K normals.
    """

    weights: np.ndarray
    parts: tuple[Normal, ...]

    @classmethod
    def fit(cls, codes: Codes, parts: int = _PARTS, seed: int = 0) -> Mixture:
        """Fits it to codes (N, D) by expectation maximization, from a start that `seed` draws.

        There are fewer parts where there would be fewer than D + 1 codes for each of them.

        Raises:
            RecipeError: codes as for `Normal.fit`, or fewer than one part.
        """
        _check_codes(codes)
        if parts < 1:
            raise RecipeError(f"mixture: {parts} parts; use at least 1")
        codes = codes.astype(np.float64)
        parts = min(parts, max(1, len(codes) // (codes.shape[1] + 1)))
        fitted = GaussianMixture(parts, reg_covar=_ridge(codes), max_iter=300, random_state=seed)
        with warnings.catch_warnings():  # what has not settled after so many rounds is near enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted.fit(codes)
        normals = tuple(map(Normal.of, fitted.means_, fitted.covariances_))
        return cls(np.asarray(fitted.weights_), normals)

    def sample(self, count: int, rng: np.random.Generator) -> Codes:
        """Draws `count` codes, float32 (count, D), in random order."""
        counts = rng.multinomial(count, self.weights)
        codes = [part.sample(number, rng) for part, number in zip(self.parts, counts, strict=True)]
        return rng.permutation(np.concatenate(codes))

    def log_density(self, codes: Codes) -> np.ndarray:
        """Returns the logarithm of the density at codes (N, D), (N,) in nats."""
        parts = np.stack([part.log_density(codes) for part in self.parts])
        return np.asarray(logsumexp(parts, axis=0, b=self.weights[:, None]))


def fit_prior(name: str, coder: Coder, codes: Codes, seed: int = 0) -> Prior:
    """Makes the prior `name` for an autoencoder.

    Args:
        name: "own", a VAE's standard normal; "normal" or "mixture", fitted to `codes`.
        coder: the autoencoder.
        codes: (N, D) of its training pictures; "own" looks at none.
        seed: of the start of the mixture's fit.

    Raises:
        RecipeError: an unknown name, "own" for a model without a prior, or codes that nothing can be fitted to.
    """
    check_prior(name, coder)
    if name == "own":
        return StandardNormal(coder.size)
    return Normal.fit(codes) if name == "normal" else Mixture.fit(codes, seed=seed)


def check_prior(name: str, coder: Coder) -> None:
    """Sees, before codes are made, that an autoencoder can have the prior `name`.

    Raises:
        RecipeError: an unknown name, or "own" for a model without a prior.
    """
    if name not in PRIORS:
        raise RecipeError(f"prior {name!r}: unknown; use one of {', '.join(PRIORS)}")
    if name == "own" and coder.generative is None:
        raise RecipeError(
            f"{coder.name}: has no prior of its own, for it is no VAE; fit one to its codes: normal or mixture"
        )


def _normal_log_density(whitened: np.ndarray) -> np.ndarray:
    """The logarithm of the standard normal's density at (N, D), (N,)."""
    return np.asarray(-0.5 * (np.square(whitened).sum(axis=1) + whitened.shape[1] * np.log(2 * np.pi)))


def _ridge(codes: np.ndarray) -> float:
    """What is added to each variance; above 0 where nothing varies at all."""
    return max(_RIDGE * float(codes.var(axis=0).mean()), 1e-12)


def _check_codes(codes: Codes) -> None:
    if codes.ndim != 2 or len(codes) < 2:
        raise RecipeError(f"codes of shape {codes.shape}: a prior is fitted to two codes (N, D) at least; give more")
    if codes.shape[1] > _LARGEST:
        raise RecipeError(
            f"codes of {codes.shape[1]:,} numbers: a prior is fitted to at most {_LARGEST:,}, for it has a variance of "
            "every pair; train an autoencoder with a smaller code"
        )
    if not np.isfinite(codes).all():
        raise RecipeError("codes to fit a prior to hold NaN or infinity; leave these out")


def _check_length(codes: Codes, size: int) -> None:
    if codes.ndim != 2 or codes.shape[1] != size:
        raise RecipeError(f"codes of shape {codes.shape}, but the prior is of codes (N, {size}); give such codes")
