"""Times in order: recordings that were cut together begin again in the middle, a file that is written cannot."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

STEP = Fraction(1, 1000)
"""Seconds between two times that would be the same: what every container can tell apart."""


class Clock:
    """Gives each time of a stream one that is later than the one before; times that are in order stay.

    Args:
        time_base: seconds that one step means.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._second, self._step = ceil(1 / time_base), ceil(STEP / time_base)
        self._moved_by, self._latest = 0, 0
        self._started = False

    def __call__(self, time: int | None, length: int) -> int:
        """Returns a time in order.

        Args:
            time: in steps; None if it is not known.
            length: how long a frame or packet is, in steps.
        """
        if not self._started:
            self._started, self._latest = True, time or 0
            return self._latest
        if time is None:
            moved = self._latest + length
        else:
            if time + self._moved_by < self._latest - self._second:
                self._moved_by = self._latest + length - time
            moved = time + self._moved_by
        self._latest = moved if moved > self._latest else self._latest + self._step
        return self._latest
