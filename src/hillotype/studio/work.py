"""The work of a job, done in a thread: a picture or film restored just as the command line does it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hillotype.batch.folder import Job, Result, find_jobs, restore_files
from hillotype.batch.folder import Settings as FileSettings
from hillotype.batch.results import FilmMaker, MadeFilm
from hillotype.film import film_maker
from hillotype.pictures import Picture, write_picture
from hillotype.restore import load
from hillotype.restore.automatic import AutomaticRestorer
from hillotype.restore.colorize import Colorizer
from hillotype.restore.denoise import Denoising
from hillotype.restore.loading import usual
from hillotype.restore.palette import Palette
from hillotype.restore.parts import Progress
from hillotype.restore.restorer import Restorer
from hillotype.studio.limits import Limits
from hillotype.studio.schemas import Settings


def still(target: Path, name: str) -> Path:
    """Returns where a frame of a film lies, "before" or "after", whose result lies at `target` or will."""
    return target.with_name(f"{name}.png")


def begun(target: Path) -> bool:
    """Tells whether a run that ended has left pieces of a film, from which the next one into its folder goes on."""
    from hillotype.film.restore_film import is_begun  # needs PyAV, without which no film is taken

    return is_begun(target)


class Cancelled(BaseException):
    """Ends a run that nobody wants any more; no failure, so nothing on the way may catch it."""


@dataclass
class Run:
    """One pass over a picture or film.

    Attributes:
        source: the file.
        out: a folder of its own for the result.
        settings: what is done.
        palette: of the picture whose colors are wanted, if they are.
        tell: is called with the run and the share of it that is done, by the thread that works.
        unwanted: is set to end it.
        keep: whether what is done stays when it is ended, so that another run into the same folder goes on from there.
        seconds: how long a film lasts; 0 if it is none, or nobody has looked yet.
        part: whether only a part of it was made.
    """

    source: Path
    out: Path
    settings: Settings
    palette: Palette | None
    tell: Callable[[Run, float], object]
    keep: bool = False
    unwanted: threading.Event = field(default_factory=threading.Event)
    seconds: float = 0.0
    part: bool = False

    def __call__(self, limits: Limits) -> Result:
        """Restores it.

        Raises:
            Cancelled: it was not wanted any more; nothing is left but what is to be kept.
            ModelFileError: a model is missing or damaged.
        """
        try:
            self._go_on()
            (job,) = find_jobs([self.source], self.out)
            restorer = self._restorer(film=job.film)
            how = FileSettings(self.settings.strength, max_pixels=limits.pixels)
            (result,) = restore_files(
                restorer,
                [job],
                how,
                progress=lambda _, share: self._advance(share),
                films=self._films(restorer, how),
                compare=self._keep_stills if job.film else None,
            )
            self._go_on()
        except Cancelled:
            self._clean()
            raise
        return result

    def _restorer(self, *, film: bool) -> Restorer:
        settings = self.settings
        restorer = load(settings.model or usual(settings.task, film=film))
        if isinstance(restorer, Colorizer | AutomaticRestorer):
            restorer = restorer.given(settings.wishes(self.palette))
        if isinstance(restorer, Denoising) and settings.chroma_strength is not None:
            restorer = restorer.with_chroma_strength(settings.chroma_strength)
        return restorer

    def _films(self, restorer: Restorer, how: FileSettings) -> FilmMaker:
        restore_film = film_maker(restorer, how, self.settings.preview, {})

        def make(job: Job, progress: Progress | None) -> MadeFilm:
            from hillotype.film.frames import as_shown, frame_at  # needs PyAV, without which no film is taken
            from hillotype.film.reader import read_film

            film = read_film(job.source, how.max_pixels)
            frame = frame_at(film, film.start + (film.end - film.start) // 3)
            self.out.mkdir(parents=True, exist_ok=True)
            write_picture(Picture(as_shown(frame, film)), still(job.target, "before"), overwrite=True)
            self.seconds = film.seconds
            self._advance(0.0)
            made = restore_film(job, progress)
            self.part = made.stretch is not None
            return made

        return make

    def _keep_stills(self, job: Job, before: Picture, after: Picture) -> None:
        for name, picture in (("before", before), ("after", after)):
            write_picture(picture, still(job.target, name), overwrite=True)

    def _clean(self) -> None:
        """Removes the result, and what writing it may have made again of folders that were removed meanwhile."""
        if self.keep and self.source.exists() and begun(self.out / self.source.name):
            return
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
