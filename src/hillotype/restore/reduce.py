"""Reduced copies of pictures of any depth: what a model or a diagnosis looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.pictures import Rows
from hillotype.restore.pixels import STRIP_PIXELS, Plane, full_scale

LONGEST_ASPECT = 6
"""Pictures more elongated than this are reduced further, so that the model's cost stays bounded."""


def working_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Returns the size at which the model sees a picture: short side `side`, aspect kept.

    A picture more elongated than LONGEST_ASPECT gets the long side LONGEST_ASPECT * side instead.
    """
    scale = min(side / min(height, width), LONGEST_ASPECT * side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def fitting_size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Returns the size at which a picture (H, W, ...) has a long side of `side` at most; nothing is enlarged."""
    height, width = shape[:2]
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def reduced(pixels: Rows, size: tuple[int, int]) -> Plane:
    """Returns the picture at `size` (h, w), as float32 in [0, 1]."""
    height, width = pixels.shape[:2]
    block = max(1, min(height // size[0], width // size[1]) // 2)  # Pillow does the last step of 2 or 3, more finely
    means = _block_means(pixels, block)
    box = (0, 0, width / block, height / block)
    planes = [
        np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BICUBIC, box=box)) for plane in means
    ]
    small: Plane = np.stack(planes, axis=-1)
    return np.clip(small, 0.0, 1.0, out=small)


def reduced_to_8_bits(pixels: Rows, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns the picture at `size` (h, w), rounded: to be looked at."""
    return np.asarray(reduced(pixels, size) * 255 + np.float32(0.5)).astype(np.uint8)


def _block_means(pixels: Rows, block: int) -> Plane:
    """Returns the means of squares of `block` pixels; those at the right and lower border may be cut off."""
    height, width, channels = pixels.shape
    tops, lefts = np.arange(0, height, block), np.arange(0, width, block)
    sums = np.zeros((channels, len(tops), len(lefts)), np.float32)
    rows = max(1, STRIP_PIXELS // (width * block)) * block
    for top in range(0, height, rows):
        strip = pixels[top : top + rows].astype(np.float32)
        # NumPy is slow to reduce an axis as short as these, and lets no other thread run.
        lines = strip[::block]
        for row in range(1, block):
            lines[: len(strip[row::block])] += strip[row::block]
        for channel, into in enumerate(sums[:, top // block :][:, : len(lines)]):
            for column in range(block):
                values = lines[:, column::block, channel]
                into[:, : values.shape[1]] += values
    counts = np.outer(np.minimum(block, height - tops), np.minimum(block, width - lefts))
    sums /= counts.astype(np.float32) * np.float32(full_scale(pixels))
    return sums
