"""PCA on clean patches as a baseline: of denoising by projection, of colorization by conditional means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

import numpy as np
from PIL import Image

from hillotype.color import ColorSpace, Lab, neutral_chroma
from hillotype.errors import DataError
from hillotype.evaluate.patches import PATCH, Floats, conditional_gain, cut, paste, principal_components, sample
from hillotype.evaluate.sigma import estimate_sigma
from hillotype.metrics import mse
from hillotype.noise import Gaussian

COLOR_SIDE = 256
"""Short side in pixels at which PCA guesses chroma."""
_HELD_OUT_CROP = 192
_RANKS = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)

_Candidate = TypeVar("_Candidate", "PatchPca", "ChromaPca")


@dataclass(frozen=True, eq=False)
class PatchPca:
    """All overlapping patches, projected on the first principal components of clean ones and averaged.

    After Muresan and Parks 2003, Adaptive principal components and image denoising (ICIP), but with one basis
    from clean training pictures and whole components kept or dropped; the noise level is that of
    `estimate_sigma`.

    Attributes:
        mean: (D,) the mean patch, D = channels * PATCH * PATCH.
        components: (D, D) the components in rows, that of the greatest variance first.
        sigmas: noise levels in units of 1/255, rising from 0.
        ranks: how many components to keep at each of them; between them linearly.
        stride: step in pixels from patch to patch.
    """

    mean: Floats
    components: Floats
    sigmas: tuple[float, ...]
    ranks: tuple[int, ...]
    stride: int = 2

    name: ClassVar[str] = "pca"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the denoised picture; DataError if it has other channels than the training pictures."""
        if seen.shape[1] * PATCH**2 != self.mean.size:
            fitted = self.mean.size // PATCH**2
            raise DataError(
                f"a picture of {seen.shape[1]} channels: this PCA was fitted on {fitted}; fit one on such pictures"
            )
        rank = round(float(np.interp(estimate_sigma(seen) * 255, self.sigmas, self.ranks)))
        basis, mean = self.components[:rank], self.mean[:, None]
        patches, grid = cut(seen[0], self.stride)
        projected = basis.T @ (basis @ (patches - mean)) + mean
        return _finished(paste(projected, grid, self.stride, seen.shape[2:])[None])


@dataclass(frozen=True, eq=False)
class ChromaPca:
    """Chroma guessed from luma, patch by patch, as its conditional mean in a PCA of Lab patches.

    The patches are Gaussian with the covariance of the first components and an even rest (probabilistic PCA,
    Tipping and Bishop 1999, https://doi.org/10.1111/1467-9868.00196), which makes the conditional mean of
    chroma a regularized least-squares fit to the luma part. It is taken where the short side is COLOR_SIDE,
    averaged over the overlapping patches, and raised bilinearly.

    Attributes:
        mean: (3 * PATCH^2,) the mean Lab patch, L* / 100 first, then (a*, b*) / 110.
        gain: (2 * PATCH^2, PATCH^2) from a luma patch less its mean to a chroma patch less its mean.
        space: the color space whose luma is seen.
        stride: step in pixels from patch to patch.
    """

    mean: Floats
    gain: Floats
    space: ColorSpace = field(default_factory=Lab)
    stride: int = 2

    name: ClassVar[str] = "pca"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the colored picture (1, 3, H, W)."""
        gray = self.space.join(seen, neutral_chroma(self.space, seen))
        lightness = Lab().split(gray)[0]
        small = _reduce(lightness[0], COLOR_SIDE)
        patches, grid = cut(small, self.stride)
        luma_mean, chroma_mean = self.mean[: PATCH**2, None], self.mean[PATCH**2 :, None]
        guessed = self.gain @ (patches - luma_mean) + chroma_mean
        chroma = paste(guessed, grid, self.stride, small.shape[1:])
        return _finished(Lab().join(lightness, _resize(chroma, seen.shape[2:])[None]))


def fit_patch_pca(
    pictures: Iterable[Floats], rng: np.random.Generator, *, sigmas: Sequence[float] = (5, 15, 25, 50)
) -> PatchPca:
    """Fits PCA on patches of clean pictures, all channels together, and chooses its rank for each noise level.

    Args:
        pictures: at least 2, all of the same channels; a part is held out to choose the ranks on.
        rng: draws the patches and the noise.
        sigmas: noise levels in units of 1/255, rising, above 0; at 0 all components are kept.

    Raises:
        DataError: if there are too few pictures, or of unlike channels.
    """
    patches, held_out = sample(pictures, rng)
    mean, components, _ = principal_components(patches)
    candidates = [PatchPca(mean, components, sigmas=(0.0,), ranks=(rank,)) for rank in _RANKS if rank <= mean.size]
    crops = [_center(picture, _HELD_OUT_CROP)[None] for picture in held_out]
    ranks = [mean.size]
    for sigma in sigmas:
        noisy = [Gaussian((sigma, sigma))(crop, rng) for crop in crops]
        ranks.extend(_best(candidates, noisy, crops).ranks)
    return replace(candidates[0], sigmas=(0.0, *sigmas), ranks=tuple(ranks))


def fit_chroma_pca(pictures: Iterable[Floats], rng: np.random.Generator, space: ColorSpace) -> ChromaPca:
    """Fits PCA on Lab patches of training pictures at reduced size, and chooses its rank on a held-out part.

    Args:
        pictures: at least 2, (3, H, W); a part is held out to choose the rank on.
        rng: draws the patches.
        space: the color space of the task, whose luma the baseline will see.

    Raises:
        DataError: if there are too few pictures.
    """
    reduced = (_reduce(picture, COLOR_SIDE)[None] for picture in pictures)
    patches, held_out = sample((np.concatenate(Lab().split(picture), axis=1)[0] for picture in reduced), rng)
    mean, components, variances = principal_components(patches)
    gains = (conditional_gain(components, variances, rank, PATCH**2) for rank in _RANKS)
    candidates = [ChromaPca(mean, gain, space) for gain in gains]
    truths = [np.clip(Lab().join(lab[None, :1], lab[None, 1:]), 0, 1) for lab in held_out]
    return _best(candidates, [space.split(truth)[0] for truth in truths], truths)


def _best(candidates: Sequence[_Candidate], seen: Sequence[Floats], truths: Sequence[Floats]) -> _Candidate:
    """Returns the candidate of the least mean squared error over the held-out pictures."""

    def error(candidate: _Candidate) -> float:
        return sum(float(mse(candidate(x), truth)[0]) for x, truth in zip(seen, truths, strict=True))

    return min(candidates, key=error)


def _finished(picture: Floats) -> Floats:
    return np.clip(picture, 0, 1).astype(np.float32)


def _center(picture: Floats, side: int) -> Floats:
    top, left = (max(0, (size - side) // 2) for size in picture.shape[1:])
    return picture[:, top : top + side, left : left + side]


def _reduce(picture: Floats, side: int) -> Floats:
    """Reduces (C, H, W) so that its short side is `side`, keeping its aspect; smaller ones stay."""
    height, width = picture.shape[1:]
    scale = side / min(height, width)
    return picture if scale >= 1 else _resize(picture, (round(height * scale), round(width * scale)))


def _resize(picture: Floats, size: tuple[int, ...]) -> Floats:
    """Resizes (C, H, W) to (C, *size) bilinearly, with antialiasing where that makes it smaller."""
    height, width = size
    planes = [Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR) for plane in picture]
    return np.stack([np.asarray(plane, np.float32) for plane in planes])
