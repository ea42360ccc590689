"""What restores the films of a run; PyAV is looked for when one comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from hillotype.batch.jobs import Job
from hillotype.batch.results import Settings
from hillotype.errors import PictureError
from hillotype.restore.parts import Progress
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
        try:
            from hillotype.film.restore_film import FilmSettings, restore_film
        except ModuleNotFoundError as error:
            raise PictureError(
                f"{job.source}: a film, and films need {error.name}; run `pip install 'hillotype[film]'`"
            ) from error
        how = FilmSettings(settings.strength, settings.max_pixels, preview)
        return restore_film(restorer, how, made_with, job, progress)

    return make
