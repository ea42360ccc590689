"""What the laboratory holds while the studio runs."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hillotype.studio.laboratory.runs import find_run
from hillotype.studio.laboratory.training import Trainer

if TYPE_CHECKING:
    from PIL import Image

    from hillotype.studio.laboratory.explorer import Explorer

_Seen = TypeVar("_Seen")


class Laboratory:
    """The runs below a folder, the training that goes on, and the run that is explored.

    Attributes:
        root: the folder of runs.
        data: a folder or zip of pictures that recipes may train on in place of their own, if there is one.
        trainer: of the trainings it starts.
        ending: is set when the studio ends, so that nobody listens any more.
    """

    def __init__(self, root: Path, data: Path | None) -> None:
        self.root, self.data, self.trainer = root, data, Trainer(root, data)
        self.ending = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "explore")  # torch computes for one at a time

    async def explore(self, run: str, look: Callable[[Explorer], _Seen]) -> _Seen:
        """Opens a run, unless it is open already, and looks at it.

        Raises:
            Refusal: there is no run of that id.
            HillotypeError: it cannot be opened, or cannot be looked at so.
        """
        folder = find_run(self.root, run)

        def work() -> _Seen:
            from hillotype.studio.laboratory.explorer import open_explorer

            return look(open_explorer(folder))

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def picture(self, run: str, draw: Callable[[Explorer], Image.Image]) -> bytes:
        """Draws something of a run; returns WebP, small enough to follow a finger."""

        def encoded(explorer: Explorer) -> bytes:
            file = io.BytesIO()
            draw(explorer).save(file, "WEBP", quality=90, method=2)
            return file.getvalue()

        return await self.explore(run, encoded)

    def close(self) -> None:
        """Ends what listens, and the training in order; it can go on later."""
        self.ending.set()
        self.trainer.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
