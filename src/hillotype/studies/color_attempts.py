"""Report 004's three attempts to write a color for a net to guess, and why each of them failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hillotype.color import COLOR_SPACES, rgb_to_gray
from hillotype.pages import grid, plot, table, text
from hillotype.studies.scores import mean_error
from hillotype.studies.study import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.train.trained import Floats, Trained


OUTPUTS = ("sigmoid", "linear")
"""The last activations that are tried: the one that the report seems to have had, and one that reaches everything."""


@dataclass(frozen=True)
class Encoding:
    """A way to write a color, and what one net makes of it.

    Attributes:
        space: of `hillotype.color`.
        output: the net's last activation.
        trained: the net.
        answers: the test pictures as it colors them, (N, 3, H, W) in [0, 1].
        error: their MSE per element, mean over pictures.
        unreachable: the share of the target's numbers that the last activation cannot give.
        floor: the error if each number were the nearest to the truth that it can give.
    """

    space: str
    output: str
    trained: Trained
    answers: Floats
    error: float
    unreachable: float
    floor: float

    @property
    def label(self) -> str:
        """Both in words."""
        return f"{self.space}, {self.output}"


def measure(trained: Trained, test: Floats) -> Encoding:
    """Colors the test pictures by a trained colorizer and measures them."""
    space = COLOR_SPACES[trained.run.task["space"]]
    luma, chroma = space.split(test)
    low, high = trained.model.output_range
    nearest = space.join(luma, chroma.clip(low, high)).clip(0, 1)
    answers = trained.answer(luma)
    return Encoding(
        space=space.name,
        output=str(trained.run.model["output"]),
        trained=trained,
        answers=answers,
        error=mean_error(answers, test),
        unreachable=float(np.mean((chroma < low) | (chroma > high))),
        floor=mean_error(nearest, test),
    )


def straightened(answers: Floats, truths: Floats, others: Floats) -> Floats:
    """Chroma (N, k, H, W) after the scale and offset, of each channel, that bring `answers` nearest to `truths`.

    They are fitted on the first two and applied to `others`: the "constant linear transformations" of report 004.
    """
    channels = []
    for index in range(answers.shape[1]):
        predicted, true = answers[:, index].ravel(), truths[:, index].ravel()
        centered = predicted - predicted.mean()
        variance = float(np.square(centered).mean())
        scale = float((centered * true).mean()) / variance if variance > 0 else 0.0
        channels.append(scale * (others[:, index] - predicted.mean()) + true.mean())
    return np.stack(channels, axis=1).astype(np.float32)


def planes(test: Floats) -> Section:
    """Shows the encodings of some test pictures (N, 3, H, W), and that each of them can be undone."""
    names = {
        "ycbcr": ("Cb", "Cr"),
        "lab": ("a*", "b*"),
        "difference": ("R-Y", "G-Y", "B-Y"),
        "ratio": ("R/Y", "G/Y", "B/Y"),
    }
    rows: dict[str, Floats] = {"truth": test, "luma": rgb_to_gray(test)}
    for name, planes in names.items():
        chroma = COLOR_SPACES[name].split(test)[1]
        neutral = 1.0 if name == "ratio" else 0.0
        rows |= {plane: _plane(chroma, index, neutral) for index, plane in enumerate(planes)}
    trips = [[name, float(np.abs(space.join(*space.split(test)) - test).max())] for name, space in COLOR_SPACES.items()]
    return Section(
        "What the encodings look like",
        (
            grid(rows, "Chroma planes of test pictures; mid-gray stands for no color.", most=10),
            table(["encoding", "largest error there and back"], trips, "All encodings lose nothing: 1/255 is 0.0039."),
        ),
    )


def _plane(chroma: Floats, index: int, neutral: float = 0.0) -> Floats:
    """A plane of chroma as a gray picture about mid-gray."""
    return np.asarray((chroma[:, index : index + 1] - neutral + 0.5).clip(0, 1))


def by_ycbcr(long: Mapping[str, Encoding], train: Floats, test: Floats) -> Section:
    """Compares Cb and Cr from a sigmoid with linear ones, and tries to mend them by a scale and an offset."""
    space = COLOR_SPACES["ycbcr"]
    luma, chroma = space.split(test)
    rows: list[list[object]] = []
    planes: dict[str, Floats] = {"truth": test, "true Cb": _plane(chroma, 0), "true Cr": _plane(chroma, 1)}
    for output in OUTPUTS:
        each = long[f"ycbcr, {output}"]
        predicted = each.trained.predict(luma)
        seen, true = space.split(train)
        corrected = straightened(each.trained.predict(seen), true, predicted)
        mended = mean_error(space.join(luma, corrected).clip(0, 1), test)
        rows.append([output, *_correlation(predicted, chroma), each.error, mended])
        planes |= {f"Cb, {output}": _plane(predicted, 0), f"Cr, {output}": _plane(predicted, 1)}
        planes[f"answer, {output}"] = each.answers
    gray = mean_error(space.join(luma, 0 * chroma), test)
    return Section(
        "The report's first attempt: Cb and Cr",
        (
            text(
                "The report finds that the predicted values seem to correlate with the colors, but not in the correct "
                "way, and no constant linear transformation would correct them. Cb and Cr lie about 0, half of them "
                "below. A net that ends in a sigmoid answers above 0 everywhere, so that all its colors lie from blue "
                "over purple to red, never green or yellow; a scale and an offset bring the mean back, but not what "
                "was never learned. Trained 100 epochs, as there."
            ),
            table(
                ["last activation", "correlation, Cb", "correlation, Cr", "MSE of RGB", "after scale and offset"],
                rows,
                f"Correlations over all pixels of the test pictures; the gray copy has {gray:.4f}. Scale and offset "
                "of each plane are fitted on training pictures.",
            ),
            grid(planes, "As the report's figure 5: true planes, then each net's planes and colors.", most=10),
        ),
    )


def _correlation(predicted: Floats, true: Floats) -> list[float | None]:
    """Pearson's correlation of each channel over all pixels; None for a constant answer."""
    pairs = [(predicted[:, k].ravel(), true[:, k].ravel()) for k in range(true.shape[1])]
    return [float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 else None for a, b in pairs]


def by_difference(long: Mapping[str, Encoding], test: Floats) -> Section:
    """Compares differences from a sigmoid with linear ones, and shows the cast that they leave."""
    gray = np.repeat(rgb_to_gray(test), 3, axis=1)
    rows = {"truth": test, "gray copy": gray}
    casts: list[list[object]] = [["truth", *_cast(test, gray), None]]
    for output in OUTPUTS:
        each = long[f"difference, {output}"]
        predicted = each.trained.predict(rgb_to_gray(test))
        rows |= {f"{name}-Y, {output}": _plane(predicted, k) for k, name in enumerate("RGB")}
        rows[f"answer, {output}"] = each.answers
        casts.append([output, *_cast(each.answers, gray), each.error])
    floor = long["difference, sigmoid"]
    return Section(
        "The report's third attempt: each color less the gray",
        (
            text(
                "Here the report got an overall tone of light brown. The three differences of a pixel add up to about "
                f"0, weighed as luma weighs them; {100 * floor.unreachable:.0f}% of them are below 0, which a sigmoid "
                "or a ReLU cannot answer. What it can do is to add a little light, and most where pictures have it on "
                "average: in red, as skin, sand and fur have. The table shows the cast."
            ),
            table(
                ["who", "red added", "green added", "blue added", "MSE of RGB"],
                casts,
                "Mean over all test pixels of what is added to the gray, in levels of 255.",
            ),
            grid(rows, "As the report's figure 6: each net's differences, and its colors.", most=10),
        ),
    )


def _cast(pictures: Floats, gray: Floats) -> list[float]:
    return [float(each) for each in 255 * (pictures - gray).mean(axis=(0, 2, 3), dtype=np.float64)]


def by_ratio(test: Floats) -> Section:
    """Shows what ratios ask a net to learn in the dark."""
    luma, ratio = COLOR_SPACES["ratio"].split(test)
    edges = np.linspace(0, 1, 21)
    place = np.digitize(luma[:, 0].ravel(), edges[1:-1])
    squares = np.square(ratio - 1).mean(axis=1).ravel()
    error = np.square(test - luma).mean(axis=1).ravel()
    used = [index for index in range(20) if np.any(place == index)]
    spread = [np.sqrt(squares[place == index].mean()) for index in used]
    dark = luma[:, 0].ravel() < 0.1

    def draw(axes: Axes) -> None:
        axes.plot([(edges[i] + edges[i + 1]) / 2 for i in used], spread, "o-")
        axes.set(xlabel="luma", ylabel="spread of color / gray", ylim=(0, None))
        axes.grid(alpha=0.3)

    return Section(
        "The report's second attempt: each color by the gray",
        (
            plot(draw, "Root mean square of (color / gray - 1), by luma.", (6, 3)),
            text(
                "The report gave this up by eye. It was right: black has no ratio, and near black one level of 255 "
                f"moves it by much. Pixels with a luma below 0.1 are {100 * dark.mean():.0f}% of all; they hold "
                f"{100 * squares[dark].sum() / squares.sum():.0f}% of the squared deviation that a net is asked to "
                f"learn, and {100 * error[dark].sum() / error.sum():.0f}% of the one that is seen in the picture."
            ),
        ),
    )
