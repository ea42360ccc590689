"""Work on many things side by side, with the results in order and memory bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Final, Generic, TypeVar

AHEAD: Final = 4
"""Things begun or done for each worker before the result of the first is taken: results come in order."""

_Thing = TypeVar("_Thing")
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Alone(Generic[_Done]):
    """What needs all memory and cores: it is done while nothing else is."""

    do: Callable[[], _Done]


def side_by_side(
    things: Iterator[_Thing], work: Callable[[_Thing], _Done | Alone[_Done]], workers: int
) -> Generator[_Done, None, None]:
    """Has workers do the work on each thing, and yields the results in order.

    Args:
        things: are taken by the caller's thread, some ahead.
        work: is called by several threads; what it finds to be done alone is done by the caller's.
        workers: how many threads.
    """
    begun = deque[Future[_Done | Alone[_Done]]]()
    with ThreadPoolExecutor(workers, "restore") as pool:
        try:
            while True:
                begun.extend(pool.submit(work, thing) for thing in islice(things, AHEAD * workers - len(begun)))
                if not begun:
                    return
                done = begun.popleft().result()
                if isinstance(done, Alone):
                    wait(begun)
                    done = done.do()
                yield done
        finally:
            pool.shutdown(cancel_futures=True)
