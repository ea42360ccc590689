"""What restores the films of a run, and shows those that are done; PyAV is looked for when one comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hillotype.batch.jobs import Job
from hillotype.batch.results import FilmFrames, Settings
from hillotype.errors import PictureError
from hillotype.restore.parts import Progress
from hillotype.restore.pixels import Pixels
from hillotype.restore.restorer import Restorer

if TYPE_CHECKING:
    from hillotype.film.restore_film import Restored


def film_maker(
    restorer: Restorer, settings: Settings, preview: float | None, made_with: Mapping[str, Any]
) -> Callable[[Job, Progress | None], Restored]:
    """Returns what restores a film: a `FilmMaker`.

    Args:
        restorer: what restores a frame.
        settings: those of the run.
        preview: make only so many seconds; None for all.
        made_with: names the models; pieces that were made with others are made again.

    Returns:
        The function; it raises PictureError if PyAV is not installed, and what `restore_film` raises.
    """

    def make(job: Job, progress: Progress | None) -> Restored:
        with _needs_av(job):
            from hillotype.film.restore_film import FilmSettings, restore_film
        how = FilmSettings(settings.strength, settings.max_pixels, preview)
        return restore_film(restorer, how, made_with, job, progress)

    return make


def film_frames(settings: Settings, preview: float | None) -> FilmFrames:
    """Returns what shows a film that an earlier run did with the same `settings` and `preview`."""

    def frames(job: Job) -> tuple[Pixels, Pixels]:
        with _needs_av(job):
            from hillotype.film.restore_film import FilmSettings, frames_of
        return frames_of(job, FilmSettings(settings.strength, settings.max_pixels, preview))

    return frames


@contextmanager
def _needs_av(job: Job) -> Iterator[None]:
    """Says what has to be installed where an import fails."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise PictureError(
            f"{job.source}: a film, and films need {error.name}; run `pip install 'hillotype[film]'`"
        ) from error
