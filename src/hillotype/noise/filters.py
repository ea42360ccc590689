"""Filters of rows and columns, edges mirrored: numpy and torch alike."""

import math
from collections.abc import Sequence

from array_api_compat import array_namespace, device

from hillotype.color import Array


def gaussian_blur(picture: Array, radius: float) -> Array:
    """Blurs (N, C, H, W) with a Gaussian of standard deviation `radius` pixels, edges mirrored; 0 changes nothing."""
    if radius < 0.05:
        return picture
    reach = max(1, math.ceil(3 * radius))
    weights = [math.exp(-0.5 * (k / radius) ** 2) for k in range(-reach, reach + 1)]
    return filtered(picture, [weight / sum(weights) for weight in weights])


def filtered(picture: Array, weights: Sequence[float]) -> Array:
    """Filters rows and columns of (N, C, H, W) with an odd number of weights, edges mirrored."""
    xp = array_namespace(picture)
    reach = len(weights) // 2
    for axis in (2, 3):
        size = picture.shape[axis]
        index = [_mirror(i, size) for i in range(-reach, size + reach)]
        padded = xp.take(picture, xp.asarray(index, device=device(picture)), axis=axis)
        filtered = xp.zeros_like(picture)
        for k, weight in enumerate(weights):
            part = padded[:, :, k : k + size, :] if axis == 2 else padded[:, :, :, k : k + size]
            filtered = filtered + part * weight
        picture = filtered
    return picture


def _mirror(index: int, size: int) -> int:
    """The index inside 0..size-1 that mirroring at the edges leads to."""
    period = 2 * size
    index %= period
    return index if index < size else period - 1 - index
