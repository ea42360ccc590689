"""Reduced copies of pictures of any depth: what a model or a diagnosis looks at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.pictures import Rows
from hillotype.restore.pixels import Plane, full_scale

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
        Image.fromarray(np.ascontiguousarray(means[..., channel])).resize(size[::-1], Image.Resampling.BICUBIC, box=box)
        for channel in range(pixels.shape[2])
    ]
    small: Plane = np.stack([np.asarray(plane) for plane in planes], axis=-1)
    return np.clip(small, 0.0, 1.0, out=small)


def reduced_to_8_bits(pixels: Rows, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Returns the picture at `size` (h, w), rounded: to be looked at."""
    return np.asarray(reduced(pixels, size) * 255 + np.float32(0.5)).astype(np.uint8)


def _block_means(pixels: Rows, block: int) -> Plane:
    """Averages squares of `block` pixels; those at the right and lower border may be cut off."""
    height, width, channels = pixels.shape
    tops, lefts = range(0, height, block), range(0, width, block)
    means = np.empty((len(tops), len(lefts), channels), np.float32)
    columns = np.zeros((len(lefts) * block, channels), np.float32)
    for row, top in enumerate(tops):
        pixels[top : top + block].sum(axis=0, dtype=np.float32, out=columns[:width])
        total = columns[::block].copy()
        for column in range(1, block):  # NumPy is slow to reduce an axis so short, and lets no other thread run
            total += columns[column::block]
        means[row] = total / min(block, height - top)
    means /= (np.diff([*lefts, width]) * full_scale(pixels))[None, :, None]
    return means
