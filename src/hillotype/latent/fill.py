"""Filling in missing pixels: by the mean picture, by principal components, by an autoencoder, by a model made for it.

A mask is float32 (N, 1, H, W), 1 where a picture is known and 0 where it is missing, as `hillotype.tasks.Inpaint` has
it. Every filler leaves the known pixels as they are and does not look at the missing ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy.linalg import solve_triangular
from sklearn.decomposition import PCA
from torch import Tensor

from hillotype.errors import RecipeError
from hillotype.latent.coder import Coder, Codes
from hillotype.latent.priors import Normal
from hillotype.noise import Mask
from hillotype.pictures import read_picture, whole
from hillotype.pictures.modes import to_8_bit
from hillotype.tasks import Inpaint
from hillotype.train.trained import Floats, Trained

Known: TypeAlias = np.ndarray
"""float32 (N, 1, H, W), 1 known and 0 missing."""

Filler: TypeAlias = Callable[[Floats, Known], Floats]
"""From pictures (N, C, H, W) in [0, 1] and what is known of them to whole pictures."""

KINDS = {"pixels": 0.5, "block": 0.25, "scratches": 0.15}
"""What `make_mask` can make missing, and the share of a picture that is missing unless another is given."""

_BLUE = (0.35, 0.55, 0.85)
_MOST_COMPONENTS = 256
_STEPS, _RATE = 300, 0.1
_FARTHEST_START = 4.0  # standard deviations of the prior


def make_mask(kind: str, count: int, height: int, width: int, share: float, rng: np.random.Generator) -> Known:
    """Makes masks (count, 1, height, width), each with another draw.

    Args:
        kind: "pixels" (each with the chance `share`), "block" (a rectangle with the sides' proportion), or "scratches"
            (thin lines, as many as it takes).
        count: how many.
        height: of a picture.
        width: of a picture.
        share: of a picture that is missing, between 0 and 1.
        rng: draws.

    Raises:
        RecipeError: an unknown kind, a share out of range, or one that leaves a picture with nothing missing or known.
    """
    if kind not in KINDS:
        raise RecipeError(f"missing {kind!r}: unknown; use {', '.join(KINDS)}, or a picture file that is black there")
    if not 0 < share < 1:
        raise RecipeError(f"share {share}: of pixels that are missing; give one between 0 and 1, as {KINDS[kind]}")
    if kind == "scratches":
        known = np.stack([_scratched(height, width, share, rng) for _ in range(count)])
    else:
        mask = Mask(amount=(share, share), block=kind == "block")
        known = np.asarray(mask.keep(np.zeros((count, 1, height, width), np.float32), rng))
    for bare, what in ((known.min(axis=(1, 2, 3)) == 1, "missing"), (known.max(axis=(1, 2, 3)) == 0, "known")):
        if bare.any():  # its error would be one of no pixels, or its filling a guess at nothing
            raise RecipeError(
                f"share {share}: leaves a picture of {width}x{height} with no pixel {what}; "
                f"give a {'larger' if what == 'missing' else 'smaller'} one, as {KINDS[kind]}"
            )
    return known


def read_mask(path: Path, count: int, height: int, width: int) -> Known:
    """Reads a mask from a picture file, black where pixels are missing, for `count` pictures (count, 1, height, width).

    Raises:
        PictureError: the file is missing or no picture.
        RecipeError: it has another size than the pictures, or no black, or nothing else.
    """
    known = (whole(to_8_bit(read_picture(path)).pixels).mean(axis=2) >= 128).astype(np.float32)
    if known.shape != (height, width):
        size = f"{known.shape[1]}x{known.shape[0]}"
        raise RecipeError(f"{path}: a mask of {size} pixels, but the pictures are {width}x{height}; resize it")
    if known.min() == known.max():
        colors = "no black, so nothing is missing" if known.all() else "all black, so nothing is known"
        raise RecipeError(f"{path}: {colors}; paint black what is missing and leave the rest white")
    return np.broadcast_to(known, (count, 1, height, width))


def mark(pictures: Floats, known: Known) -> Floats:
    """Returns pictures (N, 3, H, W) with the missing pixels in blue, so that they are seen on any picture."""
    _check(pictures, known)
    rgb = np.broadcast_to(pictures, (len(pictures), 3, *pictures.shape[2:]))
    return np.asarray(np.where(known > 0.5, rgb, np.array(_BLUE, np.float32)[:, None, None]), dtype=np.float32)


def missing_error(answers: Floats, truths: Floats, known: Known) -> np.ndarray:
    """Returns the squared error of each picture, (N,), as a mean over its missing elements; 0 if none is missing."""
    _check(truths, known)
    missing = 1 - known.astype(np.float64)
    squared = np.square(answers.astype(np.float64) - truths) * missing
    count = missing.sum(axis=(1, 2, 3)) * truths.shape[1]
    return np.asarray(squared.sum(axis=(1, 2, 3)) / np.maximum(count, 1))


def fill_with_mean(mean: Floats, pictures: Floats, known: Known) -> Floats:
    """Returns pictures with their missing pixels from the mean picture (C, H, W)."""
    return _completed(pictures, known, mean[None])


@dataclass(frozen=True)
class ComponentsFill:
    """Fills in what principal components make most likely, given the known pixels.

    It is the posterior mean of probabilistic principal components (Tipping and Bishop 1999,
    https://doi.org/10.1111/1467-9868.00196): least squares on the known pixels, where each component is held back by
    its variance.

    Attributes:
        mean: (D,).
        axes: orthonormal rows (K, D).
        variances: of the pictures along each axis, (K,).
        noise: variance of each number that is left to no axis.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray
    noise: float

    @classmethod
    def fit(cls, pictures: Floats, most: int = _MOST_COMPONENTS) -> Self:
        """Fits at most `most` components to pictures (N, C, H, W), N >= 2."""
        flat = pictures.reshape(len(pictures), -1)
        fitted = PCA(min(most, *(np.array(flat.shape) - 1)), svd_solver="randomized", random_state=0).fit(flat)
        noise = max(float(fitted.noise_variance_), 1e-8)
        return cls(fitted.mean_, fitted.components_, np.maximum(fitted.explained_variance_ - noise, 1e-8), noise)

    def __call__(self, pictures: Floats, known: Known) -> Floats:
        """Fills in pictures (N, C, H, W)."""
        _check(pictures, known)
        masks = np.broadcast_to(known > 0.5, pictures.shape).reshape(len(pictures), -1)
        flat = pictures.reshape(len(pictures), -1)
        answers = np.stack([self._answer(picture, mask) for picture, mask in zip(flat, masks, strict=True)])
        return _completed(pictures, known, answers.reshape(pictures.shape))

    def _answer(self, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
        seen = self.axes[:, mask]
        gram = seen @ seen.T + np.diag(self.noise / self.variances)
        code = np.linalg.solve(gram, seen @ (picture - self.mean)[mask])
        return np.asarray(code @ self.axes + self.mean)


@dataclass(frozen=True, eq=False)
class ProjectionFill:
    """Fills in with the nearest picture that a trained autoencoder can draw.

    Looks for the code whose picture has the least squared error on the known pixels, by gradient descent (Bora et al.
    2017, Compressed Sensing using Generative Models, https://arxiv.org/abs/1703.03208). The error counts in units of
    `noise`, the error that the autoencoder has anyway, against the code's log density under `prior`: the most likely
    code, with nothing to tune.

    Attributes:
        coder: the autoencoder.
        prior: of its codes.
        noise: its mean squared error per element on whole pictures.
        mean: picture (C, H, W) that the missing pixels are taken from for a start.
    """

    coder: Coder
    prior: Normal
    noise: float
    mean: Floats

    @classmethod
    def fit(cls, coder: Coder, pictures: Floats) -> Self:
        """Fits prior, noise and mean to training pictures (N, C, H, W), N >= 2."""
        codes = coder.encode(pictures)
        noise = float(np.square(coder.decode(codes).astype(np.float64) - pictures).mean())
        return cls(coder, Normal.fit(codes), max(noise, 1e-6), pictures.mean(axis=0))

    def __call__(self, pictures: Floats, known: Known) -> Floats:
        """Fills in pictures (N, C, H, W)."""
        return _completed(pictures, known, self.coder.decode(self.codes(pictures, known)))

    def codes(self, pictures: Floats, known: Known) -> Codes:
        """Returns the codes (N, D) of the pictures that fit the known pixels best."""
        start = self.coder.encode(fill_with_mean(self.mean, pictures, known))
        whitened = solve_triangular(self.prior.factor, (start - self.prior.mean).T, lower=True).T
        found = torch.tensor(whitened.clip(-_FARTHEST_START, _FARTHEST_START), dtype=torch.float32, requires_grad=True)
        truths, weights = (torch.tensor(np.asarray(each, np.float32)) for each in (pictures, known / self.noise))
        mean, factor = (torch.tensor(each, dtype=torch.float32) for each in (self.prior.mean, self.prior.factor))
        optimizer = torch.optim.Adam([found], _RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _STEPS)
        for _ in range(_STEPS):
            error = (weights * (self._decode(mean + found @ factor.T) - truths).square()).sum()
            (found.grad,) = torch.autograd.grad(0.5 * (error + found.square().sum()), [found])
            optimizer.step()
            schedule.step()
        return np.asarray(mean + found.detach() @ factor.T)

    def _decode(self, codes: Tensor) -> Tensor:
        height, width = self.coder.shape[1:]
        pictures = self.coder.model.decode(codes.reshape(-1, *self.coder.code_shape))
        return pictures[..., :height, :width] + self.coder.shift


def fill_with_model(trained: Trained, pictures: Floats, known: Known) -> Floats:
    """Returns what a model that was trained for the task inpaint makes of pictures (N, C, H, W).

    Raises:
        RecipeError: it was trained for another task.
    """
    if not isinstance(trained.task, Inpaint):
        raise RecipeError(
            f"{trained.folder}: was trained to {trained.task.name}, not to fill in; train a run with the task inpaint"
        )
    _check(pictures, known)
    seen = np.concatenate([pictures * known, known], axis=1, dtype=np.float32)
    return trained.answer(seen)


def _scratched(height: int, width: int, share: float, rng: np.random.Generator) -> Known:
    """Thin straight lines from edge to edge or shorter, at least one, until the share is missing; (1, H, W)."""
    drawn = Image.new("L", (width, height), 1)
    pen, thickness = ImageDraw.Draw(drawn), max(1, round(min(height, width) / 100))
    scale = np.array([width - 1, height - 1])
    while (known := np.asarray(drawn)).mean() > 1 - share:
        ends = rng.random((2, 2)) * scale
        pen.line([tuple(end) for end in ends.round().astype(int).tolist()], fill=0, width=thickness)
    return np.asarray(known, np.float32)[None]


def _completed(pictures: Floats, known: Known, answers: Floats) -> Floats:
    _check(pictures, known)
    return np.asarray(np.where(known > 0.5, pictures, answers.clip(0, 1)), dtype=np.float32)


def _check(pictures: Floats, known: Known) -> None:
    wanted = (len(pictures), 1, *pictures.shape[2:])
    if known.shape != wanted:
        raise RecipeError(f"mask of shape {known.shape}, but for these pictures it must be {wanted}; make it so")
