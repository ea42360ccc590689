"""Photographs of any size and number, for the benchmarks that measure time and memory: the parrots with noise."""

from pathlib import Path

import numpy as np
from PIL import Image

PARROTS = Path(__file__).parents[1] / "examples" / "parrots.jpg"


def photograph(path: Path, megapixels: float, mode: str, seed: int = 0) -> None:
    """Writes a JPEG of so many megapixels, the parrots enlarged or reduced, with noise of 10/255."""
    image = Image.open(PARROTS).convert(mode)
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    pixels = np.asarray(image.resize((round(image.width * scale), round(image.height * scale))), dtype=np.float32)
    pixels = pixels + np.random.default_rng(seed).normal(0, 10, pixels.shape).astype(np.float32)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=92)


def photographs(folder: Path, count: int, megapixels: float) -> None:
    """Writes so many different ones, every second one gray."""
    for number in range(count):
        photograph(folder / f"{number:03}.jpg", megapixels, "L" if number % 2 else "RGB", number)
