"""How near a picture is to its reference, one number a picture, for numpy and torch.

Every metric takes float arrays (N, C, H, W) in [0, 1] and returns (N,) in the same namespace, one value for
each picture; averaging over pictures, and saying over how many, is the caller's part. float32 and float64
are kept, smaller floats are computed in float32. Nothing is clipped: pass what would be shown. Arrays of
unlike or wrong shape, integers, and values that are not finite raise DataError.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from array_api_compat import array_namespace, device

from hillotype.color import Array, rgb_to_lab
from hillotype.errors import DataError

SSIM_WINDOW, SSIM_SIGMA = 11, 1.5
SSIM_K1, SSIM_K2 = 0.01, 0.03

EDGE_SHARE = 0.05
"""The share of pixels, those of the steepest luma, that `bleed` takes for edges."""
EDGE_BAND = 9
"""Width in pixels of the band that `bleed` looks at along an edge."""
EDGE_MINIMUM = 0.5
"""The least gradient of L*, in units of L* a pixel, that `bleed` takes for an edge."""

_PICTURE_AXES = (1, 2, 3)


def mse(picture: Array, reference: Array) -> Array:
    """Mean squared error per element, over channels and pixels: (N, C, H, W) twice to (N,); 0 is equal."""
    xp, picture, reference = _pair(picture, reference)
    return xp.mean((picture - reference) ** 2, axis=_PICTURE_AXES)


def psnr(picture: Array, reference: Array) -> Array:
    """Peak signal-to-noise ratio in dB for a data range of 1, -10 log10(mse): (N, C, H, W) twice to (N,).

    The error is averaged over channels and pixels together (color pictures: not on luma alone). Equal
    pictures have infinity.
    """
    error = mse(picture, reference)
    xp = array_namespace(error)
    decibels = -10.0 * xp.log10(xp.clip(error, 1e-30, None))
    return xp.where(error > 0, decibels, math.inf)


def finite_psnr(picture: Array, reference: Array) -> Array:
    """PSNR in dB, at most 100, so that a picture that is exact leaves the mean finite: (N, C, H, W) twice to (N,)."""
    decibels = psnr(picture, reference)
    return array_namespace(decibels).clip(decibels, None, 100.0)


def ssim(picture: Array, reference: Array) -> Array:
    """Structural similarity, in [-1, 1], 1 for equal pictures: (N, C, H, W) twice to (N,).

    Gaussian window of 11 x 11 pixels and standard deviation 1.5, K1 = 0.01, K2 = 0.03, data range 1,
    population variance. The index is averaged over the positions where the window lies inside the picture
    (valid borders, as in the authors' code), and over channels. Pictures must be at least 11 x 11.

    Source: Wang et al. 2004, Image quality assessment: from error visibility to structural similarity,
    https://doi.org/10.1109/TIP.2003.819861
    """
    xp, x, y = _pair(picture, reference)
    if min(x.shape[-2:]) < SSIM_WINDOW:
        raise DataError(
            f"pictures of {x.shape[-1]} x {x.shape[-2]}: SSIM needs at least {SSIM_WINDOW} x {SSIM_WINDOW}; "
            "leave them out or enlarge them"
        )
    window = _gaussian(SSIM_WINDOW, SSIM_SIGMA)
    mean_x, mean_y = _filter(x, window, window), _filter(y, window, window)
    variance_x = _filter(x * x, window, window) - mean_x * mean_x
    variance_y = _filter(y * y, window, window) - mean_y * mean_y
    covariance = _filter(x * y, window, window) - mean_x * mean_y
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return xp.mean(luminance * structure, axis=_PICTURE_AXES)


def delta_e2000(picture: Array, reference: Array) -> Array:
    """Mean CIEDE2000 color difference over pixels of sRGB pictures: (N, 3, H, W) twice to (N,).

    0 is equal, about 1 just noticeable side by side; see `ciede2000`.
    """
    difference = delta_e2000_map(picture, reference)
    return array_namespace(difference).mean(difference, axis=_PICTURE_AXES)


def delta_e2000_map(picture: Array, reference: Array) -> Array:
    """CIEDE2000 color difference of each pixel of sRGB pictures: (N, 3, H, W) twice to (N, 1, H, W)."""
    _, picture, reference = _pair(picture, reference, channels=3)
    return ciede2000(rgb_to_lab(picture), rgb_to_lab(reference))


def ciede2000(lab: Array, reference: Array) -> Array:
    """CIEDE2000 difference (kL = kC = kH = 1) of CIE L*a*b* colors: (N, 3, H, W) twice to (N, 1, H, W).

    Source: Sharma, Wu, Dalal 2005, The CIEDE2000 color-difference formula: implementation notes,
    supplementary test data, and mathematical observations, https://doi.org/10.1002/col.20070
    """
    xp, lab, reference = _pair(lab, reference, channels=3)
    lightness1, a1, b1 = (lab[:, k : k + 1] for k in range(3))
    lightness2, a2, b2 = (reference[:, k : k + 1] for k in range(3))
    stretch = 1 + _chroma_weight(xp, (xp.hypot(a1, b1) + xp.hypot(a2, b2)) / 2)
    chroma1, hue1 = _polar(xp, a1 * stretch, b1)
    chroma2, hue2 = _polar(xp, a2 * stretch, b2)

    turn = hue2 - hue1
    turn = turn - 2 * math.pi * xp.astype(turn > math.pi, turn.dtype)
    turn = turn + 2 * math.pi * xp.astype(turn < -math.pi, turn.dtype)
    hue_difference = 2 * xp.sqrt(chroma1 * chroma2) * xp.sin(turn / 2)
    # Without chroma on one side its hue is no hue: the other's counts alone, as their sum with 0.
    hue = xp.where(chroma1 * chroma2 > 0, _mean_hue(xp, hue1, hue2), hue1 + hue2)

    lightness, chroma = (lightness1 + lightness2) / 2, (chroma1 + chroma2) / 2
    degrees = hue * (180 / math.pi)
    tint = (
        1
        - 0.17 * xp.cos(hue - math.radians(30))
        + 0.24 * xp.cos(2 * hue)
        + 0.32 * xp.cos(3 * hue + math.radians(6))
        - 0.20 * xp.cos(4 * hue - math.radians(63))
    )
    squared = (lightness - 50) ** 2
    lightness_term = (lightness2 - lightness1) / (1 + 0.015 * squared / xp.sqrt(20 + squared))
    chroma_term = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    hue_term = hue_difference / (1 + 0.015 * chroma * tint)
    rotation = 60 * xp.exp(-(((degrees - 275) / 25) ** 2)) * (math.pi / 180)
    blue = -4 * (0.5 - _chroma_weight(xp, chroma)) * xp.sin(rotation) * chroma_term * hue_term
    return xp.sqrt(xp.clip(lightness_term**2 + chroma_term**2 + hue_term**2 + blue, 0.0, None))


def colorfulness(picture: Array) -> Array:
    """Colorfulness M of sRGB pictures: (N, 3, H, W) in [0, 1] to (N,), on the published 0..255 scale.

    With rg = R - G and yb = (R + G) / 2 - B: the root of the summed variances plus 0.3 times the root of the
    summed squared means. 0 is gray, 15 slightly, 33 moderately, 59 quite, 109 extremely colorful.

    Source: Hasler and Suesstrunk 2003, Measuring colourfulness in natural images,
    https://doi.org/10.1117/12.477378
    """
    xp, picture = _single(picture, channels=3)
    red, green, blue = (picture[:, k] * 255.0 for k in range(3))
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = xp.var(red_green, axis=(1, 2)) + xp.var(yellow_blue, axis=(1, 2))
    center = xp.mean(red_green, axis=(1, 2)) ** 2 + xp.mean(yellow_blue, axis=(1, 2)) ** 2
    return xp.sqrt(spread) + 0.3 * xp.sqrt(center)


def bleed(picture: Array, reference: Array) -> Array:
    """Chroma error near luma edges, in units of a* and b*: (N, 3, H, W) sRGB twice to (N,); lower is better.

    1. L* of the reference is smoothed by the 5 x 5 binomial kernel, (1, 4, 6, 4, 1) / 16 in both directions,
       and its gradient taken by the 3 x 3 Sobel operator, scaled to L* a pixel; borders are repeated.
    2. Edges are the pixels whose gradient magnitude is among the picture's top 5 percent (those as steep as
       the last of them included) and at least 0.5 L* a pixel.
    3. Every pixel within a 9 x 9 square around an edge pixel belongs to the band: 9 pixels across an edge.
    4. The value is the mean of |a* - a*_ref| and |b* - b*_ref| over the band; 0 where there is no edge.

    A measure of our own: color that leaks over an edge is wrong on one side of it.
    """
    xp, picture, reference = _pair(picture, reference, channels=3)
    lab, lab_reference = rgb_to_lab(picture), rgb_to_lab(reference)
    band = xp.astype(_edge_band(xp, lab_reference[:, :1]), lab.dtype)
    error = xp.mean(xp.abs(lab[:, 1:] - lab_reference[:, 1:]), axis=1, keepdims=True)
    size = xp.sum(band, axis=_PICTURE_AXES)
    return xp.sum(error * band, axis=_PICTURE_AXES) / xp.clip(size, 1.0, None)


def bootstrap_interval(
    values: npt.ArrayLike, *, rng: np.random.Generator, level: float = 0.95, draws: int = 2000
) -> tuple[float, float]:
    """Interval of the mean of (n,) values by the percentile bootstrap.

    Args:
        values: one value for each picture; all finite, at least one.
        rng: draws the samples with replacement.
        level: the share of resampled means inside the interval, in (0, 1).
        draws: how many samples of size n to draw.

    Returns:
        The low and the high end. With one value both are that value: n is too small to tell.

    Raises:
        DataError: if there are no values or one is not finite.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    if sample.size == 0 or not np.isfinite(sample).all():
        raise DataError(f"{sample.size} values: an interval needs finite values; leave out the others")
    means = [sample[rng.integers(sample.size, size=sample.size)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _single(picture: Array, channels: int | None = None) -> tuple[Any, Array]:
    """Returns the namespace and the picture as floats, after the checks that all metrics share."""
    xp = array_namespace(picture)
    shape = tuple(picture.shape)
    if len(shape) != 4 or 0 in shape or channels not in (None, shape[1]):
        rule = f"(N, {channels or 'C'}, H, W), none of them 0"
        raise DataError(f"pictures of shape {shape}: must be {rule}; reshape them or leave them out")
    if not xp.isdtype(picture.dtype, "real floating"):
        raise DataError(f"pictures of {picture.dtype}: metrics need floats in [0, 1]; divide by the largest value")
    if not bool(xp.all(xp.isfinite(picture))):
        raise DataError("pictures with NaN or infinity: metrics need finite values; find what made them")
    if picture.dtype not in (xp.float32, xp.float64):
        picture = xp.astype(picture, xp.float32)
    return xp, picture


def _pair(picture: Array, reference: Array, channels: int | None = None) -> tuple[Any, Array, Array]:
    """Returns the namespace and both pictures as floats, after checking that they match."""
    if tuple(picture.shape) != tuple(reference.shape):
        raise DataError(
            f"pictures of shape {tuple(picture.shape)} and {tuple(reference.shape)}: both must have one shape"
            "; crop or resize one of them"
        )
    xp, picture = _single(picture, channels)
    return xp, picture, _single(reference, channels)[1]


def _gaussian(size: int, sigma: float) -> tuple[float, ...]:
    weights = [math.exp(-0.5 * ((k - size // 2) / sigma) ** 2) for k in range(size)]
    return tuple(weight / sum(weights) for weight in weights)


def _filter(x: Array, vertical: tuple[float, ...], horizontal: tuple[float, ...]) -> Array:
    """Correlates (N, C, H, W) with a separable kernel where it fits: (N, C, H - len + 1, W - len + 1)."""
    height = x.shape[2] - len(vertical) + 1
    x = sum(weight * x[:, :, k : k + height] for k, weight in enumerate(vertical) if weight)
    width = x.shape[3] - len(horizontal) + 1
    return sum(weight * x[:, :, :, k : k + width] for k, weight in enumerate(horizontal) if weight)


def _repeat_border(xp: Any, x: Array, reach: int) -> Array:  # noqa: ANN401
    """Adds `reach` rows and columns on every side of (N, C, H, W) by repeating the outermost ones."""
    for axis in (2, 3):
        index = [min(max(k, 0), x.shape[axis] - 1) for k in range(-reach, x.shape[axis] + reach)]
        x = xp.take(x, xp.asarray(index, device=device(x)), axis=axis)
    return x


def _edge_band(xp: Any, lightness: Array) -> Array:  # noqa: ANN401
    """Returns where (N, 1, H, W) is near an edge of L*, as booleans; see `bleed`."""
    binomial = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
    smooth = _repeat_border(xp, _filter(_repeat_border(xp, lightness, 2), binomial, binomial), 1)
    across, along = (-0.5, 0.0, 0.5), (0.25, 0.5, 0.25)
    steepness = xp.hypot(_filter(smooth, across, along), _filter(smooth, along, across))
    n, _, height, width = steepness.shape
    ranked = xp.sort(xp.reshape(steepness, (n, height * width)), axis=1)
    least = ranked[:, -math.ceil(EDGE_SHARE * height * width)]
    edges = (steepness >= least[:, None, None, None]) & (steepness >= EDGE_MINIMUM)
    square = (1.0,) * EDGE_BAND
    count = _filter(_repeat_border(xp, xp.astype(edges, lightness.dtype), EDGE_BAND // 2), square, square)
    return count > 0.5


def _chroma_weight(xp: Any, chroma: Array) -> Array:  # noqa: ANN401
    """Returns (1 - sqrt(C^7 / (C^7 + 25^7))) / 2, the G of CIEDE2000."""
    power = chroma**7
    return 0.5 * (1 - xp.sqrt(power / (power + 25.0**7)))


def _polar(xp: Any, a: Array, b: Array) -> tuple[Array, Array]:  # noqa: ANN401
    """Returns chroma and hue, the hue in [0, 2 pi)."""
    hue = xp.atan2(b, a)
    return xp.hypot(a, b), hue + 2 * math.pi * xp.astype(hue < 0, hue.dtype)


def _mean_hue(xp: Any, hue1: Array, hue2: Array) -> Array:  # noqa: ANN401
    """Returns the hue halfway along the shorter arc, in [0, 2 pi)."""
    total = hue1 + hue2
    far = xp.astype(xp.abs(hue1 - hue2) > math.pi, total.dtype)
    beyond = xp.astype(total >= 2 * math.pi, total.dtype)
    return total / 2 + math.pi * far * (1 - 2 * beyond)
