"""Lines of a guide, as in the fast guided filter: small planes sharpened and raised to full size along its edges."""

from __future__ import annotations

import numpy as np
from PIL import Image

from hillotype.restore.pixels import Plane


def local_slopes(guide: Plane, planes: Plane, *, radius: int, epsilon: float) -> Plane:
    """Fits planes as lines of the guide within each window: how much a plane changes where the guide changes by 1.

    A plane is raised as `raised(plane) + raised(slope) * (guide - raised(guide reduced))`: it keeps what it knows, and
    follows the guide's edges below its own resolution. The plain filter, `slope * guide + offset` with both averaged
    over the windows, would blur the plane first.

    Source: He, Sun, Tang 2013, Guided Image Filtering, https://doi.org/10.1109/TPAMI.2012.213; that the lines may
    be fitted on a small copy and applied at full size: He, Sun 2015, https://arxiv.org/abs/1505.00996.

    Args:
        guide: (H, W), values near [0, 1].
        planes: (K, H, W), what is to be raised.
        radius: windows are squares of side 2 * radius + 1, cut off at the borders.
        epsilon: variance of the guide, below which a window counts as flat and gets a slope near 0.

    Returns:
        The slopes (K, H, W).
    """
    mean_guide = box_mean(guide, radius)
    variance = box_mean(guide * guide, radius) - mean_guide**2
    covariance = box_mean(planes * guide, radius) - box_mean(planes, radius) * mean_guide
    slopes: Plane = covariance / (variance + np.float32(epsilon))
    return slopes


def sharpened(guide: Plane, planes: Plane, *, radius: int, epsilon: float, limit: float) -> Plane:
    """Sharpens planes along a guide of their own size, for planes that are smoother than it.

    Args:
        guide: (H, W), values near [0, 1].
        planes: (K, H, W), about as smooth as the means of 3 x 3 pixels.
        radius: see `local_slopes`.
        epsilon: see `local_slopes`.
        limit: detail of the guide above which the planes follow no further.

    Returns:
        The planes (K, H, W), with the detail of the guide that its own means of 3 x 3 pixels lack.
    """
    base = box_mean(guide, 1)
    slopes = local_slopes(base, planes, radius=radius, epsilon=epsilon)
    sharp: Plane = planes + slopes * np.clip(guide - base, -limit, limit)
    return sharp


def prefiltered(planes: Plane, scale: float) -> Plane:
    """Sharpens planes (..., H, W) by what raising them `scale` times will blur.

    Raised twice or more and averaged over its old pixels, a row gets the weights 1/8, 3/4, 1/8: the smaller half of it
    is a mean of neighbors. What is not raised is not blurred, and stays.

    Source: interpolation with a prefilter, Unser 1999, Splines, https://doi.org/10.1109/79.799930; here its first term.
    """
    share = np.float32(0.5 * min(max(scale - 1, 0), 1))
    sharp: Plane = planes + share * (planes - box_mean(planes, 1))
    return sharp


def box_mean(planes: Plane, radius: int) -> Plane:
    """Returns the means of (..., H, W) over squares of side 2 * radius + 1, cut off at the borders."""
    for axis in (-2, -1):
        planes = _running_mean(planes, radius, axis)
    return planes


def _running_mean(planes: Plane, radius: int, axis: int) -> Plane:
    along = np.moveaxis(planes, axis, 0)
    total = along.copy(order="K")
    count = np.ones(len(along), np.float32)
    for step in range(1, min(radius, len(along) - 1) + 1):
        for sums, values in ((total, along), (count, np.ones_like(count))):
            sums[step:] += values[:-step]
            sums[:-step] += values[step:]
    total /= count.reshape(-1, *[1] * (along.ndim - 1))
    return np.moveaxis(total, 0, axis)


def raised(planes: Plane, size: tuple[int, int], rows: slice) -> Plane:
    """Returns some rows of planes (K, h, w) raised bilinearly to `size` (H, W): (K, rows, W), seamless between calls.

    H is at least h: what is larger than the picture has to be `lowered` first.
    """
    height = planes.shape[1]
    place = np.clip((np.arange(rows.start, rows.stop) + 0.5) * (height / size[0]) - 0.5, 0, height - 1)
    above = place.astype(np.intp)
    share = (place - above).astype(np.float32)[:, None]
    top = above[0]
    # Pillow widens the few rows that are needed; from row to row goes NumPy, as Pillow's answers have to be copied.
    wide = _widened(planes[:, top : above[-1] + 2], size[1])
    steps = np.diff(wide, axis=1, append=wide[:, -1:])
    room = np.empty((1 + len(planes), len(place), size[1]), np.float32)
    spare, answer = room[0], room[1:]
    for plane, step, out in zip(wide, steps, answer, strict=True):
        plane.take(above - top, axis=0, out=out, mode="clip")
        step.take(above - top, axis=0, out=spare, mode="clip")
        spare *= share
        out += spare
    return answer


def lowered(planes: Plane, size: tuple[int, int]) -> Plane:
    """Returns planes (K, h, w) reduced to `size` (H, W), or as they are if they are no higher than that."""
    if planes.shape[1] <= size[0]:
        return planes
    bilinear = Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(plane).resize(size[::-1], bilinear)) for plane in planes])


def _widened(planes: Plane, width: int) -> Plane:
    """Returns planes (K, h, w) resized to (K, h, width) bilinearly, all as one image."""
    count, height, _ = planes.shape
    rows = Image.fromarray(planes.reshape(count * height, -1))
    wide: Plane = np.asarray(rows.resize((width, count * height), Image.Resampling.BILINEAR))
    return wide.reshape(count, height, width)
