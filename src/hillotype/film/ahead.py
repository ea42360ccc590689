"""Make the next thing while one is used: so all cores are busy where neither keeps them so alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Thing = TypeVar("_Thing")


def ahead(things: Iterator[_Thing]) -> Iterator[_Thing]:
    """Yields things in their order, each taken by another thread while the one before it is used.

    What `things` raises is raised here, in its place. Nothing is taken any more when this is closed.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        coming = pool.submit(next, things, None)
        while (thing := coming.result()) is not None:
            coming = pool.submit(next, things, None)
            yield thing
