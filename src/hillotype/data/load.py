"""Reads the pictures of a source into memory, reduced and filtered as a recipe asks."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from hillotype.data.sources import Source
from hillotype.errors import DataError


def load_pictures(
    source: Source,
    names: Sequence[str],
    *,
    gray: bool = False,
    reduce: float = 1.0,
    short_side: int | None = None,
    min_spread: float = 0.0,
    report: Callable[[int, int], None] | None = None,
) -> list[np.ndarray]:
    """Returns the named pictures as (H, W, C) uint8 arrays, C = 1 if `gray`, else 3.

    Args:
        source: where the pictures are.
        names: which of them.
        gray: reduce to BT.601 luma.
        reduce: factor on both sides; about 0.5 takes the artifacts of lossy files away.
        short_side: the short side in pixels that larger pictures are reduced to.
        min_spread: the gray filter: color pictures whose mean spread between the largest and the smallest channel
            is below this (of 255) are left out.
        report: called as report(done, all) along the way.

    Raises:
        DataError: a picture cannot be read, or none is left.
    """

    def load(name: str) -> np.ndarray | None:
        image = _reduced(source.open(name).convert("RGB"), reduce, short_side)
        if min_spread > 0 and _spread(image) < min_spread:
            return None
        pixels = np.asarray(image.convert("L") if gray else image)
        return pixels[:, :, None] if gray else pixels

    kept = []
    with ThreadPoolExecutor() as pool:
        for done, pixels in enumerate(pool.map(load, names), start=1):
            if pixels is not None:
                kept.append(pixels)
            if report:
                report(done, len(names))
    if not kept:
        raise DataError(f"none of {len(names)} pictures is left after the split and the gray filter; relax them")
    return kept


def _reduced(image: Image.Image, reduce: float, short_side: int | None) -> Image.Image:
    factor = min(1.0, reduce)
    if short_side is not None:
        factor = min(factor, short_side / min(image.size))
    if factor >= 1:
        return image
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BOX if factor == 0.5 else Image.Resampling.LANCZOS)


def _spread(image: Image.Image) -> float:
    """Mean difference between the largest and the smallest channel, 0..255, on a thumbnail."""
    thumbnail = image.copy()
    thumbnail.thumbnail((64, 64))
    return float(np.ptp(np.asarray(thumbnail, dtype=np.int16), axis=2).mean())
