"""What a film needs, from a look at some of its frames."""

from __future__ import annotations

from typing import Final

import numpy as np

from hillotype.film.frames import frame_at
from hillotype.film.reader import Film
from hillotype.restore.lightness import lightness
from hillotype.restore.pixels import Pixels
from hillotype.restore.restorer import Plan, Restorer

LOOKS: Final = 9
"""Frames that are looked at, at equal distances."""

FLAT: Final = 0.02
"""Standard deviation of the lightness (0 to 1) below which a frame, as a black one, shows nothing."""


def plan_film(restorer: Restorer, film: Film) -> Plan:
    """Decides what a film is given: one plan for all of it.

    It is denoised if more than half of the frames looked at are noisy, and colorized if none has colors: a color film
    stays as it is, also one that is gray in places.
    """
    plans = [restorer.plan(pixels) for pixels in _looks(film)]
    noisy, gray = (sum(step in plan.steps for plan in plans) for step in ("denoise", "colorize"))
    needs = (("denoise", 2 * noisy > len(plans)), ("colorize", gray == len(plans)))
    steps = tuple(step for step, needed in needs if needed)
    if not any(plan.reasons for plan in plans):
        return Plan(steps)
    return Plan(steps, (f"noise in {noisy} of {len(plans)} frames", f"colors in {len(plans) - gray}"))


def _looks(film: Film) -> list[Pixels]:
    """Returns frames from all over the film, flat ones only if there are no others."""
    times = np.linspace(film.start, film.end, LOOKS, endpoint=False, dtype=np.int64).tolist()
    found = {frame.pts: frame.pixels for frame in (frame_at(film, time) for time in times)}
    telling = [pixels for pixels in found.values() if lightness(pixels).std() > FLAT]
    return telling or list(found.values())
