"""Maps of codes: the plane that shows what they decode to, two numbers for many, and how far apart classes lie."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

from hillotype.errors import RecipeError
from hillotype.latent.coder import Coder, Codes
from hillotype.pages import evenly

WAYS = ("pca", "tsne")
"""The ways that `project` knows by name."""

NEIGHBORS = 5
"""How many neighbors vote in `separation`."""

_BETWEEN = 8  # pictures that a place between them is made of
_MOST_TSNE = 5000  # it takes minutes beyond
_PERPLEXITY = 30.0
_MOST_SILHOUETTE = 2000  # it compares all with all


def plane(per_side: int) -> np.ndarray:
    """Returns codes (per_side ** 2, 2) on a grid with equal shares of the normal prior between its lines, row by row.

    The first number grows to the right, the second upward.
    """
    steps = np.array([NormalDist().inv_cdf(share) for share in _shares(per_side)])
    return _grid(steps, steps)


def principal_plane(codes: Codes, per_side: int) -> Codes:
    """Returns codes (per_side ** 2, D) on the plane of the first two principal axes of codes (N, D) about their mean.

    Equal shares of the codes lie between the grid's lines along each axis. Row by row: the first axis to the right,
    the second upward.

    Raises:
        RecipeError: fewer than two codes, or one with NaN or infinity.
    """
    mean, axes = _principal_axes(codes)
    across, up = np.quantile((codes - mean) @ axes.T, _shares(per_side), axis=0).T
    return np.asarray(mean + _grid(across, up) @ axes, dtype=np.float32)


def manifold(coder: Coder, codes: Codes, per_side: int) -> Codes:
    """Returns the codes (per_side ** 2, D) of the grid that shows what an autoencoder can draw, row by row.

    A VAE of two numbers has the plane of its prior; every other model that of the first two principal axes of its
    pictures' `codes` (N, D).
    """
    if coder.generative is not None and coder.size == 2:
        return plane(per_side).astype(np.float32)
    return principal_plane(codes, per_side)


def project(codes: Codes, how: str, rng: np.random.Generator) -> np.ndarray:
    """Returns places (N, 2) on a map of codes (N, D); codes of two numbers are their own places.

    Args:
        codes: at least two, at most 5,000 for "tsne".
        how: "pca", the first two principal axes, or "tsne", which keeps neighbors together and no distances (van der
            Maaten and Hinton 2008, https://jmlr.org/papers/v9/vandermaaten08a.html).
        rng: of the start of t-SNE.

    Raises:
        RecipeError: an unknown way, too many or too few codes, or one with NaN or infinity.
    """
    if how not in WAYS:
        raise RecipeError(f"map {how!r}: unknown; use one of {', '.join(WAYS)}")
    _check(codes)
    if codes.shape[1] == 2:
        return np.asarray(codes)
    if how == "pca":
        mean, axes = _principal_axes(codes)
        return np.asarray((codes - mean) @ axes.T)
    if len(codes) > _MOST_TSNE:
        raise RecipeError(f"tsne: {len(codes):,} codes take too long; give at most {_MOST_TSNE:,}, or use pca")
    perplexity = min(_PERPLEXITY, (len(codes) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="random", random_state=int(rng.integers(2**31)))
    return np.asarray(tsne.fit_transform(codes))


def at_place(place: np.ndarray, places: np.ndarray, codes: Codes) -> Codes:
    """Returns the code (1, D) that a place (2,) of a map stands for: of two numbers, the place itself.

    On other maps it is the mean of the nearest codes (N, D) by their places (N, 2), weighted by the inverse of the
    squared distance, so that it is a picture's own code at its place and changes smoothly between them (Shepard 1968,
    https://doi.org/10.1145/800186.810616).
    """
    if codes.shape[1] == 2:
        return np.asarray(place, dtype=np.float32)[None]
    apart = np.square(places - place).sum(axis=1)
    nearest = np.argsort(apart, kind="stable")[:_BETWEEN]
    weights = 1 / np.maximum(apart[nearest], np.finfo(np.float32).tiny)
    return np.asarray((weights / weights.sum()) @ codes[nearest], dtype=np.float32)[None]


def separation(
    known: np.ndarray, labels: Sequence[str], asked: np.ndarray, their_labels: Sequence[str]
) -> tuple[float, float]:
    """Returns how well codes (N, D) keep the classes apart that nobody told them.

    That is the share of `asked` whose class the majority of its five nearest neighbors among `known` has, and the
    silhouette of at most 2,000 of them, -1 to 1 (Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7).

    Raises:
        RecipeError: the codes are of one class only, or each of a class of its own.
    """
    neighbors = KNeighborsClassifier(min(NEIGHBORS, len(known))).fit(known, labels)
    some = evenly(_MOST_SILHOUETTE, len(asked))
    classes = len({their_labels[index] for index in some})
    if not 1 < classes < len(some):
        raise RecipeError(
            f"{len(some)} pictures of {classes} classes: to tell how far classes are apart takes two of them, with two "
            "pictures in one; give others"
        )
    return (
        float(neighbors.score(asked, their_labels)),
        float(silhouette_score(asked[some], np.asarray(their_labels)[some])),
    )


def _shares(per_side: int) -> np.ndarray:
    """The middles of `per_side` equal parts of 0 to 1."""
    return (np.arange(per_side) + 0.5) / per_side


def _grid(across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """All pairs of two rising rows of numbers, (len(up) * len(across), 2), the topmost first."""
    first, second = np.meshgrid(across, up[::-1])
    return np.stack([first.ravel(), second.ravel()], axis=1)


def _principal_axes(codes: Codes) -> tuple[np.ndarray, np.ndarray]:
    """The mean (D,) and the two strongest axes (2, D), each with its largest number positive; 0 where there is none."""
    _check(codes)
    mean = codes.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(codes - mean, full_matrices=False)[2][:2]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    return mean, np.concatenate([axes, np.zeros((2 - len(axes), codes.shape[1]))])


def _check(codes: Codes) -> None:
    if codes.ndim != 2 or len(codes) < 2:
        raise RecipeError(f"codes of shape {codes.shape}: a map shows two codes (N, D) at least; give more")
    if not np.isfinite(codes).all():
        raise RecipeError("codes to map hold NaN or infinity; leave these out")
