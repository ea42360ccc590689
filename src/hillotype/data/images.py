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
