"""Overlapping patches of pictures: cut, averaged back, sampled, and their principal components."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from hillotype.errors import DataError

Floats: TypeAlias = npt.NDArray[np.float32]

PATCH = 8
"""Side of a patch in pixels."""
_PATCHES_PER_PICTURE = 400
_HELD_OUT_EVERY, _HELD_OUT_MOST = 5, 12


def cut(picture: Floats, stride: int) -> tuple[Floats, tuple[int, int]]:
    """Cuts (C, H, W) into all patches at steps of `stride`, mirrored at the lower right if that needs it.

    Returns:
        (C * PATCH^2, rows * columns), a patch in each column, and (rows, columns).
    """
    beyond = [(0, max(PATCH, size) - size + -max(0, size - PATCH) % stride) for size in picture.shape[1:]]
    padded = np.pad(picture, ((0, 0), *beyond), mode="symmetric")
    windows = sliding_window_view(padded, (PATCH, PATCH), axis=(1, 2))[:, ::stride, ::stride]
    rows, columns = windows.shape[1:3]
    return windows.transpose(0, 3, 4, 1, 2).reshape(-1, rows * columns), (rows, columns)


def paste(patches: Floats, grid: tuple[int, int], stride: int, size: tuple[int, int]) -> Floats:
    """Averages patches back to a picture (C, *size), the inverse of `cut`.

    Args:
        patches: (C * PATCH^2, rows * columns), a patch in each column.
        grid: (rows, columns) of the patches.
        stride: step in pixels from patch to patch.
        size: (H, W) of the picture that was cut.
    """
    rows, columns = grid
    planes = patches.reshape(-1, PATCH, PATCH, rows, columns)
    shape = ((rows - 1) * stride + PATCH, (columns - 1) * stride + PATCH)
    total, count = np.zeros((len(planes), *shape), np.float32), np.zeros(shape, np.float32)
    for top in range(PATCH):
        for left in range(PATCH):
            down = slice(top, top + (rows - 1) * stride + 1, stride)
            across = slice(left, left + (columns - 1) * stride + 1, stride)
            total[:, down, across] += planes[:, top, left]
            count[down, across] += 1
    return (total / count)[:, : size[0], : size[1]]


def sample(pictures: Iterable[Floats], rng: np.random.Generator) -> tuple[Floats, list[Floats]]:
    """Draws patches from most of the pictures and holds the others out.

    Args:
        pictures: (C, H, W) each, all of the same C; those under PATCH pixels a side are left out.
        rng: draws the places.

    Returns:
        Patches (n, C * PATCH^2), up to 400 of a picture, and every fifth picture, 12 at most, whole.

    Raises:
        DataError: if fewer than 2 pictures are large enough, or their channels differ.
    """
    patches: list[Floats] = []
    held_out: list[Floats] = []
    large = (picture for picture in pictures if min(picture.shape[1:]) >= PATCH)
    for index, picture in enumerate(large):
        if index % _HELD_OUT_EVERY == 1 and len(held_out) < _HELD_OUT_MOST:
            held_out.append(picture)
            continue
        windows = sliding_window_view(picture, (PATCH, PATCH), axis=(1, 2))
        count = min(_PATCHES_PER_PICTURE, windows.shape[1] * windows.shape[2])
        places = (rng.integers(size, size=count) for size in windows.shape[1:3])
        patches.append(windows[:, *places].swapaxes(0, 1).reshape(count, -1))
    if not held_out:
        raise DataError(f"{len(patches)} pictures of {PATCH} x {PATCH} or more: PCA needs at least 2; give it more")
    channels = {len(picture) for picture in held_out} | {patch.shape[1] // PATCH**2 for patch in patches}
    if len(channels) > 1:
        raise DataError(f"pictures of {sorted(channels)} channels: PCA needs all alike; convert them to one")
    return np.concatenate(patches), held_out


def principal_components(patches: Floats) -> tuple[Floats, Floats, Floats]:
    """Finds the principal components of patches (n, D).

    Returns:
        The mean patch (D,), the components in rows (D, D), and their variances (D,), the greatest first.
    """
    from sklearn.decomposition import PCA

    pca = PCA(svd_solver="covariance_eigh").fit(patches.astype(np.float64))
    return tuple(part.astype(np.float32) for part in (pca.mean_, pca.components_, pca.explained_variance_))


def conditional_gain(components: Floats, variances: Floats, rank: int, known: int) -> Floats:
    """Finds the linear map from the first `known` values of a patch to the conditional mean of the others.

    The patches are Gaussian with the covariance of the first `rank` components and, beside them, an even
    variance in all directions: probabilistic PCA, Tipping and Bishop 1999, https://doi.org/10.1111/1467-9868.00196

    Args:
        components: (D, D) in rows, the greatest variance first.
        variances: (D,) of the components.
        rank: components kept.
        known: how many values are known.

    Returns:
        (D - known, known), to be multiplied with the known values less their mean.
    """
    rest = float(variances[rank:].mean()) if rank < len(variances) else 0.0
    rest = max(rest, 1e-8)
    basis = components[:rank].astype(np.float64)
    covariance = (basis.T * np.maximum(variances[:rank] - rest, 0)) @ basis + rest * np.eye(len(components))
    gain = np.linalg.solve(covariance[:known, :known], covariance[:known, known:]).T
    return np.asarray(gain, np.float32)
