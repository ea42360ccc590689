"""The parts of a picture, worked on side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias, TypeVar

Progress: TypeAlias = Callable[[float], None]
"""Called with the share of the picture that is done, from 0 to 1."""

_Part = TypeVar("_Part")


def do_parts(
    work: Callable[[_Part], None], parts: Sequence[_Part], at_once: int, progress: Progress | None = None
) -> None:
    """Does the work on each part, some at once.

    What a part raises, and what `progress` raises, is raised here: the parts at work are finished first, and no other
    is begun.

    Args:
        work: is called with a part, by several threads; by the caller's alone if there is one at a time.
        parts: in the order in which they are begun.
        at_once: how many are worked on at a time.
        progress: is told the share that is done, by the caller's thread.
    """
    with ThreadPoolExecutor(at_once, "parts") as pool:
        each = pool.map(work, parts) if at_once > 1 else map(work, parts)
        try:
            for done, _ in enumerate(each, 1):
                if progress is not None:
                    progress(done / len(parts))
        finally:
            pool.shutdown(cancel_futures=True)
