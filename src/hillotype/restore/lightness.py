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
            return np.asarray(_gray_table(pixels.dtype.name).take(pixels[..., 0], mode="clip"))
        return _lightness_of_gray(np.ascontiguousarray(pixels[..., 0]))
    light = np.zeros(pixels.shape[:2], np.float32)
    for channel, weight in enumerate(_luminance_weights()):
        light += weight * _linear(pixels[..., channel])
    below = np.minimum(light - np.float32(_CORNER**3), 0.0)
    below *= np.float32(1 / (3 * _CORNER**2))
    np.maximum(light, np.float32(_CORNER**3), out=light)
    np.cbrt(light, out=light)
    light += below
    light *= np.float32(1.16)
    light -= np.float32(0.16)
    np.clip(light, 0.0, 1.0, out=light)
    return light


def write_colored(light: Plane, chroma: Plane, out: Pixels) -> None:
    """Writes the sRGB pixels of L* / 100 (H, W) and (a*, b*) / 110 (2, H, W) into `out` (H, W, 3) of any depth.

    Colors that sRGB does not have are mixed with the gray of the same luminance until it has them, so lightness is
    kept. The gamut ends where the first of red, green, blue reaches 0 or 1: no search is needed, since in linear
    light the mixture is a line.

    `light` and `chroma` serve as working memory: two threads that make planes hinder each other more than they help.
    """
    *away, spare = np.empty((4, *light.shape), np.float32)
    light += np.float32(0.16)
    light *= np.float32(1 / 1.16)  # f(Y), L* = 116 f - 16
    chroma *= np.array([LAB_CHROMA_SCALE / 500, -LAB_CHROMA_SCALE / 200], np.float32)[:, None, None]
    chroma += light
    luminance, x_minus_y, z_minus_y = light, *chroma
    for root in (luminance, x_minus_y, z_minus_y):
        _expand(root, away[0], spare)
    x_minus_y -= luminance
    z_minus_y -= luminance
    for difference, (x, z) in zip(away, _rgb_from_differences(), strict=True):
        np.multiply(x_minus_y, x, out=difference)
        difference += np.multiply(z_minus_y, z, out=spare)
    share = _share_in_gamut(luminance, away, chroma)
    for channel, difference in enumerate(away):
        difference *= share
        difference += luminance
        _encode(difference, out[..., channel])


def _share_in_gamut(luminance: Plane, away: list[Plane], spare: Plane) -> Plane:
    """Returns how much of the way from gray to a color lies within sRGB, 0 to 1, in one of two spare planes."""
    tiny = np.float32(1e-12)
    share: Plane = spare[0]
    other: Plane = spare[1]
    np.maximum(np.maximum(away[0], away[1], out=share), away[2], out=share)
    np.maximum(share, tiny, out=share)
    np.divide(np.subtract(1, luminance, out=other), share, out=share)
    np.minimum(np.minimum(away[0], away[1], out=other), away[2], out=other)
    np.negative(np.minimum(other, -tiny, out=other), out=other)
    np.minimum(np.divide(luminance, other, out=other), share, out=share)
    np.clip(share, 0.0, 1.0, out=share)
    return share


def _expand(root: Plane, below: Plane, above: Plane) -> None:
    """Undoes the CIE root in place, with two spare planes: the cube above the corner, its tangent below."""
    np.subtract(root, np.float32(_CORNER), out=below)
    np.minimum(below, 0.0, out=below)
    below *= np.float32(3 * _CORNER**2)
    np.maximum(root, np.float32(_CORNER), out=above)
    np.multiply(above, above, out=root)
    root *= above
    root += below


def _linear(levels: Pixels) -> Plane:
    """Returns linear light of (H, W) levels of any depth."""
    if levels.dtype.kind == "u":
        return _linear_table(levels.dtype.name).take(levels, mode="clip")
    return np.asarray(srgb_to_linear(levels))


def _encode(linear: Plane, out: Pixels) -> None:
    """Writes linear light in [0, 1] into one channel of the picture, through the sRGB curve."""
    if out.dtype == np.uint8:
        linear *= np.float32(_TABLE_STEPS)
        linear += np.float32(0.5)
        out[...] = _level_table().take(linear.astype(np.intp), mode="clip")
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
