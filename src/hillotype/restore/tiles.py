"""Run a convolutional model over a picture of any size, tile by tile, as if it had seen the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hillotype.modelfile import Model
from hillotype.restore.pixels import Pixels, full_scale, store

Progress: TypeAlias = Callable[[float], None]
"""Called with the share of the picture that is done, from 0 to 1."""

REGION_SIDE = 768
"""Longest side of what the model sees at once, halo included.

Measured with a U-Net of 0.86 M parameters, two threads: 768 takes 200 MB and the least time per pixel; 1280 takes
500 MB and spills the processor's caches.
"""


@dataclass(frozen=True)
class Span:
    """Along one axis: the pixels `read` .. `read + size` are seen, of which `start` .. `stop` are kept."""

    read: int
    size: int
    start: int
    stop: int


def spans(length: int, *, multiple: int, halo: int, longest: int = REGION_SIDE) -> list[Span]:
    """Cut an axis into spans of one size that overlap by twice the halo and lie on multiples of `multiple`.

    Each kept pixel has `halo` seen pixels on both sides, unless the axis ends there. One size for all, since ONNX
    Runtime keeps memory for each size it meets.
    """
    padded = _round_up(length, multiple)
    halo = _round_up(halo, multiple)
    longest = max(_round_up(longest, multiple), 2 * halo + multiple)
    if padded <= longest:
        return [Span(0, padded, 0, length)]
    count = -(-(padded - 2 * halo) // (longest - 2 * halo))
    size = _round_up(-(-(padded - 2 * halo) // count) + 2 * halo, multiple)
    count = -(-(padded - 2 * halo) // (size - 2 * halo))  # rounding up may save one
    reads = [min(index * (size - 2 * halo), padded - size) for index in range(count)]
    cuts = [0, *(read + halo for read in reads[1:]), length]
    return [Span(read, size, start, stop) for read, start, stop in zip(reads, cuts, cuts[1:], strict=False)]


def run_tiled(
    model: Model,
    pixels: Pixels,
    *,
    strength: float = 1.0,
    region_side: int = REGION_SIDE,
    progress: Progress | None = None,
) -> Pixels:
    """Map a picture through a model of as many channels; the same as the whole at once to within 1e-5.

    The picture is continued to the right and below by reflection up to the model's multiple.

    Args:
        model: a model from picture to picture, purely convolutional, with its halo on the card.
        pixels: (H, W, C), uint8, uint16 or float32 in [0, 1].
        strength: 0 gives the picture back, 1 the model's answer, between them a blend.
        region_side: longest side of what the model sees at once.
        progress: is told the share done.

    Returns:
        (H, W, C) of the same dtype, clipped, rounded if integer.
    """
    card = model.card
    height, width = pixels.shape[:2]
    out = np.empty_like(pixels)
    rows = spans(height, multiple=card.multiple, halo=card.halo, longest=region_side)
    columns = spans(width, multiple=card.multiple, halo=card.halo, longest=region_side)
    for number, (row, column) in enumerate((row, column) for row in rows for column in columns):
        seen = _region(pixels, row, column)
        answer = model.run(seen)
        if strength != 1.0:
            answer = seen + np.float32(strength) * (answer - seen)
        kept = answer[
            0, :, row.start - row.read : row.stop - row.read, column.start - column.read : column.stop - column.read
        ]
        store(np.ascontiguousarray(kept.transpose(1, 2, 0)), out[row.start : row.stop, column.start : column.stop])
        if progress is not None:
            progress((number + 1) / (len(rows) * len(columns)))
    return out


def _region(pixels: Pixels, row: Span, column: Span) -> NDArray[np.float32]:
    """Return what the model sees of the picture, (1, C, H, W) in [0, 1], continued by reflection."""
    height, width = pixels.shape[:2]
    if row.read + row.size <= height and column.read + column.size <= width:
        part = pixels[row.read : row.read + row.size, column.read : column.read + column.size]
    else:
        part = pixels[np.ix_(_reflected(row, height), _reflected(column, width))]
    seen = np.ascontiguousarray(part.transpose(2, 0, 1)[None], dtype=np.float32)
    return seen if pixels.dtype == np.float32 else seen / np.float32(full_scale(pixels))


def _reflected(span: Span, length: int) -> NDArray[np.intp]:
    """Return the positions of a span, those past the end reflected back into the axis."""
    period = max(2 * (length - 1), 1)
    positions = np.arange(span.read, span.read + span.size) % period
    return np.minimum(positions, period - positions)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
