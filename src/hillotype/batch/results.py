"""The words of a run over many files: what goes in, what comes of each file, and who does the parts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from hillotype.batch.jobs import Job
from hillotype.pictures import DEFAULT_MAX_PIXELS, Picture
from hillotype.restore.parts import Progress
from hillotype.restore.pixels import Pixels
from hillotype.restore.restorer import Restorer

Status: TypeAlias = Literal["done", "copied", "kept", "skipped", "failed"]


@dataclass(frozen=True)
class Result:
    """What became of a picture or film.

    Attributes:
        source: the file.
        target: where the result is, or would be.
        status: "done"; "copied" byte for byte, since it needs nothing; "kept", since an earlier run did it; "skipped",
            since the target exists and is not to be replaced; "failed".
        seconds: how long it took; pictures overlap, so the sum is more than the time that passed.
        steps: what was done: "denoise", "colorize".
        notes: what was found in it, and what could not be kept.
        message: why it was skipped or failed, one line.
    """

    source: Path
    target: Path
    status: Status
    seconds: float = 0.0
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    message: str = ""


def failure(job: Job, message: str) -> Result:
    """Returns the result of a job that failed, whose message names the file."""
    named = message.startswith((f"{job.source}: ", f"{job.target}: "))
    return Result(job.source, job.target, "failed", message=message if named else f"{job.source}: {message}")


@dataclass(frozen=True)
class Settings:
    """How pictures are restored.

    Attributes:
        strength: 0 to 1.
        overwrite: whether results may replace files.
        max_pixels: width x height above which a picture is refused.
    """

    strength: float = 1.0
    overwrite: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS


DEFAULTS: Final = Settings()

JobProgress: TypeAlias = Callable[[Job, float], None]
"""Called with a job and the share of it that is done; by several threads, each with a job of its own."""

Compare: TypeAlias = Callable[[Job, Picture, Picture], None]
"""Called with a job, the picture before and the picture after; by several threads."""


class MadeFilm(Protocol):
    """A restored film that is to be written; how it is made is the part of `hillotype.film`.

    Attributes:
        steps: what was done: "denoise", "colorize".
        notes: what was found in the film.
    """

    @property
    def steps(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102

    def sample(self) -> tuple[Pixels, Pixels]:
        """Returns a frame, (H, W, 1 or 3), before and after, of the film that is written."""

    def write(self, path: Path, *, overwrite: bool) -> tuple[str, ...]:
        """Writes the film, whole or not at all; returns what could not be kept."""

    def forget(self) -> None:
        """Removes what was kept so that a killed run could go on."""


FilmMaker: TypeAlias = Callable[[Job, Progress | None], MadeFilm]
"""Restores the film of a job; is given a function to be told the share that is done."""

FilmFrames: TypeAlias = Callable[[Job], tuple[Pixels, Pixels]]
"""Returns a frame, (H, W, 1 or 3), before and after, of a film that an earlier run did; raises PictureError."""


@dataclass(frozen=True)
class Parcel:
    """A picture that is to be restored elsewhere, with the content of its file; `seconds` it took to read."""

    job: Job
    content: bytes
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What comes back for a parcel: what became of the picture and, unless it failed, the content of its file."""

    result: Result
    content: bytes = b""


Engine: TypeAlias = Callable[[Restorer, Settings, Iterator[Parcel | Result]], Generator[Answer | Result, None, None]]
"""Restores parcels elsewhere, in any order, as many ahead as it has room for; results go through as they are."""
