"""Color spaces that split an sRGB picture into luma and chroma and join them again, for numpy and torch.

Pictures are floats of shape (N, C, H, W), sRGB in [0, 1], channels first. The code is written against the
array API, so namespace, device, float32 and float64 are kept; float16 and bfloat16 are computed and returned
as float32, because cubes and their roots need more than eight to eleven bits. Every function is
differentiable, with finite gradients over the whole cube, black and white included. Nothing is clipped:
`join` may leave [0, 1] for a chroma that no sRGB color has, but it stays finite. Integers and a wrong number
of channels raise PictureError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from array_api_compat import array_namespace

from hillotype.errors import PictureError, RecipeError

Array: TypeAlias = Any  # of any namespace that follows the array API: a numpy array or a torch tensor

LUMA_WEIGHTS = (0.299, 0.587, 0.114)  # of R', G', B': ITU-R BT.601-7 (2011), section 2.5.1
CB_SCALE, CR_SCALE = 1.772, 1.402  # 2 - 2 * weight of blue, of red: they bring Cb and Cr to [-0.5, 0.5]
XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
RGB_FROM_XYZ = (
    (3.2404813432005266, -1.5371515162713185, -0.4985363261688878),
    (-0.9692549499965682, 1.8759900014898907, 0.0415559265582928),
    (0.0556466391351772, -0.2040413383665112, 1.0573110696453443),
)
WHITE_D65 = (0.95047, 1.0, 1.08883)  # 2 degree observer, as scikit-image has it
LAB_CHROMA_SCALE = 110.0  # a* and b* reach from -108 to 98 over the sRGB cube

_CUBE_ROOT_START = 0.008856  # CIE: below, the cube root gives way to a line of slope 7.787
_CUBE_START = 0.2068966
_LINE_SLOPE, _LINE_OFFSET = 7.787, 16.0 / 116.0


def srgb_to_linear(rgb: Array) -> Array:
    """Undoes the sRGB transfer curve: values in [0, 1], any shape, to linear light in [0, 1].

    Values below 0 go on along the straight part of the curve. Source: IEC 61966-2-1:1999.
    """
    xp, rgb = _as_float(rgb)
    # A power of the clipped value is finite on both sides of `where`, hence so is its gradient.
    curved = ((xp.clip(rgb, 0.04045, None) + 0.055) / 1.055) ** 2.4
    return xp.where(rgb > 0.04045, curved, rgb / 12.92)


def linear_to_srgb(linear: Array) -> Array:
    """Applies the sRGB transfer curve: linear light in [0, 1], any shape, to values in [0, 1].

    Values below 0 go on along the straight part of the curve. Source: IEC 61966-2-1:1999.
    """
    xp, linear = _as_float(linear)
    curved = 1.055 * xp.clip(linear, 0.0031308, None) ** (1 / 2.4) - 0.055
    return xp.where(linear > 0.0031308, curved, linear * 12.92)


def rgb_to_gray(rgb: Array) -> Array:
    """Weighs (N, 3, H, W) sRGB in [0, 1] into luma (N, 1, H, W) in [0, 1].

    Source: ITU-R BT.601-7 (2011), https://www.itu.int/rec/R-REC-BT.601
    """
    red, green, blue = _channels(_as_float(rgb)[1], 3)
    return _weigh(LUMA_WEIGHTS, red, green, blue)


def rgb_to_ycbcr(rgb: Array) -> Array:
    """Converts (N, 3, H, W) sRGB in [0, 1] to full-range Y'CbCr: Y in [0, 1], Cb and Cr in [-0.5, 0.5].

    Source: ITU-R BT.601-7 (2011); full range as in JPEG, ITU-T T.871 (2011), https://www.itu.int/rec/T-REC-T.871
    """
    xp, rgb = _as_float(rgb)
    red, green, blue = _channels(rgb, 3)
    luma = _weigh(LUMA_WEIGHTS, red, green, blue)
    return xp.concat([luma, (blue - luma) / CB_SCALE, (red - luma) / CR_SCALE], axis=-3)


def ycbcr_to_rgb(ycbcr: Array) -> Array:
    """Converts (N, 3, H, W) full-range Y'CbCr (Cb, Cr in [-0.5, 0.5]) to sRGB; inverse of `rgb_to_ycbcr`."""
    xp, ycbcr = _as_float(ycbcr)
    luma, cb, cr = _channels(ycbcr, 3)
    red = luma + CR_SCALE * cr
    blue = luma + CB_SCALE * cb
    green = (luma - LUMA_WEIGHTS[0] * red - LUMA_WEIGHTS[2] * blue) / LUMA_WEIGHTS[1]
    return xp.concat([red, green, blue], axis=-3)


def rgb_to_lab(rgb: Array) -> Array:
    """Converts (N, 3, H, W) sRGB in [0, 1] to CIE 1976 L*a*b* (D65, 2 degree observer).

    L* is in [0, 100], a* in [-86.2, 98.3], b* in [-107.9, 94.5]. Grays have a* and b* within 0.01 of 0, not
    at 0, since matrix and white point are rounded as usual. Source: CIE 15:2004; agrees with
    `skimage.color.rgb2lab`.
    """
    xp, rgb = _as_float(rgb)
    red, green, blue = _channels(srgb_to_linear(rgb), 3)
    x, y, z = (
        _compress(xp, _weigh(row, red, green, blue) / white) for row, white in zip(XYZ_FROM_RGB, WHITE_D65, strict=True)
    )
    return xp.concat([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-3)


def lab_to_rgb(lab: Array) -> Array:
    """Converts (N, 3, H, W) CIE L*a*b* to sRGB; inverse of `rgb_to_lab`.

    Outside [0, 1] where sRGB has no such color; elsewhere as `skimage.color.lab2rgb`, which clips.
    """
    xp, lab = _as_float(lab)
    lightness, a, b = _channels(lab, 3)
    y = (lightness + 16.0) / 116.0
    x, y, z = (
        _expand(xp, root) * white for root, white in zip((y + a / 500.0, y, y - b / 200.0), WHITE_D65, strict=True)
    )
    return linear_to_srgb(xp.concat([_weigh(row, x, y, z) for row in RGB_FROM_XYZ], axis=-3))


class ColorSpace(Protocol):
    """A way to take a color picture apart into luma and chroma, and to put it together again."""

    @property
    def name(self) -> str:
        """The name under which the space stands in `COLOR_SPACES`, recipes and model files."""

    @property
    def chroma_channels(self) -> int:
        """Channels of chroma."""

    @property
    def chroma_range(self) -> tuple[float, float]:
        """Numbers between which all chroma of sRGB pictures lies."""

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Takes (N, 3, H, W) sRGB in [0, 1] apart into luma (N, 1, H, W) in [0, 1] and chroma (N, k, H, W)."""

    def join(self, luma: Array, chroma: Array) -> Array:
        """Puts luma and chroma together to (N, 3, H, W) sRGB, not clipped.

        `join(*split(rgb))` is `rgb` to 1e-5 for all 8-bit colors in float32 (1.2e-5 for any floats).
        """


@dataclass(frozen=True)
class RGB:
    """Luma: BT.601 gray. Chroma: the picture itself, 3 channels in [0, 1]; `join` returns it."""

    name: ClassVar[str] = "rgb"
    chroma_channels: ClassVar[int] = 3
    chroma_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Returns the BT.601 gray of `rgb`, and `rgb`."""
        return rgb_to_gray(rgb), _as_float(rgb)[1]

    def join(self, luma: Array, chroma: Array) -> Array:
        """Returns `chroma`, which is the whole picture; `luma` is not used."""
        return _as_float(chroma)[1]


@dataclass(frozen=True)
class Lab:
    """Luma: L* / 100. Chroma: (a*, b*) / 110, 2 channels in [-0.98, 0.90] (CIE 1976, D65, 2 degrees)."""

    name: ClassVar[str] = "lab"
    chroma_channels: ClassVar[int] = 2
    chroma_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Returns L* / 100 and (a*, b*) / 110 of (N, 3, H, W) sRGB."""
        lab = rgb_to_lab(rgb)
        return lab[..., :1, :, :] / 100.0, lab[..., 1:, :, :] / LAB_CHROMA_SCALE

    def join(self, luma: Array, chroma: Array) -> Array:
        """Returns the sRGB picture of L* / 100 and (a*, b*) / 110."""
        xp, luma, chroma = _as_parts(luma, chroma, self.chroma_channels)
        return lab_to_rgb(xp.concat([luma * 100.0, chroma * LAB_CHROMA_SCALE], axis=-3))


@dataclass(frozen=True)
class YCbCr:
    """Luma: BT.601 Y'. Chroma: (Cb, Cr) / 0.5, 2 channels in [-1, 1], full range as in JPEG."""

    name: ClassVar[str] = "ycbcr"
    chroma_channels: ClassVar[int] = 2
    chroma_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Returns Y' and (Cb, Cr) / 0.5 of (N, 3, H, W) sRGB."""
        ycbcr = rgb_to_ycbcr(rgb)
        return ycbcr[..., :1, :, :], ycbcr[..., 1:, :, :] * 2.0

    def join(self, luma: Array, chroma: Array) -> Array:
        """Returns the sRGB picture of Y' and (Cb, Cr) / 0.5."""
        xp, luma, chroma = _as_parts(luma, chroma, self.chroma_channels)
        return ycbcr_to_rgb(xp.concat([luma, chroma / 2.0], axis=-3))


@dataclass(frozen=True)
class Ratio:
    """Luma: BT.601 gray. Chroma: (R, G, B) / (luma + eps), 3 channels in [0, 3.35] x [0, 1.71] x [0, 8.78].

    The bounds are 1 / (luma weight); `eps`, one step of an 8-bit picture, keeps the ratio finite at black.
    """

    eps: float = 1.0 / 255.0

    name: ClassVar[str] = "ratio"
    chroma_channels: ClassVar[int] = 3
    chroma_range: ClassVar[tuple[float, float]] = (0.0, 8.78)

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Returns the BT.601 gray and (R, G, B) / (gray + eps) of (N, 3, H, W) sRGB."""
        luma = rgb_to_gray(rgb)
        return luma, rgb / (luma + self.eps)

    def join(self, luma: Array, chroma: Array) -> Array:
        """Returns chroma * (luma + eps)."""
        _, luma, chroma = _as_parts(luma, chroma, self.chroma_channels)
        return chroma * (luma + self.eps)


@dataclass(frozen=True)
class Difference:
    """Luma: BT.601 gray. Chroma: (R, G, B) - luma, 3 channels in [-0.89, 0.89]."""

    name: ClassVar[str] = "difference"
    chroma_channels: ClassVar[int] = 3
    chroma_range: ClassVar[tuple[float, float]] = (-0.89, 0.89)

    def split(self, rgb: Array) -> tuple[Array, Array]:
        """Returns the BT.601 gray and (R, G, B) - gray of (N, 3, H, W) sRGB."""
        luma = rgb_to_gray(rgb)
        return luma, rgb - luma

    def join(self, luma: Array, chroma: Array) -> Array:
        """Returns luma + chroma."""
        _, luma, chroma = _as_parts(luma, chroma, self.chroma_channels)
        return luma + chroma


COLOR_SPACES: dict[str, ColorSpace] = {space.name: space for space in (RGB(), Lab(), YCbCr(), Ratio(), Difference())}


def color_space(name: str) -> ColorSpace:
    """Finds a color space by its name; RecipeError if there is none of that name."""
    if name not in COLOR_SPACES:
        raise RecipeError(f"color space {name!r}: not known; choose one of {', '.join(COLOR_SPACES)}")
    return COLOR_SPACES[name]


def neutral_chroma(space: ColorSpace, luma: Array) -> Array:
    """Returns the chroma (N, k, H, W) that makes a picture of this luma (N, 1, H, W) gray in that space."""
    xp, luma = _as_float(luma)
    _channels(luma, 1)
    return space.split(xp.concat([luma, luma, luma], axis=-3))[1]


def _as_float(x: Array) -> tuple[Any, Array]:
    """Returns the namespace of `x`, and `x` as float32 or float64."""
    # NumPy follows the array API by itself; what array_api_compat has for it takes a tenth of a second to import.
    xp = np if isinstance(x, np.ndarray) else array_namespace(x)
    if x.dtype in (xp.float32, xp.float64):
        return xp, x
    if not xp.isdtype(x.dtype, "real floating"):
        raise PictureError(f"an array of {x.dtype}: colors are floats in [0, 1]; scale it to them first")
    return xp, xp.astype(x, xp.float32)


def _as_parts(luma: Array, chroma: Array, chroma_channels: int) -> tuple[Any, Array, Array]:
    """Returns the namespace, luma and chroma as floats, after checking their channels."""
    xp, luma = _as_float(luma)
    _, chroma = _as_float(chroma)
    _channels(luma, 1)
    _channels(chroma, chroma_channels)
    return xp, luma, chroma


def _channels(x: Array, count: int) -> tuple[Array, ...]:
    """Returns the channels of (..., C, H, W), each (..., 1, H, W), after checking how many there are."""
    if x.ndim < 3 or x.shape[-3] != count:
        shape = tuple(x.shape)
        raise PictureError(f"an array of shape {shape}: must be (N, {count}, H, W); put channels before H and W")
    return tuple(x[..., index : index + 1, :, :] for index in range(count))


def _weigh(weights: tuple[float, float, float], first: Array, second: Array, third: Array) -> Array:
    # Three products, not a matrix product: that may run in TF32 or bfloat16 on a GPU or under autocast.
    return weights[0] * first + weights[1] * second + weights[2] * third


def _compress(xp: Any, value: Array) -> Array:  # noqa: ANN401
    root = xp.clip(value, _CUBE_ROOT_START, None) ** (1 / 3)
    return xp.where(value > _CUBE_ROOT_START, root, _LINE_SLOPE * value + _LINE_OFFSET)


def _expand(xp: Any, value: Array) -> Array:  # noqa: ANN401
    return xp.where(value > _CUBE_START, value * value * value, (value - _LINE_OFFSET) / _LINE_SLOPE)
