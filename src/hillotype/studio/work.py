"""The work of a job, done in a thread: a picture file restored just as the command line does it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hillotype.batch.folder import Result, find_jobs, restore_files
from hillotype.batch.folder import Settings as FileSettings
from hillotype.restore import load
from hillotype.restore.automatic import AutomaticRestorer
from hillotype.restore.colorize import Colorizer
from hillotype.studio.limits import Limits
from hillotype.studio.schemas import Settings


class Cancelled(BaseException):
    """Ends a run that nobody wants any more; no failure, so nothing on the way may catch it."""


@dataclass
class Run:
    """One pass over a picture.

    Attributes:
        source: the picture file.
        out: a folder of its own for the result.
        settings: what is done.
        tell: is called with the run and the share of it that is done, by the thread that works.
        unwanted: is set to end it.
    """

    source: Path
    out: Path
    settings: Settings
    tell: Callable[[Run, float], object]
    unwanted: threading.Event = field(default_factory=threading.Event)

    def __call__(self, limits: Limits) -> Result:
        """Restore the picture.

        Raises:
            Cancelled: it was not wanted any more; nothing of it is left.
            ModelFileError: a model is missing or damaged.
        """
        try:
            self._go_on()
            settings = self.settings
            restorer = load(settings.model or settings.task)
            if isinstance(restorer, Colorizer | AutomaticRestorer):
                restorer = restorer.given(settings.wishes())
            how = FileSettings(settings.strength, max_pixels=limits.pixels)
            jobs = find_jobs([self.source], self.out)
            (result,) = restore_files(restorer, jobs, how, progress=lambda _, share: self._advance(share))
            self._go_on()
        except Cancelled:
            self._clean()
            raise
        return result

    def _clean(self) -> None:
        """Remove the result, and what writing it may have made again of folders that were removed meanwhile."""
        shutil.rmtree(self.out, ignore_errors=True)
        with suppress(OSError):  # not empty: still in use
            self.out.parent.rmdir()
            self.out.parent.parent.rmdir()

    def _advance(self, share: float) -> None:
        self._go_on()
        self.tell(self, share)

    def _go_on(self) -> None:
        if self.unwanted.is_set():
            raise Cancelled
