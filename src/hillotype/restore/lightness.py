"""Lightness of full-size pixels, and pixels of a lightness and a chroma: `color.Lab`, fast and in gamut."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from hillotype.color import LAB_CHROMA_SCALE, RGB_FROM_XYZ, WHITE_D65, linear_to_srgb, rgb_to_lab, srgb_to_linear
from hillotype.restore.pixels import Pixels, Plane, full_scale, store

_CORNER = 6.0 / 29.0  # CIE: above, the root is a cube root; below, a line that continues it
_TABLE_STEPS = 65535  # linear light in a table: 20 steps in the narrowest level of an 8-bit picture


def lightness(pixels: Pixels) -> Plane:
    """Returns L* / 100 of (H, W, C) pixels of any depth: (H, W) in [0, 1]. Gray is taken as sRGB gray.

    Source: CIE 15:2004, as `color.rgb_to_lab`.
    """
    if pixels.shape[2] == 1:
        if pixels.dtype.kind == "u":
            return _gray_table(pixels.dtype.name)[pixels[..., 0]]
        return _lightness_of_gray(np.ascontiguousarray(pixels[..., 0]))
    integer = pixels.dtype.kind == "u"
    linear = _linear_table(pixels.dtype.name)[pixels] if integer else srgb_to_linear(pixels)
    luminance = linear @ _luminance_weights()
    root = np.where(luminance > _CORNER**3, np.cbrt(luminance), luminance / (3 * _CORNER**2) + 4 / 29)
    return np.asarray(np.clip(root * 1.16 - 0.16, 0.0, 1.0), dtype=np.float32)


def write_colored(light: Plane, chroma: Plane, out: Pixels) -> None:
    """Writes the sRGB pixels of L* / 100 (H, W) and (a*, b*) / 110 (2, H, W) into `out` (H, W, 3) of any depth.

    Colors that sRGB does not have are mixed with the gray of the same luminance until it has them, so lightness is
    kept. The gamut ends where the first of red, green, blue reaches 0 or 1: no search is needed, since in linear
    light the mixture is a line.
    """
    root = (light + np.float32(0.16)) * np.float32(1 / 1.16)  # f(Y), L* = 116 f - 16
    luminance = _expand(root)
    x_minus_y = _expand(root + chroma[0] * np.float32(LAB_CHROMA_SCALE / 500)) - luminance
    z_minus_y = _expand(root - chroma[1] * np.float32(LAB_CHROMA_SCALE / 200)) - luminance
    away = [x_minus_y * row[0] + z_minus_y * row[1] for row in _rgb_from_differences()]
    share = _share_in_gamut(luminance, away)
    for channel, difference in enumerate(away):
        difference *= share
        difference += luminance
        _encode(difference, out[..., channel])


def _share_in_gamut(luminance: Plane, away: list[Plane]) -> Plane:
    """Returns how much of the way from gray to a color lies within sRGB, 0 to 1."""
    tiny = np.float32(1e-12)
    highest = np.maximum(np.maximum(away[0], away[1]), away[2])
    lowest = np.minimum(np.minimum(away[0], away[1]), away[2])
    share = np.minimum((1 - luminance) / np.maximum(highest, tiny), luminance / np.maximum(-lowest, tiny))
    return np.clip(share, 0.0, 1.0, out=share)


def _expand(root: Plane) -> Plane:
    """Undoes the CIE root: the cube above the corner, its tangent below."""
    above = np.maximum(root, np.float32(_CORNER))
    below: Plane = np.minimum(root - np.float32(_CORNER), 0.0)
    below *= np.float32(3 * _CORNER**2)
    below += above * above * above
    return below


def _encode(linear: Plane, out: Pixels) -> None:
    """Writes linear light in [0, 1] into one channel of the picture, through the sRGB curve."""
    if out.dtype == np.uint8:
        linear *= np.float32(_TABLE_STEPS)
        linear += np.float32(0.5)
        np.clip(linear, 0.0, np.float32(_TABLE_STEPS), out=linear)
        out[...] = _level_table()[linear.astype(np.uint16)]
    else:
        store(np.clip(linear_to_srgb(linear), 0.0, 1.0), out)


def _lightness_of_gray(gray: Plane) -> Plane:
    picture = np.broadcast_to(gray.reshape(1, 1, 1, -1), (1, 3, 1, gray.size))
    light: Plane = np.clip(rgb_to_lab(picture)[0, 0, 0] / 100.0, 0.0, 1.0)
    return light.reshape(gray.shape)


@cache
def _gray_table(dtype: str) -> Plane:
    """L* / 100 of each level."""
    return _lightness_of_gray(_levels(dtype))


@cache
def _linear_table(dtype: str) -> Plane:
    """Linear light of each level."""
    return np.asarray(srgb_to_linear(_levels(dtype)))


@cache
def _level_table() -> NDArray[np.uint8]:
    """The 8-bit sRGB level of linear light in steps of 1 / 65535."""
    levels = np.empty(_TABLE_STEPS + 1, np.uint8)
    store(np.asarray(linear_to_srgb(np.linspace(0, 1, _TABLE_STEPS + 1, dtype=np.float32))), levels)
    return levels


def _levels(dtype: str) -> Plane:
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    return levels.astype(np.float32) / np.float32(full_scale(levels))


@cache
def _rgb_from_differences() -> list[tuple[np.float32, np.float32]]:
    """For red, green, blue: weights of X - Y and Z - Y (white is 1, 1, 1) in what is added to the gray Y."""
    matrix = np.array(RGB_FROM_XYZ) * WHITE_D65
    matrix /= matrix.sum(axis=1, keepdims=True)  # grays are gray to the last digit
    return [(np.float32(row[0]), np.float32(row[2])) for row in matrix]


@cache
def _luminance_weights() -> Plane:
    """Shares of linear red, green and blue in Y."""
    inverse = np.linalg.inv(np.array(RGB_FROM_XYZ))
    return np.asarray(inverse[1] / inverse[1].sum(), dtype=np.float32)
