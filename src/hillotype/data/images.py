"""Arrays (H, W, C) as Pillow images, and back: Pillow gives a gray picture no axis of channels."""

import numpy as np
from PIL import Image


def to_image(pixels: np.ndarray) -> Image.Image:
    """Returns an image of mode L or RGB of (H, W, 1 or 3) uint8."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def to_pixels(image: Image.Image) -> np.ndarray:
    """Returns (H, W, 1 or 3) uint8, not to be written to, of an image of mode L or RGB."""
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def to_floats(pixels: np.ndarray) -> np.ndarray:
    """Returns float32 (..., C, H, W) in [0, 1] of (..., H, W, C) uint8; in memory the channels stay last."""
    return np.moveaxis(pixels, -1, -3).astype(np.float32) / np.float32(255)
