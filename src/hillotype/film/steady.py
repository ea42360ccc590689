"""Color that is steady in time: the chroma of a frame is averaged with that of the frames about it.

A colorizer that sees one frame at a time changes its mind from frame to frame, and the film flickers. What lies at a
pixel in frames nearby is taken to be the same thing where the lightness is the same, and there its chroma is averaged:
a bilateral filter along time (Tomasi, Manduchi 1998, https://doi.org/10.1109/ICCV.1998.710815; along time with the
lightness as guide: Bennett, McMillan 2005, https://doi.org/10.1145/1073204.1073272). Where something moves the
lightness changes, so no color trails behind it. A cut ends the average.

A frame's result depends on `reach` frames before and after it and on no others, so a film may be begun anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np

from hillotype.film.shots import is_cut, thumbnail
from hillotype.restore.pixels import Plane


@dataclass(frozen=True)
class Steadiness:
    """How the chroma is averaged along time.

    Chosen on carphone and Big Buck Bunny: flicker where nothing moves falls to a fifth, and CIEDE2000 to the true
    colors falls a little, also where things move (`python benchmarks/film.py`). A shorter reach flickers more, a
    longer one gains little; between 0.06 and 0.15 the tolerance matters little.

    Attributes:
        reach: how many frames before and after are looked at.
        tolerance: difference of L* / 100 from which on two pixels are not the same thing.
    """

    reach: int = 8
    tolerance: float = 0.1


@dataclass(frozen=True, eq=False)
class _Guess:
    """What is known of a frame: lightness, also at half size, chroma, thumbnail, and the number of its shot."""

    light: Plane
    coarse: Plane
    chroma: Plane
    thumbnail: Plane
    shot: int


def steadied(
    guesses: Iterable[tuple[Plane, Plane]], steadiness: Steadiness = Steadiness()
) -> Iterator[tuple[Plane, Plane]]:
    """Makes the chroma of a film's frames steady; it runs `reach` frames behind.

    Args:
        guesses: for each frame L* / 100 (h, w) and the chroma guessed of it (2, h, w), all of one size.
        steadiness: how.

    Yields:
        The lightness as it came, and the chroma (2, h, w), in the same order.
    """
    window: deque[_Guess] = deque()
    at = 0  # the place in the window of the frame that is next
    for guess in chain(guesses, repeat(None, steadiness.reach)):  # the last frames have none after them
        if guess is not None:
            window.append(_look(*guess, window[-1] if window else None))
        if len(window) > at + (0 if guess is None else steadiness.reach):
            yield window[at].light, _mean(window, at, steadiness)
            at += 1
        if at > steadiness.reach:
            window.popleft()
            at -= 1


def _look(light: Plane, chroma: Plane, before: _Guess | None) -> _Guess:
    small = thumbnail(light)
    shot = 0 if before is None else before.shot + is_cut(before.thumbnail, small)
    return _Guess(light, _halved(_even(light)), chroma, small, shot)


def _halved(plane: Plane) -> Plane:
    """Returns the means of squares of 2 x 2 pixels of a plane (h, w) of even sides."""
    total: Plane = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    total *= np.float32(0.25)
    return total


def _mean(window: deque[_Guess], at: int, steadiness: Steadiness) -> Plane:
    """Averages the chroma about one frame over the frames of its shot, by likeness."""
    center = window[at]
    total, weights = center.chroma.copy(), np.ones_like(center.light)
    for place, guess in enumerate(window):
        if place != at and guess.shot == center.shot:
            weight = _likeness(guess.coarse, center.coarse, steadiness.tolerance, center.light.shape)
            total += weight * guess.chroma
            weights += weight
    total /= weights
    return total


def _likeness(coarse: Plane, center: Plane, tolerance: float, shape: tuple[int, ...]) -> Plane:
    """Returns 1 where the lightness is the same, falling to 0 at `tolerance`: Tukey's biweight, raised to `shape`.

    Taken at half size: grain is averaged away there, and it takes a quarter of the time.
    """
    weight = coarse - center
    weight *= np.float32(1 / tolerance)
    weight *= weight
    np.subtract(np.float32(1), weight, out=weight)
    np.maximum(weight, np.float32(0), out=weight)
    weight *= weight
    return weight.repeat(2, axis=0).repeat(2, axis=1)[: shape[0], : shape[1]]


def _even(light: Plane) -> Plane:
    """Repeats an odd row or column at the end."""
    height, width = light.shape
    if height % 2 or width % 2:
        light = np.pad(light, ((0, height % 2), (0, width % 2)), mode="edge")
    return light
