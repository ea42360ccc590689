"""Pixels of any depth as floats in [0, 1] and back, without a copy of the whole picture."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hillotype.pictures import Rows

Pixels: TypeAlias = NDArray[Any]
"""(H, W, C) uint8, uint16 or float32 in [0, 1]; C = 1 (gray) or 3 (RGB)."""

Plane: TypeAlias = NDArray[np.float32]
"""(h, w), or (k, h, w) for several: lightness, chroma and the like."""

STRIP_PIXELS: Final = 128 * 1024
"""Pixels of a strip of a full-size picture, worked on at once: its planes fit in a core's cache."""

_NEUTRAL: Final = 1e-4
"""How far the channels of a gray picture in floats may be apart: what arithmetic leaves."""


def full_scale(pixels: Rows) -> float:
    """Returns the value that stands for white: 255, 65535, or 1 for floats."""
    return float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0


def store(values: NDArray[np.float32], out: Pixels) -> None:
    """Writes floats into `out` of any depth; if that holds integers, clipped to 0 .. 1 and rounded.

    `values` serves as working memory.
    """
    scale = full_scale(out)
    if scale != 1.0:
        values *= np.float32(scale)
        values += np.float32(0.5)  # the cast to integers cuts off
        np.clip(values, 0.0, np.float32(scale), out=values)
    out[...] = values


def with_channels(pixels: Pixels, channels: int) -> Pixels:
    """Returns pixels (..., 1 or 3) with as many channels as asked for, 1 or 3: gray repeated, or green alone."""
    if pixels.shape[-1] == channels:
        return pixels
    return np.repeat(pixels, 3, axis=-1) if channels == 3 else pixels[..., 1:2]


def is_neutral(pixels: Rows) -> bool:
    """Tells whether a picture is gray: one channel, or red, green and blue the same at each pixel."""
    if pixels.shape[2] == 1:
        return True
    # In strips, so that a color picture is known as one after its first rows.
    for top in range(0, pixels.shape[0], 64):
        strip = pixels[top : top + 64]
        if strip.dtype.kind == "f":
            if np.ptp(strip, axis=2).max() > _NEUTRAL:
                return False
        elif (strip[..., 0] != strip[..., 1]).any() or (strip[..., 0] != strip[..., 2]).any():
            return False
    return True
