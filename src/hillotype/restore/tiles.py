"""Run a convolutional model over a picture of any size, tile by tile, as if it had seen the whole."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hillotype.color import rgb_to_gray
from hillotype.modelfile import Model
from hillotype.pictures import Rows, Sheet
from hillotype.restore.parts import Progress, do_parts
from hillotype.restore.pixels import full_scale, store, with_channels

Planes: TypeAlias = NDArray[np.float32]

REGION_SIDE = 960
"""Longest side of what the model sees at once, halo included.

Memory grows with its square, and what is seen twice shrinks: with a halo of 108 pixels, each pixel of a 12-megapixel
picture is seen 1.6 times at 960, in 165 MB, and 1.85 times at 768, in 120 MB. A pixel seen takes as long at either.
"""

_AT_WORK = 2  # tiles: the model has one, the other is cut out before or written after


@dataclass(frozen=True)
class Span:
    """Along one axis: the pixels `read` .. `read + size` are seen, of which `start` .. `stop` are kept."""

    read: int
    size: int
    start: int
    stop: int


def spans(length: int, *, multiple: int, halo: int, longest: int = REGION_SIDE) -> list[Span]:
    """Cuts an axis into spans of one size that overlap by twice the halo and lie on multiples of `multiple`.

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
    pixels: Rows,
    *,
    out: Sheet | None = None,
    strength: float = 1.0,
    chroma_strength: float | None = None,
    region_side: int = REGION_SIDE,
    progress: Progress | None = None,
) -> Sheet:
    """Maps a picture through a model; the same as the whole at once to within 1e-5.

    The picture is continued to the right and below by reflection up to the model's multiple. A gray picture is shown
    to a model of three channels three times, a picture without colors to one of one channel once.

    Args:
        model: a model from picture to picture, purely convolutional, with its halo on the card.
        pixels: (H, W, C), uint8, uint16 or float32 in [0, 1].
        out: where the answer goes, (H, W, C) of any depth; a new array of the same if not given.
        strength: 0 gives the picture back, 1 the model's answer, between them a blend.
        chroma_strength: the same for the color differences alone, of a model of three channels; None for `strength`.
        region_side: longest side of what the model sees at once.
        progress: is told the share done.

    Returns:
        `out`: rounded and clipped if it holds integers, else as the model answers.
    """
    card = model.card
    height, width = pixels.shape[:2]
    sheet = np.empty(pixels.shape, pixels.dtype) if out is None else out
    chroma = strength if chroma_strength is None else chroma_strength
    rows, columns = (
        spans(length, multiple=card.multiple, halo=card.halo, longest=region_side) for length in (height, width)
    )

    turn = threading.Lock()

    def restore(tile: tuple[Span, Span]) -> None:
        seen = _region(pixels, *tile, card.in_channels)
        with turn:  # its threads are busy with one tile, and two would take twice the memory
            answer = model.run(seen)
        answer = _blended(seen, answer, strength, chroma)
        down, across = (slice(span.start - span.read, span.stop - span.read) for span in tile)
        _write(answer[0, :, down, across], sheet, *(slice(span.start, span.stop) for span in tile))

    tiles = list(product(rows, columns))
    do_parts(restore, tiles, min(_AT_WORK, model.threads, len(tiles)), progress)
    if len(tiles) > 1:  # what follows, writing above all, needs memory of its own
        model.release()
    return sheet


def _region(pixels: Rows, row: Span, column: Span, channels: int) -> NDArray[np.float32]:
    """Returns what the model sees of the picture, (1, C, H, W) in [0, 1], continued by reflection."""
    part = pixels[row.read : row.read + row.size, column.read : column.read + column.size]
    missing = [(0, row.size - part.shape[0]), (0, column.size - part.shape[1]), (0, 0)]
    if any(after for _, after in missing):
        part = np.pad(part, missing, mode="reflect")
    seen = np.ascontiguousarray(with_channels(part, channels).transpose(2, 0, 1)[None], dtype=np.float32)
    return seen if pixels.dtype == np.float32 else seen / np.float32(full_scale(pixels))


def _blended(seen: Planes, answer: Planes, strength: float, chroma_strength: float) -> Planes:
    """Goes from what the model saw, (1, C, H, W), toward its answer: so far in luma, and so far in chroma.

    With Y the BT.601 luma of RGB, and D the way from what was seen to the answer, `seen + c D + (s - c) Y(D)` has the
    luma `Y(seen) + s Y(D)` and the color differences, R - Y and B - Y, `seen + c D` has: Y is linear, and Y of a gray
    is that gray.
    """
    if strength == chroma_strength == 1.0:
        return answer
    way = answer - seen
    luma = rgb_to_gray(way) if strength != chroma_strength else None
    way *= np.float32(chroma_strength)
    if luma is not None:
        way += np.float32(strength - chroma_strength) * luma
    way += seen
    return way


def _write(kept: NDArray[np.float32], out: Sheet, rows: slice, columns: slice) -> None:
    """Writes an answer (C, H, W) into its place."""
    values = np.ascontiguousarray(with_channels(kept.transpose(1, 2, 0), out.shape[2]))
    part = np.empty(values.shape, out.dtype)
    store(values, part)
    out[rows, columns] = part


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
