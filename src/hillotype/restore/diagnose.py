"""What is wrong with a picture: how noisy it is, and whether it has colors of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hillotype.color import rgb_to_lab
from hillotype.modelfile import Model
from hillotype.pictures import Rows
from hillotype.restore.pixels import Plane, full_scale, is_neutral, with_channels
from hillotype.restore.reduce import reduced, working_size

NOISY = 2.0
"""Noise of this standard deviation (of 255) or more is worth removing."""

_BLOCK = 8
_SMOOTH_SHARE = 0.25  # of the blocks; there noise shows, and no texture is taken for it
_FLAT = 0.25  # of 255: a block that varies less is a border or was drawn, no photograph of anything
_CROP_SIDE, _CROPS_A_SIDE = 96, 4

GRAY_CHROMA = 4.0
"""Lab chroma up to which a picture is gray: scans and JPEG leave a little."""

_SEPIA_HUES = (40.0, 110.0)  # degrees in the a*, b* plane, brown to yellow
_SEPIA_MOST_CHROMA = 30.0  # yellower than any toned print: lemons, gold
_DIAGNOSIS_SIDE, _TONES = 64, 16


def is_gray(pixels: Rows) -> bool:
    """Tells whether a picture (H, W, C) has no colors of its own: gray, nearly gray, or toned like sepia.

    A toned picture is one of brown to yellow hue whose chroma is a function of its lightness alone. Looked at on a
    copy with a short side of 64 pixels, where noise and JPEG blocks are averaged away.

    Measured: of 2582 color photographs 0.7 % count as gray or toned (most of them are, nearly); of photographs made
    gray 100 %, toned lightly 100 %, toned strongly with highlights clipped to yellow 66 %.
    """
    if is_neutral(pixels):
        return True
    small = reduced(pixels, working_size(pixels.shape[0], pixels.shape[1], _DIAGNOSIS_SIDE))
    lab = rgb_to_lab(np.ascontiguousarray(small.transpose(2, 0, 1)[None]))[0].reshape(3, -1)
    if np.quantile(np.hypot(lab[1], lab[2]), 0.99) < GRAY_CHROMA:
        return True
    mean_a, mean_b = lab[1].mean(), lab[2].mean()
    strength, hue = np.hypot(mean_a, mean_b), np.degrees(np.arctan2(mean_b, mean_a))
    if not _SEPIA_HUES[0] < hue < _SEPIA_HUES[1] or strength > _SEPIA_MOST_CHROMA:
        return False
    apart = _off_the_tone(lab)
    return bool(
        np.sqrt((apart**2).mean()) < max(1.5, 0.11 * strength) and np.quantile(apart, 0.99) < max(5.0, 0.5 * strength)
    )


def _off_the_tone(lab: Plane) -> Plane:
    """Returns how far the chroma of each pixel of (3, pixels) is from what is usual at its lightness."""
    groups = np.array_split(np.argsort(lab[0], kind="stable"), _TONES)
    tones = [np.array([plane[group].mean() for group in groups if len(group)]) for plane in lab]
    usual = [np.interp(lab[0], tones[0], tone) for tone in tones[1:]]
    return np.asarray(np.hypot(lab[1] - usual[0], lab[2] - usual[1]), dtype=np.float32)


def noise_level(pixels: Rows, model: Model) -> float:
    """Estimates the standard deviation of the noise in a picture (H, W, C), in 255ths of white, with a denoiser.

    Noise is what the model takes out of the smoothest blocks of 8 x 8 pixels, by what it leaves of them: the median of
    the smoothest quarter. So it is what the model has learned to tell from a picture: white noise, film grain, blurred
    noise, strong traces of JPEG, and less of the texture of grass or cloth than anywhere else. Blocks at black or
    white, where noise is cut off, do not count, nor do flat ones, as of borders; where most are flat, nothing is
    noisy. At most 16 parts of 96 x 96 pixels are looked at.

    What is found in pictures with known noise and in clean ones: `python benchmarks/diagnosis.py`, docs/denoising.md.
    """
    seen = _crops(pixels, model.card.multiple, model.card.in_channels)
    if seen is None:
        return 0.0
    answer = model.run(seen)
    taken, left, whole = (255 * _blocks(planes).std(axis=-1) for planes in (seen - answer, answer, seen))
    cut_off = _blocks((seen <= 1 / 255) | (seen >= 254 / 255)).mean(axis=-1)
    lit = cut_off < 0.02
    counts = lit & (whole > _FLAT)
    if 2 * counts.sum() <= lit.sum():  # drawn, or there is nothing to see
        return 0.0
    taken, left = taken[counts], left[counts]
    return float(np.median(taken[left <= np.quantile(left, _SMOOTH_SHARE)]))


def _crops(pixels: Rows, multiple: int, channels: int) -> NDArray[np.float32] | None:
    """Returns parts of the picture, in a grid and at full resolution, (N, C, h, w) in [0, 1]; None if it is tiny."""
    places, sizes = [], []
    for side in pixels.shape[:2]:
        size = min(side, _CROP_SIDE) // multiple * multiple
        count = min(_CROPS_A_SIDE, -(-side // _CROP_SIDE))
        places.append(np.linspace(0, side - size, count, dtype=int))
        sizes.append(size)
    if min(sizes) < _BLOCK:
        return None
    rows, columns = sizes
    parts = [pixels[top : top + rows, left : left + columns] for top in places[0] for left in places[1]]
    stacked = with_channels(np.stack(parts), channels).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(stacked, dtype=np.float32) / np.float32(full_scale(pixels))


def _blocks(planes: NDArray[Any]) -> NDArray[Any]:
    """Returns planes (N, C, h, w) as (blocks, pixels of a block)."""
    count, channels, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    cut = planes[..., : rows * _BLOCK, : columns * _BLOCK]
    blocks = cut.reshape(count * channels, rows, _BLOCK, columns, _BLOCK).swapaxes(2, 3)
    return blocks.reshape(-1, _BLOCK * _BLOCK)
