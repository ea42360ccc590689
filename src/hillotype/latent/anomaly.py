"""Anomaly detection: scores that say how strange a picture is to an autoencoder, thresholds, ROC and its area.

Of every score here it holds that the larger is the stranger. Whatever is fitted is fitted to normal training and
validation pictures; no score looks at the pictures that it shall judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from hillotype.errors import RecipeError
from hillotype.latent.bound import cross_entropy
from hillotype.latent.coder import Coder
from hillotype.latent.priors import Mixture, Normal, Prior, StandardNormal
from hillotype.train.trained import Floats

Scores: TypeAlias = np.ndarray
"""float64 (N,), one for each picture, the larger the stranger."""

Score: TypeAlias = Callable[[Floats], Scores]
"""A function of pictures (N, C, H, W) in [0, 1]."""

_PARTS = 30  # of the mixture of codes: ten classes of several kinds each
_DRAWS = 10
_LEAST = 1e-6  # what errors and variances count for at least: zero has no logarithm


@dataclass(frozen=True)
class Area:
    """The area under a ROC curve: how likely a strange picture has a larger score than a normal one.

    Attributes:
        value: 0.5 is as good as chance, 1 is best.
        low: lower end of its 95% interval.
        high: its upper end.
    """

    value: float
    low: float
    high: float


def fit_scores(coder: Coder, train: Floats, validation: Floats, seed: int = 0) -> dict[str, Score]:
    """Makes every score that an autoencoder has, and PCA's beside them.

    - "reconstruction error": `reconstruction_error`.
    - "relative error": `relative_error`.
    - "PCA error": the reconstruction error of as many principal components as a code has numbers.
    - "latent, normal" and "latent, mixture": `improbability` of the code under a prior fitted to training codes.
    - "latent, own prior" (VAE): the same under the prior that the VAE was trained toward.
    - "reconstruction probability" (VAE): `reconstruction_probability`.
    - "latent, corrected": "latent, mixture" less what the picture's contrast lets expect, see `corrected`.
    - "combined": relative error and "latent, corrected", see `combined`.

    Args:
        coder: the autoencoder, trained on normal pictures.
        train: normal pictures (N, C, H, W), to fit priors and components to.
        validation: other normal pictures, for "latent, corrected" and the scale of the parts of "combined".
        seed: of the mixture's start, and of what is drawn from the posterior.
    """
    codes = coder.encode(train)
    priors: dict[str, Prior] = {"normal": Normal.fit(codes), "mixture": Mixture.fit(codes, _PARTS, seed)}
    if coder.generative is not None:
        priors["own prior"] = StandardNormal(coder.size)
    components = Coder.pca(train, coder.size)
    scores: dict[str, Score] = {
        "reconstruction error": partial(reconstruction_error, coder),
        "relative error": partial(relative_error, coder),
        "PCA error": partial(reconstruction_error, components),
    }
    scores |= {f"latent, {name}": partial(improbability, coder, prior) for name, prior in priors.items()}
    if coder.generative is not None:
        scores["reconstruction probability"] = lambda pictures: reconstruction_probability(
            coder, pictures, torch.Generator().manual_seed(seed)
        )
    scores["latent, corrected"] = corrected(scores["latent, mixture"], validation)
    parts = (scores["relative error"], scores["latent, corrected"])
    return {**scores, "combined": combined(parts, validation)}


def reconstruction_error(coder: Coder, pictures: Floats) -> Scores:
    """Returns the mean squared error per element of each picture."""
    return _mean_square(coder.reconstruct(pictures).astype(np.float64) - pictures)


def relative_error(coder: Coder, pictures: Floats) -> Scores:
    """Returns the logarithm of the share of each picture's variance that its reconstruction loses.

    A picture with little in it has little to get wrong: by their error alone, all digits 1 look usual.
    """
    return np.asarray(np.log(reconstruction_error(coder, pictures) + _LEAST) - contrast(pictures))


def contrast(pictures: Floats) -> np.ndarray:
    """Returns the logarithm of each picture's variance about the means of its channels, (N,)."""
    centered = pictures - pictures.mean(axis=(2, 3), keepdims=True, dtype=np.float64)
    return np.asarray(np.log(_mean_square(centered) + _LEAST))


def improbability(coder: Coder, prior: Prior, pictures: Floats) -> Scores:
    """Returns the negative logarithm of the prior's density at each picture's code, in nats."""
    return -prior.log_density(coder.encode(pictures))


def reconstruction_probability(coder: Coder, pictures: Floats, rng: torch.Generator, draws: int = _DRAWS) -> Scores:
    """Returns the negative logarithm of how likely a VAE's decoder makes each picture, in nats.

    It is the mean over `draws` codes from the picture's posterior. Answers between 0 and 1 (a sigmoid's) are taken for
    probabilities of white, independent of each other (Bernoulli), as the loss `bce_sum` takes them, grays by their
    share; other answers for means of normals of variance 1, as `half_sse` takes them, less the constant.
    An and Cho 2015, Variational Autoencoder based Anomaly Detection using Reconstruction Probability,
    http://dm.snu.ac.kr/static/docs/TR/SNUDM-TR-2015-03.pdf.

    Raises:
        RecipeError: the model has no posterior.
    """
    means, logvars = coder.posterior(pictures)
    loss = cross_entropy if coder.model.output_range == (0.0, 1.0) else _half_square
    spread = np.exp(0.5 * logvars)
    total = np.zeros(len(pictures))
    for _ in range(draws):
        noise = torch.randn(means.shape, generator=rng).numpy()
        total += loss(coder.decode(means + spread * noise), pictures)
    return total / draws


def corrected(score: Score, validation: Floats) -> Score:
    """Makes the score less what a picture's contrast lets expect, by a line fitted to normal validation pictures.

    Codes of simple pictures lie where codes are dense, whether the pictures are usual or not, so that a likelihood
    tells how complex a picture is before it tells how strange it is: Serra et al. 2020, Input Complexity and
    Out-of-distribution Detection with Likelihood-based Generative Models, https://arxiv.org/abs/1909.11480, who
    subtract the length of a compressed file.
    """
    known, values = contrast(validation), score(validation)
    away = known - known.mean()
    slope = float(away @ (values - values.mean()) / max(float(away @ away), 1e-12))
    return lambda pictures: score(pictures) - slope * contrast(pictures)


def combined(parts: tuple[Score, ...], validation: Floats) -> Score:
    """Makes the sum of scores, each in standard deviations from its mean over normal validation pictures."""
    known = [part(validation) for part in parts]
    means, spreads = [each.mean() for each in known], [max(float(each.std()), 1e-12) for each in known]

    def score(pictures: Floats) -> Scores:
        each = zip(parts, means, spreads, strict=True)
        return np.asarray(np.sum([(part(pictures) - mean) / spread for part, mean, spread in each], axis=0))

    return score


def threshold(scores_of_normal: Scores, share: float) -> float:
    """Returns the score that a share of the normal pictures lies above: what will be called strange of them, wrongly.

    Raises:
        RecipeError: no scores, or a share that is not between 0 and 1.
    """
    _check("normal", scores_of_normal)
    if not 0 < share < 1:
        raise RecipeError(f"share {share}: of normal pictures to be called strange; give one between 0 and 1, as 0.05")
    return float(np.quantile(scores_of_normal, 1 - share))


def roc(normal: Scores, strange: Scores) -> tuple[np.ndarray, np.ndarray]:
    """Returns the false and the true positive rates, each rising from 0 to 1, as the threshold falls.

    Raises:
        RecipeError: there are normal pictures only, or strange ones only.
    """
    _check("normal", normal)
    _check("strange", strange)
    levels = np.unique(np.concatenate([normal, strange]))
    above = [1 - np.searchsorted(np.sort(each), levels, side="left") / len(each) for each in (normal, strange)]
    false, true = (np.concatenate([[0.0], each[::-1]]) for each in above)
    return false, true


def auc(normal: Scores, strange: Scores) -> float:
    """Returns the area under the ROC curve: the share of pairs where the strange one has the larger score, ties half.

    It is the Mann-Whitney statistic (Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747).

    Raises:
        RecipeError: there are normal pictures only, or strange ones only.
    """
    _check("normal", normal)
    _check("strange", strange)
    below = np.sort(normal)
    smaller = np.searchsorted(below, strange, side="left") + np.searchsorted(below, strange, side="right")
    return float(smaller.mean() / (2 * len(normal)))


def area(normal: Scores, strange: Scores, rng: np.random.Generator, draws: int = 1000) -> Area:
    """Returns the area under the ROC curve with its 95% interval, by bootstrap over the pictures of either kind.

    Raises:
        RecipeError: there are normal pictures only, or strange ones only.
    """
    value = auc(normal, strange)
    drawn = [auc(rng.choice(normal, len(normal)), rng.choice(strange, len(strange))) for _ in range(draws)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Area(value, float(low), float(high))


def _mean_square(values: np.ndarray) -> Scores:
    return np.asarray(np.square(values).reshape(len(values), -1).mean(axis=1))


def _half_square(answers: Floats, truths: Floats) -> Scores:
    return np.asarray(0.5 * truths[0].size * _mean_square(answers.astype(np.float64) - truths))


def _check(what: str, scores: Scores) -> None:
    if not len(scores):
        raise RecipeError(f"no {what} pictures: to tell normal from strange takes some of either; name more")
    if not np.isfinite(scores).all():
        raise RecipeError(f"the scores of {what} pictures hold NaN or infinity; leave these pictures out")
