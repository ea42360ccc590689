"""Report 002's colorizer: a and b from lightness, by its net, beside the gray copy and our colorizer."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from hillotype.color import LAB_CHROMA_SCALE, Lab
from hillotype.metrics import colorfulness
from hillotype.pages import evenly, grid, plot, table, text
from hillotype.studies.baselines import ComponentRegression
from hillotype.studies.chroma import by_shipped, reduced, with_lightness
from hillotype.studies.page import curves
from hillotype.studies.scores import errors, interval, mean_error, means
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_REPORTED = {
    "10,000 pictures, rate 0.001": (0.00084, 0.00476, 0.01391, 0.00056),
    "10,000 pictures, rate 0.01": (0.00716, 0.00151, 0.00270, 0.00185),
    "28,000 pictures, rate 0.001": (0.00326, 0.00857, 0.00184, 0.00290),
}
"""Every figure that the report gives of test pictures: four of each run."""

_DIFFERS = (
    "The report's photographs, 28,411 of Google Landmarks at 600x800, are not to be had in reasonable time; "
    "{:,} and {:,} photographs of NIPS 2017, Imagenette and Caltech-101 at 128x128 stand in "
    "for its 10,000 and 28,411, so the figures cannot be compared one by one. The report gives four pictures "
    "of each run and no mean. Lightness and chroma are scaled to about 1. Seed 0."
)
_UNITS = (
    "The report's curves show the sum of the losses of 1,421 batches, in squared units of a and b. Divided by 1,421 "
    "they are a mean squared error; this one is in units of 110, so it is 12,100 times smaller."
)
_OURS = "our shipped colorizer"

_LAB = Lab()
_BATCH = 20  # the report's, in training and in testing
_PIECE = 250  # pictures measured at a time; those of all ways together take gigabytes
_COARSE = 4  # PCA sees pictures this much smaller on each side
_SHOWN = 9  # test pictures on the page: equally far apart, so that all sources are there

Answer = Callable[["Floats"], "Floats"]
"""From lightness (N, 1, H, W) to color pictures (N, 3, H, W), both in [0, 1]."""


@study(
    "lab-colorize",
    report="002",
    summary="Photographs colored in Lab at two learning rates and two sizes of training set, beside leaving them gray",
    data=("zip:photos-nips17-256.zip", "zip:photos-imagenette-128.zip", "zip:photos-caltech-128.zip"),
    minutes=15,
)
def run(bench: Bench) -> Findings:
    """Trains the report's three runs, and measures them as it did, on all test pictures."""
    cut = {"data.side": 32, "data.augment.crop": 32} if bench.fast else {}
    small = bench.train("lab", "small, rate 0.001", cut)
    fast_rate = bench.train("lab", "small, rate 0.01", {"optimization.learning_rate": 0.01, **cut})
    large = bench.train("lab", "large, rate 0.001", {"data.limit": 1050, **cut})
    nets = (small, fast_rate, large)
    train, valid = (bench.pictures(small.run, split) for split in ("train", "validation"))
    counts = [len(train), len(bench.pictures(large.run, "train"))]
    test = bench.pictures(large.run, "test")[:: 20 if bench.fast else 1]
    rows = {}
    for name, answer in _answers(bench, nets, train, valid).items():
        bench.say(f"measuring {name}")
        rows[name] = _measure(answer, test)
    mse = means({name: row.errors for name, row in rows.items()})
    return Findings(
        figures=(
            Figure(
                "MSE per element in sRGB, mean of test photographs",
                len(test),
                reported=f"{np.mean(_REPORTED['28,000 pictures, rate 0.001']):.4f} of 4",
                reproduced=mse[large.name],
                best=mse[_OURS],
                plain=mse["gray"],
                pca=mse["PCA"],
            ),
        ),
        differs=_DIFFERS.format(*counts),
        sections=(
            _comparison(rows),
            _pictures(rows, test),
            _ways_to_measure(nets, test, mse),
            Section(
                "Training", (text(_UNITS), curves(nets, "Mean squared error of a and b, in units of 110, over steps."))
            ),
        ),
        numbers={
            "mse": mse,
            "median": {name: float(np.median(row.errors)) for name, row in rows.items()},
            "colorfulness": means({name: row.colorfulness for name, row in rows.items()}),
            "training pictures": dict(zip(("small", "large"), counts, strict=True)),
            "loss, squared units of a and b": {net.name: _last_loss(net) * LAB_CHROMA_SCALE**2 for net in nets},
        },
    )


@dataclass(frozen=True)
class _Row:
    """What was measured of one way to color: (N,) each, and the pictures that the page shows."""

    errors: np.ndarray
    colorfulness: np.ndarray
    shown: Floats


def truncated(chroma: Floats) -> Floats:
    """Returns chroma in units of 110 with a and b cut to whole numbers toward 0, as the report did in testing."""
    return np.asarray(np.trunc(chroma * LAB_CHROMA_SCALE) / LAB_CHROMA_SCALE, dtype=np.float32)


def batch_statistics(trained: Trained, seen: Floats) -> Floats:
    """Returns the chroma that a net predicts in training mode, 20 pictures at a time, as the report did in testing.

    Its batch norms then take mean and variance from those pictures, so that each answer depends on the others.
    """
    model = deepcopy(trained.model).train()
    with torch.no_grad():
        return np.asarray(torch.cat([model(batch) for batch in torch.split(torch.from_numpy(seen), _BATCH)]))


def _answers(bench: Bench, nets: tuple[Trained, ...], train: Floats, valid: Floats) -> dict[str, Answer]:
    """Every way to color, by the name of its row."""
    bench.say("principal components")
    mean = _LAB.split(train)[1].mean(axis=(0, 2, 3), keepdims=True, dtype=np.float64)

    def gray(seen: Floats) -> Floats:
        return with_lightness(seen, np.zeros_like(seen).repeat(2, axis=1))

    def by_net(net: Trained) -> Answer:
        return lambda seen: with_lightness(seen, truncated(net.predict(seen)))

    return {
        "gray": gray,
        "mean color": lambda seen: with_lightness(seen, np.broadcast_to(mean, (len(seen), 2, *seen.shape[2:]))),
        "PCA": _principal(bench, train, valid),
        **{net.name: by_net(net) for net in nets},
        _OURS: lambda seen: by_shipped(gray(seen)),
    }


def _principal(bench: Bench, train: Floats, valid: Floats) -> Answer:
    """Regression of chroma on the principal components of lightness, both reduced; their number by validation."""
    light, chroma = (reduced(part, _COARSE) for part in _LAB.split(train))
    sizes = (8,) if bench.fast else (4, 16, 64)
    regression = ComponentRegression.fit(light, chroma / 2 + 0.5, max(sizes))  # it answers in [0, 1]

    def by(k: int) -> Answer:
        def answer(seen: Floats) -> Floats:
            guessed = regression(reduced(seen, _COARSE), k) * 2 - 1
            return with_lightness(seen, guessed.repeat(_COARSE, axis=2).repeat(_COARSE, axis=3))

        return answer

    seen = _LAB.split(valid)[0]
    return by(min(sizes, key=lambda k: mean_error(by(k)(seen), valid)))


def _measure(answer: Answer, test: Floats) -> _Row:
    shown, row, colors = [], [], []
    for start in range(0, len(test), _PIECE):
        truth = test[start : start + _PIECE]
        pictures = answer(_LAB.split(truth)[0])
        row.append(errors(pictures, truth))
        colors.append(colorfulness(pictures))
        shown += [pictures[index - start] for index in evenly(_SHOWN, len(test)) if start <= index < start + len(truth)]
    return _Row(np.concatenate(row), np.concatenate(colors), np.stack(shown))


def _comparison(rows: dict[str, _Row]) -> Section:
    gray = rows["gray"].errors
    lines: list[list[object]] = []
    for name, row in rows.items():
        better = None if name == "gray" else f"{(row.errors < gray).mean():.0%}"
        middle, colors = np.median(row.errors), row.colorfulness.mean()
        lines.append([name, row.errors.mean(), interval(row.errors), middle, better, colors])
    return Section(
        "Is it better than leaving it gray?",
        (
            table(
                ["who", "MSE per element", "95% interval", "median", "better than gray", "colorfulness"],
                lines,
                f"sRGB in [0, 1], mean of {len(gray):,} test pictures of 128x128; the report's nets in evaluation "
                "mode, a and b cut to whole numbers as the report did. Colorfulness: Hasler and Suesstrunk 2003; "
                "0 is gray, 33 moderate.",
            ),
            text(
                "The report's loss is a mean squared error, whose best answer is the mean of all colors that are "
                "likely: brownish gray. So a net can win over gray by little, and look little better. Our colorizer "
                "was trained on other pictures of the same sets with a loss that large errors pull less, from "
                "features that know ImageNet; these test pictures were kept from it."
            ),
            plot(
                lambda axes: _against_gray(axes, rows),
                "Each dot a test picture: its error if left gray, and as colored. Below the line it gains.",
                (6, 4.5),
            ),
        ),
    )


def _against_gray(axes: Axes, rows: dict[str, _Row]) -> None:
    gray = rows["gray"].errors.clip(1e-5)
    for name in ("large, rate 0.001", _OURS):
        axes.plot(gray, rows[name].errors.clip(1e-5), ".", markersize=3, alpha=0.5, label=name)
    ends = [gray.min(), gray.max()]
    axes.plot(ends, ends, color="black", linewidth=1)
    axes.set(xlabel="MSE of the gray copy", ylabel="MSE as colored", xscale="log", yscale="log")
    axes.legend(fontsize="small")


def _pictures(rows: dict[str, _Row], test: Floats) -> Section:
    shown = {"truth": test[evenly(_SHOWN, len(test))], **{name: row.shown for name, row in rows.items()}}
    return Section(
        "Pictures",
        (
            grid(
                {name: pictures for name, pictures in shown.items() if name != "mean color"},
                "Test pictures at equal distances in the list, none chosen. Sky, grass and skin are found first.",
                scale=1,
            ),
        ),
    )


def _ways_to_measure(nets: tuple[Trained, ...], test: Floats, mse: dict[str, float]) -> Section:
    """The report's own figures, and the same nets under its way of testing."""
    rows = [[net.name, mse[net.name], *_other_ways(net, test)] for net in nets]
    reported = [[name, ", ".join(f"{value:.5f}" for value in four), np.mean(four)] for name, four in _REPORTED.items()]
    return Section(
        "How the report measured",
        (
            table(
                ["run of the report", "four test pictures", "their mean"],
                reported,
                "All that the report states of test pictures; the spread among four is larger than any difference.",
            ),
            table(
                ["run here", "as in the first table", "a and b not cut", "batch statistics"],
                rows,
                "MSE per element. The report left its net in training mode when it tested: batch norms then take "
                "their statistics from the 20 pictures at hand, and a picture's error depends on the other 19.",
            ),
        ),
    )


def _other_ways(net: Trained, test: Floats) -> list[float]:
    """Mean errors with a and b as predicted, and with the statistics of 20 pictures as in the report's test."""
    exact = _measure(lambda seen: with_lightness(seen, net.predict(seen)), test)
    together = _measure(lambda seen: with_lightness(seen, truncated(batch_statistics(net, seen))), test)
    return [exact.errors.mean(), together.errors.mean()]


def _last_loss(net: Trained) -> float:
    return net.curve("train_loss")[-1][1]
