"""ICC profiles of gray and RGB: made, and applied, so that what computes on pixels sees sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from hillotype.color import linear_to_srgb, srgb_to_linear
from hillotype.pictures.metadata import profile_space
from hillotype.pictures.picture import Picture
from hillotype.pictures.rows import Key, Rows, Sheet

Floats = NDArray[np.float32]

_LEVELS = 65536
_STILL_SRGB = 0.6 / 255
"""How far values may be from sRGB's and count as such: profiles of sRGB differ by less from each other."""

_STILL_A_MATRIX = 0.005
"""How far linear light may be from the sum of its channels' where a profile is curves and a matrix."""


def profile_of_chromaticities(gamma: float, points: tuple[float, ...], *, gray: bool) -> bytes | None:
    """Makes an ICC profile.

    Args:
        gamma: exponent from stored values to linear light.
        points: CIE x, y of white, red, green, blue: eight numbers.
        gray: whether it is for gray, which has no primaries.

    Returns:
        The profile, the same bytes at any time; None if the points are none of a color space.
    """
    import imagecodecs

    try:
        if gray:
            profile = imagecodecs.cms_profile("gray", whitepoint=points[:2], gamma=gamma)
        else:
            profile = imagecodecs.cms_profile("rgb", whitepoint=points[:2], primaries=points[2:], gamma=gamma)
    except imagecodecs.CmsError:
        return None
    return profile[:24] + bytes.fromhex("07d000010001000000000000") + profile[36:]  # its date: 2000-01-01


@dataclass(frozen=True, eq=False)
class Encoding:
    """How stored values stand for colors: a curve a channel, and a matrix.

    Attributes:
        curves: (C, 65536) float32, the linear light of each 16-bit level, rising.
        matrix: (C, C) float32, from linear light to linear sRGB; white is mapped to white.
    """

    curves: Floats
    matrix: Floats

    def decode(self, stored: NDArray[Any]) -> Floats:
        """Turns stored values (..., C), uint8 or uint16, into sRGB; colors beyond sRGB lie outside [0, 1]."""
        tables = self._tables[stored.dtype.name]
        linear = np.stack([table[stored[..., channel]] for channel, table in enumerate(tables)], axis=-1)
        return np.asarray(linear_to_srgb(linear @ self.matrix.T), dtype=np.float32)

    def encode(self, values: Floats, out: NDArray[Any]) -> None:
        """Writes sRGB values (..., C) into `out` of the stored form, uint8 or uint16, rounded."""
        linear = srgb_to_linear(values) @ self._inverse.T
        top = np.iinfo(out.dtype).max
        for channel, curve in enumerate(self.curves):
            levels = np.interp(linear[..., channel], curve, self._positions)
            out[..., channel] = levels * top + 0.5

    @cached_property
    def _tables(self) -> dict[str, Floats]:
        return {"uint16": self.curves, "uint8": np.ascontiguousarray(self.curves[:, ::257])}

    @cached_property
    def _inverse(self) -> Floats:
        return np.asarray(np.linalg.inv(self.matrix.astype(np.float64)), dtype=np.float32)

    @cached_property
    def _positions(self) -> NDArray[np.float64]:
        return np.linspace(0.0, 1.0, _LEVELS)


@lru_cache(maxsize=8)
def encoding_of(icc: bytes | None, channels: int) -> Encoding | None:
    """Finds out how an ICC profile encodes colors.

    Args:
        icc: the profile; None means sRGB.
        channels: of the pixels, 1 or 3; gray with a profile for RGB is that of equal red, green and blue.

    Returns:
        The encoding; None if it is sRGB's, for lack of a profile as well.

    Raises:
        ValueError: the profile is damaged, for pixels of another kind, or more than curves and a matrix.
    """
    if icc is None:
        return None
    space = profile_space(icc)
    if space not in ("RGB", "GRAY") or (space == "GRAY" and channels == 3):
        raise ValueError(f"the profile is for {space}" if space else "the profile is damaged")
    encoding = _probed(icc, space.lower())
    if channels < len(encoding.curves):
        encoding = Encoding(encoding.curves[1:2], np.ones((1, 1), np.float32))
    levels = np.linspace(0, _LEVELS - 1, 33).astype(np.uint16)
    colors = np.stack(np.meshgrid(*[levels[::8]] * channels), axis=-1).reshape(-1, channels)
    colors = np.concatenate([colors, np.repeat(levels[:, None], channels, axis=1)])
    apart = np.abs(encoding.decode(colors) - colors / np.float32(_LEVELS - 1)).max()
    return None if apart < _STILL_SRGB else encoding


class Decoded:
    """Stored pixels, read and written as sRGB: float32, beyond [0, 1] for colors that sRGB does not have."""

    dtype = np.dtype(np.float32)

    def __init__(self, stored: Rows, encoding: Encoding) -> None:
        self.stored, self.encoding, self.shape = stored, encoding, stored.shape

    def __getitem__(self, key: Key) -> Floats:
        """Returns some rows, or some rows and columns, in sRGB."""
        return self.encoding.decode(self.stored[key])

    def __setitem__(self, key: Key, values: Floats) -> None:
        """Writes some rows, or some rows and columns, given in sRGB."""
        part = np.empty(values.shape, self.stored.dtype)
        self.encoding.encode(values, part)
        cast(Sheet, self.stored)[key] = part


class Profile:
    """A picture's ICC profile, applied: what restores pictures sees and writes sRGB, whatever they are stored in.

    Attributes:
        notes: why the profile cannot be applied, if so: the pixels then are taken for sRGB, and the profile stays.
    """

    def __init__(self, picture: Picture) -> None:
        self._icc = picture.icc
        self.notes: tuple[str, ...] = ()
        try:
            encoding_of(picture.icc, picture.pixels.shape[2])
        except ValueError as error:
            self.notes = (f"ICC profile not applied, colors taken for sRGB: {error}",)

    @overload
    def seen(self, pixels: Sheet) -> Sheet: ...

    @overload
    def seen(self, pixels: Rows) -> Rows: ...

    def seen(self, pixels: Rows) -> Rows:
        """Returns pixels stored in the profile's colors as sRGB; what is written into them goes the way back."""
        icc = self.icc_for(pixels)
        encoding = None if self.notes else encoding_of(icc, pixels.shape[2])
        return pixels if encoding is None else Decoded(pixels, encoding)

    def icc_for(self, pixels: Rows) -> bytes | None:
        """Returns the profile where it can describe such pixels: one for gray describes no colors."""
        return None if pixels.shape[2] == 3 and profile_space(self._icc) == "GRAY" else self._icc


def in_srgb(picture: Picture) -> Rows:
    """Returns the pixels of a picture as sRGB; taken for that where the profile cannot be applied."""
    return Profile(picture).seen(picture.pixels)


def _probed(icc: bytes, space: str) -> Encoding:
    """Measures curves and matrix of a profile: the light of each channel alone, over all its levels."""
    channels = {"gray": 1, "rgb": 3}[space]
    ramp = np.arange(_LEVELS).astype(np.uint16)
    curves, columns = [], []
    for channel in range(channels):
        alone = np.zeros((1, _LEVELS, channels), np.uint16)
        alone[..., channel] = ramp
        light = _to_xyz(alone, icc, space)[0]
        strongest = light[-1].argmax()
        if not light[-1, strongest] > 0:
            raise ValueError("the profile has a channel without light")
        curves.append(np.maximum.accumulate(light[:, strongest] / light[-1, strongest]))
        columns.append(light[-1])
    if channels == 1:
        return Encoding(np.array(curves, np.float32), np.ones((1, 1), np.float32))
    to_xyz = np.array(columns).T
    _check_sum(icc, space, np.array(curves), to_xyz)
    matrix = np.linalg.inv(_srgb_columns()) @ to_xyz
    matrix /= matrix.sum(axis=1, keepdims=True)  # grays are gray to the last digit
    return Encoding(np.array(curves, np.float32), matrix.astype(np.float32))


def _check_sum(icc: bytes, space: str, curves: NDArray[Any], to_xyz: NDArray[Any]) -> None:
    """Refuses profiles whose channels do not add up: tables in three dimensions, which cannot be inverted here."""
    levels = np.random.default_rng(0).integers(0, _LEVELS, (1, 200, 3)).astype(np.uint16)
    linear = np.stack([curve[levels[0, :, channel]] for channel, curve in enumerate(curves)], axis=-1)
    if np.abs(linear @ to_xyz.T - _to_xyz(levels, icc, space)[0]).max() > _STILL_A_MATRIX:
        raise ValueError("the profile is a table, not curves and a matrix")


@lru_cache(maxsize=1)
def _srgb_columns() -> NDArray[Any]:
    import imagecodecs

    full = np.diag([65535] * 3).astype(np.uint16)[None]
    return np.asarray(_to_xyz(full, imagecodecs.cms_profile("srgb"), "rgb")[0].T)


def _to_xyz(values: NDArray[np.uint16], icc: bytes, space: str) -> NDArray[np.float64]:
    """Returns CIE XYZ (D50) of device values (1, N, C)."""
    import imagecodecs

    try:
        xyz = imagecodecs.cms_transform(
            values[..., 0] if space == "gray" else values,
            icc,
            imagecodecs.cms_profile("xyz"),
            colorspace=space,
            outcolorspace="xyz",
            outdtype="float32",
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
            flags=imagecodecs.CMS.FLAGS.NOOPTIMIZE,  # else dark tones are interpolated in coarse steps
        )
    except imagecodecs.CmsError as error:
        raise ValueError("the profile is damaged") from error
    return np.asarray(xyz, dtype=np.float64)
