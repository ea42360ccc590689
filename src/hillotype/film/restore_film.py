"""A film restored: frames read, made better and steady, written in pieces, put together with sound and the rest."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from hillotype import __version__
from hillotype.batch.copying import copy_file
from hillotype.batch.jobs import Job
from hillotype.batch.journal import digest
from hillotype.film.ahead import ahead
from hillotype.film.clock import STEP
from hillotype.film.frames import Frame, as_shown, frame_at, frames
from hillotype.film.join import Stretch, join
from hillotype.film.look import plan_film
from hillotype.film.pieces import Pieces, has_pieces
from hillotype.film.reader import Film, read_film
from hillotype.film.steady import Steadiness, steadied
from hillotype.pictures import DEFAULT_MAX_PIXELS, whole
from hillotype.restore.automatic import AutomaticRestorer
from hillotype.restore.colorize import Colorizer
from hillotype.restore.parts import Progress
from hillotype.restore.pixels import Pixels, Plane
from hillotype.restore.restorer import Plan, Restorer, room_for

STEADINESS: Final = Steadiness()

LONGEST_NAME: Final = 255
"""Bytes of a file name that usual disks take; titles that films are downloaded with come near it."""


@dataclass(frozen=True)
class FilmSettings:
    """How films are restored.

    Attributes:
        strength: 0 to 1.
        max_pixels: width x height of a frame above which a film is refused.
        preview: make only so many seconds, from a third of the film on, where no titles run; None for all.
    """

    strength: float = 1.0
    max_pixels: int = DEFAULT_MAX_PIXELS
    preview: float | None = None


@dataclass(frozen=True)
class Restored:
    """A film whose frames are done and lie in pieces.

    Attributes:
        job: the film, and where it goes.
        settings: how it was restored.
        film: the source.
        plan: what was done.
        folder: of the pieces.
        pieces: the files; none if nothing was to be done.
        stretch: the part of the film that was done; None for the whole.
    """

    job: Job
    settings: FilmSettings
    film: Film
    plan: Plan
    folder: Path
    pieces: Sequence[Path]
    stretch: Stretch | None

    @property
    def steps(self) -> tuple[str, ...]:
        """What was done: "denoise", "colorize"."""
        return self.plan.steps

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the film."""
        if self.stretch is None:
            return self.plan.reasons
        start, end = (
            float((at - self.film.start) * self.film.time_base) for at in (self.stretch.start, self.stretch.end)
        )
        return (f"preview: only {start:.1f} to {end:.1f} s", *self.plan.reasons)

    def sample(self) -> tuple[Pixels, Pixels]:
        """Returns a frame from the middle, (H, W, 1 or 3), before and after; the film is written.

        Raises:
            PictureError: the source or the result cannot be read any more.
        """
        return frames_of(self.job, self.settings)

    def write(self, path: Path, *, overwrite: bool) -> tuple[str, ...]:
        """Writes the film, whole or not at all; returns what could not be kept.

        Raises:
            PictureError: the disk does not take it.
        """
        if not self.steps and self.stretch is None and path.suffix.lower() == self.film.path.suffix.lower():
            copy_file(self.film.path, path, overwrite=overwrite)
            return ()
        lost = join(self.film, self.pieces, path, stretch=self.stretch, overwrite=overwrite)
        return (*self.film.notes, *lost) if self.pieces else lost

    def forget(self) -> None:
        """Removes the pieces."""
        with suppress(OSError):
            shutil.rmtree(self.folder)


def restore_film(
    restorer: Restorer,
    settings: FilmSettings,
    made_with: Mapping[str, Any],
    job: Job,
    progress: Progress | None = None,
) -> Restored:
    """Restores the frames of a film; what an earlier run that was killed has done is kept.

    Args:
        restorer: what restores a frame.
        settings: how.
        made_with: names the models; pieces that were made with others, or with other settings, are made again.
        job: the film, and where it will go; the pieces lie in a hidden folder there.
        progress: is told the share of what was left that is done.

    Raises:
        PictureError: the film cannot be read, or the disk does not take the pieces.
        ModelFileError: the model is damaged.
    """
    film = read_film(job.source, settings.max_pixels)
    stretch, count = _stretch(film, settings.preview)
    plan = plan_film(restorer, film)
    folder = _pieces_folder(job.target)
    if not plan.steps:
        return Restored(job, settings, film, plan, folder, (), stretch)
    decided_by = {**made_with, **asdict(settings), "film": digest(film.path), "version": __version__}
    with Pieces(folder, film, decided_by) as pieces:
        done = pieces.count()
        made = _made(restorer, plan, film, settings, done, stretch)
        pieces.add(_told(made, count - done, progress))
        return Restored(job, settings, film, plan, folder, pieces.paths(), stretch)


def frames_of(job: Job, settings: FilmSettings) -> tuple[Pixels, Pixels]:
    """Returns a frame from the middle, (H, W, 1 or 3), before and after, of a film that was restored with `settings`.

    Its pixels are square, as on a page.

    Raises:
        PictureError: the film or its result cannot be read.
    """
    film, made = (read_film(path, settings.max_pixels) for path in (job.source, job.target))
    stretch, _ = _stretch(film, settings.preview)
    after = frame_at(made, (made.start + made.end) // 2)
    # Counted from the first frame that can be decoded, as the result is; a little later, as its times are rounded.
    first = frame_at(film, film.start if stretch is None else stretch.start)
    later = (after.pts - made.start) * made.time_base + STEP
    before = frame_at(film, first.pts + int(later / film.time_base))
    return as_shown(before, film), as_shown(after, made)


def is_begun(target: Path) -> bool:
    """Tells whether an earlier run has left pieces of this result, from which `restore_film` may go on."""
    return has_pieces(_pieces_folder(target))


def _pieces_folder(target: Path) -> Path:
    name = f".{target.name}.hillotype"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".{sha256(os.fsencode(target.name)).hexdigest()}.hillotype"
    return target.parent / name


def _stretch(film: Film, preview: float | None) -> tuple[Stretch | None, int]:
    """Returns the part of the film that is to be made, None for all, and about how many frames that is."""
    if preview is None or preview >= film.seconds:
        return None, film.frames
    third = film.start + (film.end - film.start) // 3
    start = frame_at(film, third).pts
    return Stretch(start, start + round(preview / film.time_base)), max(1, round(preview * film.rate))


def _made(
    restorer: Restorer, plan: Plan, film: Film, settings: FilmSettings, done: int, stretch: Stretch | None
) -> Iterator[Frame]:
    """Yields the restored frames after the first `done`, the same as if those had been made with them."""
    before = min(done, STEADINESS.reach) if "colorize" in plan.steps else 0
    start, end = (None, None) if stretch is None else (stretch.start, stretch.end)
    made = frames(film, skip=done - before, start=start, end=end)
    if "denoise" in plan.steps:
        made = _denoised(made, restorer, settings.strength)
    if "colorize" in plan.steps:
        made = _colored(made, _colorizer(restorer), settings.strength)
    return islice(ahead(made), before, None)


def _denoised(made: Iterable[Frame], restorer: Restorer, strength: float) -> Iterator[Frame]:
    # Each by itself: to average what stands still over five frames gained 0.4 dB on one film and lost 0.8 on another.
    for frame in made:
        clean = restorer.apply(frame.pixels, Plan(("denoise",)), strength, room_for(frame.pixels))
        yield replace(frame, pixels=whole(clean))


def _colored(made: Iterable[Frame], colorizer: Colorizer, strength: float) -> Iterator[Frame]:
    waiting: deque[Frame] = deque()

    def guesses() -> Iterator[tuple[Plane, Plane]]:
        for frame in made:
            waiting.append(frame)
            yield colorizer.predict(frame.pixels)

    for light, chroma in steadied(ahead(guesses()), STEADINESS):
        frame = waiting.popleft()
        colored = colorizer.paint(frame.pixels, light, chroma, strength, room_for(frame.pixels))
        yield replace(frame, pixels=whole(colored))


def _colorizer(restorer: Restorer) -> Colorizer:
    colorizer = restorer.colorizer if isinstance(restorer, AutomaticRestorer) else restorer
    assert isinstance(colorizer, Colorizer)
    return colorizer


def _told(made: Iterable[Frame], count: int, progress: Progress | None) -> Iterator[Frame]:
    for number, frame in enumerate(made, 1):
        yield frame
        if progress is not None:
            progress(min(1.0, number / max(count, number)))
