"""Baselines: what a picture scores without any network, as the rows to print beside a model.

A baseline is called with what a task observes, (1, C, H, W) floats as numpy, and returns the finished picture
(1, C', H, W) float32, clipped to [0, 1] as `Task.finish` clips a model's. None is told the noise level or the
reference. What a baseline must learn, a `fit_` function learns from clean training pictures, (C, H, W) float32
in [0, 1], a part of which is held out to choose its one setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from hillotype.color import ColorSpace, Lab, neutral_chroma
from hillotype.errors import DataError
from hillotype.evaluate.patch_pca import fit_chroma_pca, fit_patch_pca
from hillotype.evaluate.patches import Floats
from hillotype.evaluate.sigma import estimate_sigma


class Baseline(Protocol):
    """A way to answer a task without a network."""

    @property
    def name(self) -> str:
        """What the row is called."""

    def __call__(self, seen: Floats) -> Floats:
        """Returns the picture (1, C', H, W) in [0, 1] for what the task observes, (1, C, H, W)."""


@dataclass(frozen=True)
class Identity:
    """The noisy picture, left alone."""

    name: ClassVar[str] = "identity"

    def __call__(self, seen: Floats) -> Floats:
        """Returns `seen`, clipped."""
        return _finished(seen)


@dataclass(frozen=True)
class MeanColor:
    """The mean color of the training pictures, everywhere.

    Attributes:
        color: one value in [0, 1] for each channel.
    """

    color: tuple[float, ...]

    name: ClassVar[str] = "mean color"

    def __call__(self, seen: Floats) -> Floats:
        """Returns a flat picture of the size of `seen`."""
        color = np.array(self.color, np.float32).reshape(1, -1, 1, 1)
        return _finished(np.broadcast_to(color, (1, len(self.color), *seen.shape[2:])))


@dataclass(frozen=True)
class NonLocalMeans:
    """Non-local means, told the noise level that `estimate_sigma` finds.

    Source: Buades, Coll, Morel 2005, A non-local algorithm for image denoising,
    https://doi.org/10.1109/CVPR.2005.38; the fast form of Darbon et al. 2008, as in scikit-image.

    Attributes:
        patch: side of the patches compared, in pixels.
        distance: how far patches are looked for, in pixels.
        strength: the cut-off h in units of the noise level; it and the others were
            chosen on six pictures of BSDS500 (none of BSD68) at noise levels 15 to 50.
    """

    patch: int = 5
    distance: int = 6
    strength: float = 0.6

    name: ClassVar[str] = "nl-means"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the denoised picture."""
        from skimage.restoration import denoise_nl_means

        sigma = estimate_sigma(seen)
        if sigma == 0:
            return _finished(seen)
        gray = seen.shape[1] == 1  # scikit-image transposes a picture with one channel
        denoised = denoise_nl_means(
            seen[0, 0] if gray else seen[0],
            patch_size=self.patch,
            patch_distance=self.distance,
            h=self.strength * sigma,
            sigma=sigma,
            fast_mode=True,
            channel_axis=None if gray else 0,
        )
        return _finished(denoised.reshape(seen.shape))


@dataclass(frozen=True, eq=False)
class Gray:
    """The gray picture: the luma that was seen, and no chroma.

    Attributes:
        space: the color space whose luma is seen.
    """

    space: ColorSpace = field(default_factory=Lab)

    name: ClassVar[str] = "gray"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the gray picture (1, 3, H, W)."""
        return _finished(self.space.join(seen, neutral_chroma(self.space, seen)))


@dataclass(frozen=True, eq=False)
class MeanChroma:
    """The luma that was seen, with the mean a* and b* of the training pictures everywhere.

    Attributes:
        chroma: mean (a*, b*) / 110.
        space: the color space whose luma is seen.
    """

    chroma: tuple[float, float]
    space: ColorSpace = field(default_factory=Lab)

    name: ClassVar[str] = "mean color"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the toned picture (1, 3, H, W)."""
        lightness = Lab().split(Gray(self.space)(seen))[0]
        chroma = np.array(self.chroma, np.float32).reshape(1, 2, 1, 1)
        return _finished(Lab().join(lightness, np.broadcast_to(chroma, (1, 2, *seen.shape[2:]))))


def fit_mean_color(pictures: Iterable[Floats]) -> MeanColor:
    """Averages the training pictures, each counting the same, to one color; DataError if there are none."""
    return MeanColor(_mean_of([picture.mean(axis=(1, 2)) for picture in pictures]))


def fit_mean_chroma(pictures: Iterable[Floats], space: ColorSpace) -> MeanChroma:
    """Averages a* and b* of the training pictures (3, H, W), each counting the same.

    `space` is that of the task. Raises DataError if there are no pictures.
    """
    a, b = _mean_of([Lab().split(picture[None])[1].mean(axis=(0, 2, 3)) for picture in pictures])
    return MeanChroma((a, b), space)


def denoise_baselines(pictures: Sequence[Floats], rng: np.random.Generator) -> list[Baseline]:
    """Fits all baselines of denoising on clean training pictures (C, H, W)."""
    return [Identity(), fit_mean_color(pictures), NonLocalMeans(), fit_patch_pca(pictures, rng)]


def colorize_baselines(pictures: Sequence[Floats], rng: np.random.Generator, space: ColorSpace) -> list[Baseline]:
    """Fits all baselines of colorization on color training pictures (3, H, W), for the luma of `space`."""
    return [Gray(space), fit_mean_chroma(pictures, space), fit_chroma_pca(pictures, rng, space)]


def _mean_of(values: Sequence[Floats]) -> tuple[float, ...]:
    if not values:
        raise DataError("no training pictures: a mean needs at least one; give a folder or zip with some")
    return tuple(float(value) for value in np.mean(values, axis=0))


def _finished(picture: Floats) -> Floats:
    return np.clip(picture, 0, 1).astype(np.float32)
