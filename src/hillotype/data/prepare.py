"""What is done to a picture once, before anything is learned from it: cropped, resized, made gray, padded."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from hillotype.data.images import to_image, to_pixels


@dataclass(frozen=True)
class Preparation:
    """The steps that bring a picture into the form that a model is given, in this order.

    Attributes:
        center: share of both sides that is kept about the center.
        reduce: factor on both sides; about 0.5 takes the artifacts of lossy files away.
        short_side: the short side in pixels that larger pictures are reduced to.
        side: the side in pixels of the square that every picture becomes: cut about its center and resized, by the
            mean of whole blocks or Lanczos' filter if it is larger, by bicubic interpolation if it is smaller.
        min_spread: the gray filter: pictures whose mean spread between the largest and the smallest channel is below
            this (of 255) are left out.
        gray: reduced to BT.601 luma.
        pad: pixels of black that are added on every side.
    """

    center: float = 1.0
    reduce: float = 1.0
    short_side: int | None = None
    side: int | None = None
    min_spread: float = 0.0
    gray: bool = False
    pad: int = 0

    def __post_init__(self) -> None:
        for name in ("center", "reduce"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} {getattr(self, name)}: must be a share above 0, at most 1")
        for name in ("short_side", "side"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} {value}: must be at least 1 pixel")
        for name in ("min_spread", "pad"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} {getattr(self, name)}: must not be below 0")

    def __call__(self, pixels: np.ndarray) -> np.ndarray | None:
        """Prepares one picture.

        Args:
            pixels: (H, W, C) uint8, C = 1 or 3; it is not written to.

        Returns:
            (H', W', C') uint8, C' = 1 if `gray`, else 3; the same array where nothing is to be done. None for a
            picture that the gray filter leaves out.
        """
        height, width = pixels.shape[:2]
        if self.center < 1:
            pixels = middle(pixels, max(1, round(height * self.center)), max(1, round(width * self.center)))
        pixels = self._reduced(pixels)
        if self.side is not None:
            pixels = _squared(pixels, self.side)
        if self.min_spread > 0 and spread(pixels) < self.min_spread:
            return None
        if self.gray and pixels.shape[2] == 3:
            pixels = to_pixels(to_image(pixels).convert("L"))
        elif not self.gray and pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2)
        if self.pad:
            pixels = _padded(pixels, self.pad)
        return np.ascontiguousarray(pixels)  # a cut would keep the whole picture in memory

    def _reduced(self, pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        factor = self.reduce
        if self.short_side is not None:
            factor = min(factor, self.short_side / min(height, width))
        if factor >= 1:
            return pixels
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        how = Image.Resampling.BOX if factor == 0.5 else Image.Resampling.LANCZOS
        return to_pixels(to_image(pixels).resize(size, how))


def middle(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns what lies about the center of a picture (H, W, C), without a copy; all of a side that is not as long."""
    top, left = max(0, (pixels.shape[0] - height) // 2), max(0, (pixels.shape[1] - width) // 2)
    return pixels[top : top + height, left : left + width]


def _squared(pixels: np.ndarray, side: int) -> np.ndarray:
    was = min(pixels.shape[:2])
    pixels = middle(pixels, was, was)
    if was == side:
        return pixels
    how = Image.Resampling.BICUBIC if was < side else Image.Resampling.LANCZOS
    if was % side == 0:
        how = Image.Resampling.BOX
    return to_pixels(to_image(pixels).resize((side, side), how))


def _padded(pixels: np.ndarray, pad: int) -> np.ndarray:
    """The picture with black around it; np.pad takes ten times as long for a small one."""
    height, width, channels = pixels.shape
    padded = np.zeros((height + 2 * pad, width + 2 * pad, channels), np.uint8)
    padded[pad : pad + height, pad : pad + width] = pixels
    return padded


def spread(pixels: np.ndarray) -> float:
    """Returns how far the channels of a picture (H, W, C) uint8 are apart: the gray filter's measure, 0 to 255.

    It is the mean difference between the largest and the smallest channel, on a thumbnail.
    """
    thumbnail = to_image(pixels)
    thumbnail.thumbnail((64, 64))
    return float(np.ptp(to_pixels(thumbnail).astype(np.int16), axis=2).mean())
