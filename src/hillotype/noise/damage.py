"""Damages that are more than a draw added: compression, specks, holes, and age."""

import io
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device, to_device
from PIL import Image

from hillotype.color import Array
from hillotype.noise.base import Range, Ranged, Rng, draw, scalar, uniform
from hillotype.noise.filters import gaussian_blur
from hillotype.noise.gaussian import Correlated


@dataclass(frozen=True)
class Jpeg(Ranged):
    """What JPEG at `quality` (0-100, Pillow's scale) leaves of the picture; clips and rounds to 8 bits on the way."""

    quality: Range = (40.0, 95.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the pictures after a JPEG round trip (one or three channels)."""
        xp = array_namespace(picture)
        levels = np.asarray(to_device(draw(picture, self.quality, rng), "cpu")).reshape(-1)
        pixels = np.asarray(to_device(picture, "cpu")).clip(0, 1) * 255 + 0.5
        done = [_jpeg_round_trip(p.astype(np.uint8), round(q)) for p, q in zip(pixels, levels, strict=True)]
        return xp.asarray(np.stack(done), dtype=picture.dtype, device=device(picture)) / 255


def _jpeg_round_trip(pixels: np.ndarray, quality: int) -> np.ndarray:
    """(C, H, W) uint8 to (C, H, W) float32 in 0..255, through JPEG."""
    gray = pixels.shape[0] == 1
    file = io.BytesIO()
    Image.fromarray(pixels[0] if gray else np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(
        file, "JPEG", quality=quality
    )
    decoded = np.asarray(Image.open(file), dtype=np.float32)
    return decoded[None] if gray else decoded.transpose(2, 0, 1)


@dataclass(frozen=True)
class SaltPepper(Ranged):
    """A fraction `amount` of the pixels, all channels together, becomes black or white."""

    amount: Range = (0.0, 0.1)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with black and white specks."""
        xp = array_namespace(picture)
        n, _, h, w = picture.shape
        dice = uniform(picture, (n, 1, h, w), rng)
        amount = draw(picture, self.amount, rng)
        specked = xp.where(dice < amount / 2, xp.zeros_like(picture), picture)
        return xp.where(dice > 1 - amount / 2, xp.ones_like(picture), specked)


@dataclass(frozen=True)
class Mask(Ranged):
    """Missing pixels: a fraction `amount`, scattered or as one block, set to 0 in all channels."""

    amount: Range = (0.1, 0.5)
    block: bool = False

    def keep(self, picture: Array, rng: Rng) -> Array:
        """Returns (N, 1, H, W): 1 where the picture is known, 0 where it is missing."""
        xp = array_namespace(picture)
        n, _, h, w = picture.shape
        amount = draw(picture, self.amount, rng)
        if not self.block:
            return xp.astype(uniform(picture, (n, 1, h, w), rng) >= amount, picture.dtype)
        corner = uniform(picture, (n, 2, 1, 1), rng)
        side = xp.sqrt(amount)
        rows = (xp.arange(h, dtype=picture.dtype, device=device(picture)) + 0.5)[None, None, :, None] / h
        columns = (xp.arange(w, dtype=picture.dtype, device=device(picture)) + 0.5)[None, None, None, :] / w
        top, left = corner[:, :1] * (1 - side), corner[:, 1:] * (1 - side)
        inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
        return 1 - xp.astype(inside, picture.dtype)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with its missing pixels black."""
        return picture * self.keep(picture, rng)


@dataclass(frozen=True)
class OldPhoto(Ranged):
    """What age does to a print: softness, lost contrast, another gamma, grain and a JPEG of the scan."""

    blur: Range = (0.0, 1.0)
    contrast: Range = (0.6, 1.0)
    gamma: Range = (0.75, 1.35)
    grain: Range = (0.0, 12.0)
    quality: Range = (50.0, 95.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the aged picture, in [0, 1]."""
        xp = array_namespace(picture)
        aged = gaussian_blur(picture, scalar(picture, self.blur, rng))
        aged = xp.clip(aged, 0.0, 1.0) ** draw(picture, self.gamma, rng)
        contrast = draw(picture, self.contrast, rng)
        aged = aged * contrast + (1 - contrast) * draw(picture, (0.0, 1.0), rng)
        aged = Correlated(self.grain, (0.3, 0.8))(aged, rng)
        return Jpeg(self.quality)(aged, rng)
