"""What report 002 quotes of Hinton and Salakhutdinov: 30 numbers of a deep autoencoder against 30 components."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hillotype.latent.coder import open_coder
from hillotype.latent.maps import NEIGHBORS, separation
from hillotype.pages import evenly, grid, plot, scatter, score_table, spread, table, text
from hillotype.studies.baselines import Components
from hillotype.studies.page import curves
from hillotype.studies.scores import Scores, errors, means
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats

_REPORTED_DEEP, _REPORTED_PCA = 3.00, 13.87
"""Squared error of a test digit by 30 numbers: Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647"""

_SIZE = 30
_MEASURES = ("neighbors", "silhouette")
"""What `separation` returns."""

_DIFFERS = (
    "Report 002 quotes the experiment without its figures; 3.00 and 13.87 are the paper's. The paper trained "
    "layer by layer as restricted Boltzmann machines, then fine-tuned with conjugate gradients; here Adam "
    "trains all layers at once, with rectified linear units in place of logistic ones. Seed 0."
)
_PLANE = {"model.widths": [1000, 500, 250, 2, 250, 500, 1000], "optimization.epochs": 15}


@study(
    "pca-vs-deep",
    report="002",
    summary="A digit in 30 numbers: a deep autoencoder against principal components, in error and in separation",
    data=("mnist/train", "mnist/test"),
    minutes=14,
)
def run(bench: Bench) -> Findings:
    """Trains the deep autoencoder of 30 numbers, one of two, and ours, and sets them beside as many components."""
    deep, plane, ours = bench.train("deep"), bench.train("deep", "deep, 2 numbers", _PLANE), bench.train("ours")
    train, labels = bench.labeled(deep.run, "train")
    test, test_labels = bench.labeled(deep.run, "test")
    bench.say("principal components")
    components = Components.fit(train)
    answers = {
        "deep autoencoder": deep.answer(test),
        "ours, convolutional": ours.answer(test),
        "PCA": components.reconstruct(test, _SIZE),
        "mean digit": np.broadcast_to(components.mean.reshape(test[0].shape).astype(np.float32), test.shape),
    }
    squared = {name: summed(pictures, test) for name, pictures in answers.items()}
    line = _by_size(components, test)

    bench.say("measuring separation")
    encoders: dict[str, Callable[[Floats], np.ndarray]] = {
        "pixels, 784 numbers": lambda pictures: pictures.reshape(len(pictures), -1),
        "PCA, 30 numbers": lambda pictures: components.codes(pictures, _SIZE),
        "deep, 30 numbers": open_coder(deep).encode,
        "ours, 30 numbers": open_coder(ours).encode,
        "PCA, 2 numbers": lambda pictures: components.codes(pictures, 2),
        "deep, 2 numbers": open_coder(plane).encode,
    }
    codes = {name: (encode(train), encode(test)) for name, encode in encoders.items()}
    known, asked = (1000, 200) if bench.fast else (20_000, 10_000)
    some, others = evenly(known, len(train)), evenly(asked, len(test))  # sets lie sorted by class
    apart = {
        name: separation(a[some], [labels[i] for i in some], b[others], [test_labels[i] for i in others])
        for name, (a, b) in codes.items()
    }
    sums = means(squared)
    return Findings(
        figures=_figures(sums, len(test), apart, len(others)),
        differs=_DIFFERS,
        sections=(
            _error(squared, line, answers, test),
            _separation(apart, len(some), len(others)),
            _maps(codes["deep, 2 numbers"][1], codes["PCA, 2 numbers"][1], test_labels),
            Section("Training", (curves([deep, plane, ours], "Loss over steps: half the squared error of a digit."),)),
        ),
        numbers={
            "squared error": sums,
            "PCA by size": line,
            "separation": {name: dict(zip(_MEASURES, pair, strict=True)) for name, pair in apart.items()},
        },
    )


def _by_size(components: Components, test: Floats) -> dict[int, float]:
    """The mean squared error, summed over a digit, of more and more components."""
    most = len(components.axes)
    sizes = sorted({min(k, most) for k in (2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300)})
    return {k: float(summed(components.reconstruct(test, k), test).mean()) for k in sizes}


def _figures(
    squared: dict[str, float], tested: int, apart: dict[str, tuple[float, float]], asked: int
) -> tuple[Figure, ...]:
    return (
        Figure(
            "squared error of a digit, summed over 784 pixels, mean of test digits, 30 numbers",
            tested,
            reported=_REPORTED_DEEP,
            reproduced=squared["deep autoencoder"],
            best=squared["ours, convolutional"],
            plain=squared["mean digit"],
            pca=squared["PCA"],
            target=min(3.5, squared["PCA"] / 4),
        ),
        Figure(
            f"share of test digits that their {NEIGHBORS} nearest neighbors in 30 numbers take for another",
            asked,
            reported="better separated",
            reproduced=1 - apart["deep, 30 numbers"][0],
            best=1 - apart["ours, 30 numbers"][0],
            identity=1 - apart["pixels, 784 numbers"][0],
            pca=1 - apart["PCA, 30 numbers"][0],
        ),
    )


def summed(answers: Floats, truths: Floats) -> np.ndarray:
    """Returns the squared error of each picture, summed over its numbers, (N,)."""
    return np.asarray(errors(answers, truths) * truths[0].size)


def components_needed(line: dict[int, float], error: float) -> float | None:
    """Returns how many components have this error, between the sizes of `line` by its logarithm; None if none do."""
    sizes, values = np.array(list(line)), np.log(list(line.values()))
    if not values[-1] <= np.log(error) <= values[0]:
        return None
    return float(np.interp(-np.log(error), -values, sizes))


def _error(squared: Scores, line: dict[int, float], answers: dict[str, Floats], test: Floats) -> Section:
    deep, ours = squared["deep autoencoder"].mean(), squared["ours, convolutional"].mean()
    needed = components_needed(line, ours)
    equal = f"It takes about {needed:.0f} principal components to do as well as ours. " if needed else ""

    def draw(axes: Axes) -> None:
        axes.plot(list(line), list(line.values()), "o-", label="PCA")
        axes.plot(_SIZE, deep, "D", color="C3", label="deep autoencoder, here")
        axes.plot(_SIZE, ours, "s", color="C4", label="ours, convolutional")
        axes.plot(_SIZE, _REPORTED_DEEP, "*", color="C2", markersize=12, label="deep autoencoder, 2006")
        axes.set(xlabel="numbers for a digit", ylabel="squared error of a digit", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")

    return Section(
        "A digit in 30 numbers",
        (
            score_table(
                squared,
                f"Squared error of a digit in [0, 1], summed over 784 pixels, mean of {len(test):,} test digits; "
                "divided by 784 it is the MSE per element.",
                [["paper, deep", _REPORTED_DEEP, "not stated"], ["paper, PCA", _REPORTED_PCA, "not stated"]],
            ),
            text(
                f"{equal}Components are patterns that are added, the same for every digit; what a number of the deep "
                "net means depends on the others, so that it bends the pen's stroke in place of blending ghosts. The "
                "dense net learns its training digits by heart (its training loss falls far below that of validation); "
                "convolutions, whose weights are shared by all places, do not."
            ),
            plot(draw, "Squared error of test digits by size of the code, both axes logarithmic."),
            grid(
                spread({"truth": test, **answers}),
                "Test digits from 30 numbers. Components leave a haze.",
            ),
        ),
    )


def _separation(apart: dict[str, tuple[float, float]], known: int, asked: int) -> Section:
    return Section(
        "Are the classes better apart?",
        (
            table(
                ["code", f"right by {NEIGHBORS} neighbors", "silhouette"],
                [[name, f"{right:.1%}", silhouette] for name, (right, silhouette) in apart.items()],
                f"Share of {asked:,} test digits whose class the majority of their nearest neighbors among {known:,} "
                "training digits has, by distance in the code; silhouette of 2,000 test digits, 1 is best apart.",
            ),
            text(
                "With two numbers the report is right by far: the deep net keeps the classes apart, the components do "
                "not. With 30 it hardly matters: 30 components keep neighbors as they are, and lose only noise."
            ),
        ),
    )


def _maps(deep: np.ndarray, pca: np.ndarray, labels: list[str]) -> Section:
    return Section(
        "Maps",
        (
            scatter(deep, labels, "Two numbers of a deep net, by class of the digit."),
            scatter(pca, labels, "The first two principal components."),
            text("Neither was told the classes. Compare the paper's figure 3."),
        ),
    )
