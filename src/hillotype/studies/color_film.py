"""Report 002's film in color: each frame colored by itself, how far from the truth, and how much the colors flicker."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hillotype.color import LAB_CHROMA_SCALE, Lab
from hillotype.data.archives import data_folder
from hillotype.data.images import to_floats
from hillotype.errors import DataError, PictureError
from hillotype.film.frames import frames as frames_of
from hillotype.film.reader import read_film as look_through
from hillotype.metrics import colorfulness
from hillotype.pages import evenly, film, grid, plot, table, text
from hillotype.restore.pixels import with_channels
from hillotype.studies.chroma import by_shipped, reduced, with_lightness
from hillotype.studies.scores import Scores, means, score
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats

_FILM = "video/bikes.mp4"
_LAB = Lab()
_WINDOW = 5  # frames whose chroma is averaged
_SHOWN_RATE = 6.25  # frames a second of the film on the page


@study(
    "color-film",
    report="002",
    summary="A film made gray and colored frame by frame by the shipped colorizer, beside its true colors",
    data=(_FILM,),
    minutes=2,
)
def run(bench: Bench) -> Findings:
    """Colors every frame of a film by itself, then measures error and flicker."""
    bench.say(f"reading {_FILM}")
    truth, rate = read_film(_found(_FILM), 8 if bench.fast else None)
    light, chroma = _LAB.split(truth)
    gray = with_lightness(light, np.zeros_like(chroma))
    bench.say(f"coloring {len(truth)} frames")
    colored = _LAB.split(by_shipped(gray))[1]
    chromas = {
        "true colors": chroma,
        "gray": np.zeros_like(chroma),
        "colored frame by frame": colored,
        f"mean color of {_WINDOW} frames": smoothed(colored, _WINDOW),
    }
    pictures = {name: with_lightness(light, each) for name, each in chromas.items()}
    scores = score(pictures, truth)
    mse = means(scores)
    flickers = {name: flicker(each) for name, each in chromas.items()}
    rows: list[list[object]] = [["true colors", None, *_steadiness(flickers["true colors"], truth)]]
    rows += [[name, mse[name], *_steadiness(flickers[name], pictures[name])] for name in list(chromas)[1:]]
    return Findings(
        figures=(
            Figure(
                "MSE per element in sRGB, mean of frames",
                len(truth),
                reported="a link to a film, no number",
                best=mse["colored frame by frame"],
                plain=mse["gray"],
            ),
            Figure(
                f"change of a, b from frame to frame (the true film's: {flickers['true colors'].mean():.2f})",
                len(truth) - 1,
                best=flickers["colored frame by frame"].mean(),
                plain=0.0,
            ),
        ),
        differs=(
            "The report shows a colored film and neither code nor figures of it, and another film. This one is colored "
            "by the shipped colorizer, not by the report's net."
        ),
        sections=(
            _film(pictures, rate),
            _measured(rows, scores, flickers, rate, len(truth)),
        ),
        numbers={"rows": [dict(zip(_HEAD, row, strict=True)) for row in rows], "frames a second": rate},
    )


_HEAD = ("who", "MSE per element", "change of a, b", "its median", "colorfulness")


def _steadiness(changes: np.ndarray, frames: Floats) -> list[object]:
    """The cells of a row after the error; the median of changes knows nothing of cuts."""
    return [changes.mean(), np.median(changes), colorfulness(frames).mean()]


def read_film(path: Path, most: int | None = None) -> tuple[Floats, float]:
    """Returns the first `most` frames of a film, or all: (N, 3, H, W) in [0, 1], and how many it shows a second.

    Raises:
        DataError: it is no film, or holds no picture.
    """
    try:
        source = look_through(path)
        frames = [with_channels(frame.pixels, 3) for frame in islice(frames_of(source), most)]
    except PictureError as error:
        raise DataError(f"{error}; or put another in its place") from error
    return to_floats(np.stack(frames)), float(source.rate)


def flicker(chroma: Floats) -> np.ndarray:
    """Returns how far a and b move between frames: the mean distance over pixels, (N - 1,), of chroma (N, 2, H, W)."""
    steps = np.diff(chroma * LAB_CHROMA_SCALE, axis=0)
    return np.asarray(np.hypot(steps[:, 0], steps[:, 1]).mean(axis=(1, 2)))


def smoothed(chroma: Floats, window: int) -> Floats:
    """Returns the mean of the chroma (N, 2, H, W) of an odd number of frames about each; fewer at the ends."""
    reach = window // 2
    spans = [chroma[max(0, at - reach) : at + reach + 1] for at in range(len(chroma))]
    return np.stack([span.mean(axis=0) for span in spans])


def _found(name: str) -> Path:
    root = data_folder()
    if root is None or not (root / name).is_file():
        where = root or "it is not set"
        raise DataError(f"{name}: not in HILLOTYPE_DATA ({where}); put a short film there under this name")
    return root / name


def _film(pictures: dict[str, Floats], rate: float) -> Section:
    columns = {name: reduced(frames, 4) for name, frames in pictures.items()}
    count = len(columns["gray"])
    at = evenly(6, count)
    every = max(1, round(rate / _SHOWN_RATE))
    moving = [reduced(pictures[name][::every], 2) for name in ("gray", "colored frame by frame", "true colors")]
    return Section(
        "The film",
        (
            film(
                np.concatenate(moving, axis=2),
                "Above as seen by the colorizer, in the middle as colored, below the truth; a quarter of the frames.",
                rate=rate / every,
            ),
            grid(
                {name: frames[at] for name, frames in columns.items()},
                "Six frames at equal distances. The colorizer guesses daylight and wood where the film is gray, and "
                "cannot know what color a lamp or a car has.",
                scale=1,
            ),
        ),
    )


def _measured(
    rows: list[list[object]], scores: Scores, flickers: dict[str, np.ndarray], rate: float, count: int
) -> Section:
    names = ("gray", "colored frame by frame")
    share = scores["colored frame by frame"].mean() / scores["gray"].mean()

    def draw_errors(axes: Axes) -> None:
        for name in names:
            axes.plot(np.arange(count) / rate, scores[name], label=name)
        axes.set(xlabel="seconds", ylabel="MSE per element", ylim=(0, None))
        axes.legend(fontsize="small")

    def draw_flicker(axes: Axes) -> None:
        for name, values in flickers.items():
            axes.plot(np.arange(1, count) / rate, values, label=name)
        axes.set(xlabel="seconds", ylabel="change of a, b", ylim=(0, None))
        axes.legend(fontsize="small")

    return Section(
        "How near, and how steady",
        (
            table(
                _HEAD,
                rows,
                f"Means of {count} frames: error in sRGB in [0, 1] with the film's own lightness kept; distance in "
                "units of a and b between a pixel and the same pixel of the next frame, whose median leaves cuts out; "
                "colorfulness of Hasler and Suesstrunk 2003.",
            ),
            text(
                f"The error of the colored frames is {share:.0%} of the gray ones'. Where a film is nearly without "
                "color, as this one is, every guess costs, and leaving it gray is hard to beat by squared error."
            ),
            text(
                "What moves changes its color at a pixel in the true film too, so the truth's own change is the "
                "measure: less is paleness or smear, more is flicker. Nothing ties a frame's colors to the next one's; "
                f"the mean of {_WINDOW} frames is the simplest tie: it "
                "leaves a trail where something moves fast, and mixes two scenes at a cut."
            ),
            plot(draw_errors, "Error of each frame."),
            plot(draw_flicker, "Change of chroma from each frame to the next."),
        ),
    )
