"""What is wrong with a picture: how noisy it is, and whether it has colors of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hillotype.color import rgb_to_lab
from hillotype.pictures import Rows
from hillotype.restore.pixels import Pixels, Plane, full_scale, halved, is_neutral
from hillotype.restore.reduce import reduced, working_size

NOISY = 4.3
"""Noise of this standard deviation (of 255) or more is worth removing."""

COARSE_NOISY = 16.0
"""The same for noise seen at half size, where texture of clean pictures measures up to 15."""

_BLOCK = 8
_QUANTILE = 0.02
_QUANTILE_SHARE = 0.73  # of the true deviation, measured on 660 photographs with white noise of 5 to 25
_CROP_SIDE, _CROPS_A_SIDE = 256, 4


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


def noise_level(pixels: Rows) -> float:
    """Estimates the standard deviation of the noise in a picture (H, W, C), in 255ths of white.

    Noise is what is left in the smoothest 2 % of 8 x 8 blocks after a second difference along both axes, which takes
    out every plane (Immerkaer 1996, https://doi.org/10.1006/cviu.1996.0060). Texture does not count, since no
    photograph has it everywhere; nor do blocks at black or white, where noise is cut off. Coarser noise, from film
    grain or after JPEG, is looked for at half size. At most 16 parts of 256 x 256 pixels are looked at.

    Measured on BSDS400 and 782 photographs of short side 256: NOISY is reached by 0.8 and 1.9 % of the clean ones, by
    all with white noise of 5 or more or noise of 10 blurred by 0.6 pixels, by 99.7 % with the latter of 25 saved as
    JPEG 80, by 4 % with that of 15. White noise of 10, 25 and 50 measures 10.0, 24.4 and 46.6 in the median.
    """
    parts = [part.astype(np.float32) * np.float32(255 / full_scale(part)) for part in _crops(pixels)]
    fine = _smoothest_noise(parts)
    coarse = 2.0 * _smoothest_noise([halved(part) for part in parts])  # white noise is halved with the size
    return max(fine, coarse) if coarse > COARSE_NOISY else fine


def _crops(pixels: Rows) -> list[Pixels]:
    """Returns the picture, or parts spread over it in a grid, cut out at full resolution."""
    height, width = pixels.shape[:2]
    tops, lefts = (
        [0] if side <= _CROP_SIDE * _CROPS_A_SIDE else np.linspace(0, side - _CROP_SIDE, _CROPS_A_SIDE, dtype=int)
        for side in (height, width)
    )
    rows = height if len(tops) == 1 else _CROP_SIDE
    columns = width if len(lefts) == 1 else _CROP_SIDE
    return [pixels[top : top + rows, left : left + columns] for top in tops for left in lefts]


def _smoothest_noise(parts: list[Plane]) -> float:
    """Returns the deviation in the smoothest blocks, the mean over the channels; 0 if there are too few blocks."""
    levels = []
    for channel in range(parts[0].shape[2]):
        deviations = np.concatenate([_block_deviations(part[..., channel]) for part in parts])
        if len(deviations) >= 4:
            levels.append(np.quantile(deviations, _QUANTILE) / _QUANTILE_SHARE)
    return float(np.mean(levels)) if levels else 0.0


def _block_deviations(plane: Plane) -> Plane:
    """Returns the deviation of the second differences in each block that is not at black or white."""
    differences = np.diff(np.diff(plane, n=2, axis=0), n=2, axis=1) / 6.0  # 6 = its gain for white noise
    rows, columns = (side // _BLOCK * _BLOCK for side in differences.shape)
    cut_off = (plane <= 1) | (plane >= 254)
    share = _blocks(cut_off[:rows, :columns]).mean(axis=1)
    deviations: Plane = np.sqrt((_blocks(differences[:rows, :columns]) ** 2).mean(axis=1))
    smooth: Plane = deviations[share < 0.02]
    return smooth


def _blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """Returns (blocks, pixels of a block)."""
    rows, columns = (side // _BLOCK for side in plane.shape)
    blocks = plane.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    return blocks.reshape(rows * columns, _BLOCK * _BLOCK)
