"""The frames of a film, upright, in the order they are shown, as pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from hillotype.errors import PictureError
from hillotype.film.clock import Clock
from hillotype.film.deinterlace import deinterlaced
from hillotype.film.reader import DAMAGED, Film, decoded, opened
from hillotype.restore.pixels import Pixels, is_neutral
from hillotype.restore.reduce import reduced_to_8_bits

EXACT: Final = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""How pixels are converted: without the shortcuts that cost a level or two."""

_EARLIER: Final = (0, 1, 4, 20)  # seconds; key frames are seldom further apart


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame, upright.

    Attributes:
        pixels: (H, W, 1) of one that is gray, else (H, W, 3); uint8, or uint16 of films of more than 8 bits.
        pts: when it is shown, in steps of the film's time base.
    """

    pixels: Pixels
    pts: int


def frames(film: Film, *, skip: int = 0, start: int | None = None, end: int | None = None) -> Iterator[Frame]:
    """Decodes a film; frames that cannot be decoded are left out, as players do.

    Args:
        film: the film.
        skip: how many frames at the beginning are left out; they are decoded all the same, since only so it is sure
            that the others come out as if nothing had been left out.
        start: to begin at this time, in steps.
        end: to stop before this time, in steps.

    Raises:
        PictureError: the file cannot be read any more.
    """
    clock = Clock(film.time_base)
    for frame in _decoded_from(film, film.start if start is None else start):
        pts = clock(frame.pts, film.last)
        if end is not None and pts >= end:
            return
        if start is not None and pts < start:
            continue
        if skip:
            skip -= 1
            continue
        yield _upright(frame, film, pts)


def frame_at(film: Film, time: int) -> Frame:
    """Decodes the frame that is shown at a time, in steps, or the last one before.

    Raises:
        PictureError: the file cannot be read any more.
    """
    shown = None
    for frame in _decoded_from(film, time):
        if shown is not None and frame.pts is not None and frame.pts > time:
            break
        shown = frame
    if shown is None:
        raise PictureError(f"{film.path}: {DAMAGED}")
    return _upright(shown, film, time if shown.pts is None else shown.pts)


def _decoded_from(film: Film, time: int) -> Iterator[VideoFrame]:
    """Yields the frames from one on that is shown at a time, in steps, or before, if there is one.

    A search may end behind that, also behind the last key frame, as in MPEG's streams: then it begins earlier.
    """
    places = [time - round(seconds / film.time_base) for seconds in _EARLIER]
    for place in (*(place for place in places if place > film.start), None):
        with opened(film.path) as container:
            if place is not None:
                container.seek(place, stream=container.streams[film.index])
            coming = decoded(container, film)
            if film.interlaced:
                coming = deinterlaced(coming, film.time_base)
            first = next(coming, None)
            if place is None or (first is not None and (first.pts is None or first.pts <= time)):
                yield from () if first is None else chain([first], coming)
                return


def as_shown(frame: Frame, film: Film) -> Pixels:
    """Returns the pixels of a frame in the shape of the picture: where they are not square lower or narrower, uint8."""
    aspect = 1 / film.aspect if film.lies else film.aspect
    if aspect == 1:
        return frame.pixels
    height, width = frame.pixels.shape[:2]
    size = (max(1, round(height / max(aspect, 1))), max(1, round(width * min(aspect, 1))))
    return reduced_to_8_bits(frame.pixels, size)


def _upright(frame: VideoFrame, film: Film, pts: int) -> Frame:
    deep = film.bits > 8
    array = frame.to_ndarray(
        format="rgb48le" if deep else "rgb24",
        width=film.width,  # some films change their size on the way
        height=film.height,
        src_colorspace=film.colors.conversion,
        src_color_range=film.colors.conversion_range,
        interpolation=EXACT,
    )
    pixels = array[..., :1] if is_neutral(array) else array
    return Frame(np.ascontiguousarray(_turned(pixels, film)), pts)


def _turned(pixels: Pixels, film: Film) -> Pixels:
    along, b, c, down = film.turn
    if film.lies:
        pixels, along, down = pixels.swapaxes(0, 1), c, b
    pixels = pixels[:, ::-1] if along < 0 else pixels
    return pixels[::-1] if down < 0 else pixels
