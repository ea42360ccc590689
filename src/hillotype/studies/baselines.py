"""What needs no network: principal components, ridge regression and mean color on small pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from hillotype.models.pca import principal_axes
from hillotype.studies.scores import mean_error
from hillotype.train.trained import Floats


def _flat(pictures: Floats) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float64)


def _pictures(flat: np.ndarray, shape: tuple[int, ...]) -> Floats:
    return np.asarray(flat.clip(0, 1), dtype=np.float32).reshape(shape)


@dataclass(frozen=True)
class Components:
    """Principal components of pictures (Pearson 1901), strongest first; a view of the first `k` costs nothing.

    Attributes:
        mean: (D,).
        axes: (K, D), orthonormal rows.
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, pictures: Floats, most: int | None = None) -> Self:
        """Fits at most `most` components by the eigenvectors of the covariance (N, C, H, W)."""
        flat = torch.from_numpy(_flat(pictures))
        mean = flat.mean(dim=0)
        return cls(mean.numpy(), principal_axes(flat, mean)[:most].contiguous().numpy())

    def codes(self, pictures: Floats, k: int | None = None) -> np.ndarray:
        """Returns the first `k` coordinates of pictures, (N, k)."""
        return np.asarray((_flat(pictures) - self.mean) @ self.axes[:k].T)

    def reconstruct(self, pictures: Floats, k: int | None = None) -> Floats:
        """Returns pictures projected onto the first `k` components, clipped to [0, 1]."""
        return _pictures(self.codes(pictures, k) @ self.axes[:k] + self.mean, pictures.shape)

    def error(self, seen: Floats, truths: Floats, k: int) -> float:
        """Returns the mean squared error per element of what the first `k` components leave of `seen`."""
        return mean_error(self.reconstruct(seen, k), truths)


def best_count(components: Components, seen: Floats, truths: Floats, counts: Sequence[int]) -> int:
    """Returns how many of the components bring `seen` nearest to the truth: to be chosen on validation pictures."""
    return min(counts, key=lambda k: components.error(seen, truths, k))


def ridge(seen: Floats, truths: Floats, test: Floats, penalty: float = 1.0) -> Floats:
    """Linear regression from what is seen to the truth, fitted on pairs, applied to `test`; clipped to [0, 1].

    Args:
        seen: (N, c, H, W), what the model sees of training pictures.
        truths: (N, C, H, W).
        test: (M, c, H, W), what is seen of test pictures.
        penalty: on the squared weights, as a share of the mean variance of an input (Hoerl and Kennard 1970).
    """
    x, y = _flat(seen), _flat(truths)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram)
    answers = (_flat(test) - x_mean) @ np.linalg.solve(gram, x.T @ y) + y_mean
    return _pictures(answers, (len(test), *truths.shape[1:]))


@dataclass(frozen=True)
class ComponentRegression:
    """Linear regression on the principal components of what is seen (Massy 1965): PCA as a colorizer.

    https://doi.org/10.1080/01621459.1965.10480787

    Attributes:
        components: of what is seen.
        mean: of the truths, flat (D,).
        slopes: of the truths on each component's code, (K, D).
        shape: of a truth, (C, H, W).
    """

    components: Components
    mean: np.ndarray
    slopes: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def fit(cls, seen: Floats, truths: Floats, most: int) -> Self:
        """Fits `most` components of what is seen (N, c, h, w), and the truths (N, C, H, W) on them."""
        components = Components.fit(seen, most)
        codes, flat = components.codes(seen), _flat(truths)
        mean = flat.mean(axis=0)
        strength = np.maximum(np.square(codes).sum(axis=0), 1e-12)  # codes of different components do not correlate
        return cls(components, mean, codes.T @ (flat - mean) / strength[:, None], truths.shape[1:])

    def __call__(self, seen: Floats, k: int | None = None) -> Floats:
        """Returns the truths (M, C, H, W), clipped to [0, 1], that the first `k` codes lead to expect."""
        return _pictures(self.components.codes(seen, k) @ self.slopes[:k] + self.mean, (len(seen), *self.shape))
