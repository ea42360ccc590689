"""Luma and chroma of small pictures, for the studies that color: gray as a camera's, color with its lightness kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

import hillotype
from hillotype.color import Lab, YCbCr
from hillotype.studies.baselines import ComponentRegression
from hillotype.studies.scores import mean_error
from hillotype.train.trained import Floats, Trained

_SPACE, _LAB = YCbCr(), Lab()


def gray(pictures: Floats) -> Floats:
    """Returns the luma (N, 1, H, W) of pictures (N, 3, H, W) in 256 steps, as OpenCV and Pillow give it."""
    return np.asarray(np.round(_SPACE.split(pictures)[0] * 255) / 255, dtype=np.float32)


def chroma(pictures: Floats) -> Floats:
    """Returns Cb and Cr of pictures (N, 3, H, W), (N, 2, H, W) in [-1, 1]; 0 is gray."""
    return np.asarray(_SPACE.split(pictures)[1])


def with_luma(luma: Floats, chroma: Floats) -> Floats:
    """Returns the pictures (N, 3, H, W) in [0, 1] of luma (N, 1, H, W) and chroma (N, 2, H, W)."""
    return np.asarray(_SPACE.join(luma, chroma), dtype=np.float32).clip(0, 1)


def with_lightness(lightness: Floats, chroma: Floats) -> Floats:
    """Returns the pictures (N, 3, H, W) in [0, 1] of L* / 100 (N, 1, H, W), and a* and b* / 110 (N, 2, H, W)."""
    return np.asarray(np.clip(_LAB.join(lightness, chroma), 0, 1), dtype=np.float32)


def keep_luma(luma: Floats, pictures: Floats) -> Floats:
    """Returns pictures (N, 3, H, W) with the luma (N, 1, H, W) in place of their own, and their own chroma."""
    return with_luma(luma, chroma(pictures))


def enlarged(luma: Floats, factor: int) -> Floats:
    """Returns luma (N, 1, H, W) in 256 steps at `factor` times its size, by bicubic interpolation."""
    height, width = luma.shape[2:]
    levels = np.round(luma[:, 0] * 255).astype(np.uint8)
    size = (width * factor, height * factor)
    large = [np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BICUBIC)) for each in levels]
    return np.stack(large)[:, None].astype(np.float32) / np.float32(255)


def reduced(planes: Floats, factor: int) -> Floats:
    """Returns planes (N, C, H, W) a whole factor smaller, by the means of squares; leftover edges are cut off."""
    height, width = (size // factor for size in planes.shape[2:])
    cut = planes[:, :, : height * factor, : width * factor]
    squares = cut.reshape(*planes.shape[:2], height, factor, width, factor)
    return np.asarray(squares.mean(axis=(3, 5)), dtype=np.float32)


def color_enlarged(net: Trained, luma: Floats) -> Floats:
    """Colors luma (N, 1, H, W) by a net for pictures twice as large: its chroma is guessed there and reduced again."""
    return with_luma(luma, reduced(net.predict(enlarged(luma, 2)), 2))


def by_shipped(gray: Floats) -> Floats:
    """Colors gray pictures (N, 3, H, W), each by itself, as `hillotype colorize` does."""
    colorize = hillotype.load("colorize")
    return np.stack([colorize(picture) for picture in gray.transpose(0, 2, 3, 1)]).transpose(0, 3, 1, 2)


def mean_color(train: Floats, luma: Floats) -> Floats:
    """Returns the luma (N, 1, H, W) in the one chroma that the training pictures have on average."""
    mean = chroma(train).mean(axis=(0, 2, 3), dtype=np.float64)[:, None, None]  # float32 loses sums of millions
    return with_luma(luma, np.broadcast_to(mean, (len(luma), 2, *luma.shape[2:])))


def pca_color(
    train: Floats, valid: Floats, luma: Floats, counts: Sequence[int], side: int | None = None
) -> tuple[int, Floats]:
    """Colors luma (N, 1, H, W) by regression of chroma on the principal components of luma, of training pictures.

    With a `side`, it works on copies reduced to this side, where pictures have too many numbers for it; the chroma
    that it guesses is raised to full size.

    Returns:
        How many components guess the chroma of validation pictures best, of `counts`, and what they make of `luma`.
    """
    seen = luma
    if side is not None:
        train, valid, seen = (_resized(pictures, (side, side), "area") for pictures in (train, valid, luma))
    guess = ComponentRegression.fit(gray(train), chroma(train) / 2 + 0.5, max(counts))
    seen_valid, truth = gray(valid), chroma(valid) / 2 + 0.5
    best = min(counts, key=lambda k: mean_error(guess(seen_valid, k), truth))
    guessed = guess(seen, best) * 2 - 1
    return best, with_luma(luma, guessed if side is None else _resized(guessed, luma.shape[2:], "bilinear"))


def _resized(planes: Floats, size: tuple[int, ...], how: str) -> Floats:
    return np.asarray(functional.interpolate(torch.from_numpy(planes), size, mode=how))


def chroma_agreement(answers: Floats, truths: Floats) -> dict[str, float]:
    """Compares the chroma of answers with the true one, over all pixels of all pictures (N, 3, H, W).

    Returns:
        `correlation`: Pearson's, of Cb and Cr together; `vividness`: the root mean square of the answers' chroma as a
        share of the truth's; `explained`: the share of the truth's mean square that the answers account for, 0 for
        gray, below 0 for colors that are worse than none.
    """
    guessed, true = (chroma(pictures).astype(np.float64).ravel() for pictures in (answers, truths))
    power = np.square(true).mean()
    return {
        "correlation": float(np.corrcoef(guessed, true)[0, 1]),
        "vividness": float(np.sqrt(np.square(guessed).mean() / power)),
        "explained": float(1 - np.square(guessed - true).mean() / power),
    }
