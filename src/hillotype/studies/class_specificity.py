"""Report 000's claim that a colorizer serves the class that it was trained on, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hillotype.data.sources import CLASSES
from hillotype.pages import grid, score_table, table, text
from hillotype.studies.chroma import color_enlarged, gray, mean_color, pca_color
from hillotype.studies.page import curves
from hillotype.studies.scores import Scores, errors, means
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_CLASSES = CLASSES["cifar10"]
_EQUAL = 1400
"""Training pictures of each set that is compared at equal size: as many as there are airplanes at hand."""

_SETS: dict[str, tuple[tuple[str, ...], int]] = {
    "all ships": (("ship",), 5000),
    "airplanes": (("airplane",), _EQUAL),
    "ships": (("ship",), _EQUAL),
    "ten classes": (_CLASSES, _EQUAL // len(_CLASSES)),
    "all of ten classes": (_CLASSES, 5000),
}
"""What a net is trained on: classes, and at most how many pictures of each."""

_COUNTS = (10, 20, 40, 80, 160)
_DIFFERS = (
    "The report tried its ship net on airplanes of the training set and looked; it gives no figure, and did "
    "not train on any other class. Of CIFAR-10 there were at hand all ships, 1,500 training airplanes and 400 "
    "training pictures of each other class; with the whole set, `all of ten classes` is larger. Whatever it is "
    "trained on, a net takes the same number of steps; of the report's net the weights are those of the best "
    "validation, which comes early. The encoder of our net was trained on ImageNet before, which knows ships, "
    "airplanes and all else: what is specific to a class is then in its decoder. PyTorch stands in for Keras. "
    "Seed 0."
)


@study(
    "class-specificity",
    report="000",
    summary="Colorizers trained on ships, on airplanes and on all, tested on each: who serves only its own class",
    data=("cifar10",),
    minutes=35,
)
def run(bench: Bench) -> Findings:
    """Trains the report's net and ours on each set of classes, and colors every class with each."""
    sets = list(_SETS)[:1] if bench.fast else list(_SETS)
    ours = {name: bench.train("ours", f"our-{_dashed(name)}", _sources(name)) for name in sets}
    reports = {name: bench.train("report", f"report-{_dashed(name)}", _sources(name), best=True) for name in sets}
    sizes = {name: len(bench.pictures(net.run, "train")) for name, net in reports.items()}
    train, valid = (bench.pictures(reports["all ships"].run, split) for split in ("train", "validation"))
    tests = {name: _test(bench, name) for name in (("ship", "airplane", "cat") if bench.fast else _CLASSES)}

    bench.say("coloring every class")
    matrix = _Matrix(
        ours={name: _by_class(partial(color_enlarged, net), tests) for name, net in ours.items()},
        reports={name: _by_class(net.answer, tests) for name, net in reports.items()},
        gray=_by_class(lambda luma: np.repeat(luma, 3, axis=1), tests),
        mean=_by_class(partial(mean_color, train), tests),
    )
    planes = tests["airplane"]
    count, by_pca = pca_color(train, valid, gray(planes), _COUNTS[:2] if bench.fast else _COUNTS)
    pca = errors(by_pca, planes)
    return Findings(
        figures=_figures(matrix, pca),
        differs=_DIFFERS,
        sections=(
            _claims(matrix, sizes),
            _airplanes(matrix, pca, count, ours, reports, planes),
            _ships(ours, reports, tests["ship"]),
            _every_class(matrix),
            Section(
                "Training",
                (
                    curves(list(ours.values()), "Our net, MSE of two numbers of chroma."),
                    curves(list(reports.values()), "The report's net, MSE per element of RGB."),
                ),
            ),
        ),
        numbers={"training pictures": sizes, "mse": matrix.numbers(), f"PCA, {count}, airplanes": float(pca.mean())},
    )


def _dashed(name: str) -> str:
    return name.replace(" ", "-")


def _sources(name: str) -> dict[str, Any]:
    """The settings of a recipe that trains on one of the sets."""
    classes, limit = _SETS[name]
    sources = [
        {"name": f"cifar10/train/{one}", "licence": "CIFAR-10, research", "fractions": [0.95, 0.05, 0.0]}
        for one in classes
    ]
    return {"data.sources": sources, "data.limit": limit}


def _test(bench: Bench, name: str) -> Floats:
    """The test pictures of a class."""
    source = {"name": f"cifar10/test/{name}", "fractions": [0.0, 0.0, 1.0]}
    return bench.pictures(bench.recipe("report", {"data.sources": [source]}), "test")


def _by_class(color: Callable[[Floats], Floats], tests: dict[str, Floats]) -> Scores:
    """The errors of a way to color luma, by the class of the test pictures."""
    return {name: errors(color(gray(test)), test) for name, test in tests.items()}


@dataclass(frozen=True)
class _Matrix:
    """What everyone's error is on every class: nets by the set that they were trained on, gray, and mean color."""

    ours: dict[str, Scores]
    reports: dict[str, Scores]
    gray: Scores
    mean: Scores

    def of(self, who: str, trained: str, tested: str) -> float:
        """The mean error of a net on a class; `who` is "ours" or "reports"."""
        scores: Scores = getattr(self, who)[trained]
        return float(scores[tested].mean())

    def numbers(self) -> dict[str, Any]:
        """All mean errors, for results.json."""
        return {
            "our net": {name: means(scores) for name, scores in self.ours.items()},
            "report's net": {name: means(scores) for name, scores in self.reports.items()},
            "gray copy": means(self.gray),
            "mean color of ships": means(self.mean),
        }


def _figures(matrix: _Matrix, pca: np.ndarray) -> tuple[Figure, ...]:
    identity, plain = means(matrix.gray), means(matrix.mean)
    return (
        Figure(
            "MSE per element of RGB, trained on ships, mean of test airplanes",
            len(pca),
            reported='"gibberish"',
            reproduced=matrix.of("reports", "all ships", "airplane"),
            best=matrix.of("ours", "all ships", "airplane"),
            identity=identity["airplane"],
            plain=plain["airplane"],
            pca=float(pca.mean()),
            target=0.0067,
        ),
        Figure(
            "the same, of test ships",
            len(matrix.gray["ship"]),
            reproduced=matrix.of("reports", "all ships", "ship"),
            best=matrix.of("ours", "all ships", "ship"),
            identity=identity["ship"],
            plain=plain["ship"],
        ),
    )


def _row(scores: Scores) -> list[float]:
    """Mean errors on ships, on airplanes and on the classes besides, each of which counts the same."""
    others = [values.mean() for name, values in scores.items() if name not in ("ship", "airplane")]
    return [float(scores["ship"].mean()), float(scores["airplane"].mean()), float(np.mean(others))]


def _claims(matrix: _Matrix, sizes: dict[str, int]) -> Section:
    rows: list[list[object]] = []
    for title, nets in (("our net", matrix.ours), ("report's net", matrix.reports)):
        rows += [[title, name, sizes[name], *_row(scores)] for name, scores in nets.items()]
    rows += [["gray copy", "-", None, *_row(matrix.gray)], ["mean color", "all ships", None, *_row(matrix.mean)]]
    return Section(
        "Trained on one, tested on another",
        (
            table(
                ["who", "trained on", "pictures", "ships", "airplanes", "other classes"],
                rows,
                "MSE per element of RGB in [0, 1] on test pictures: 1,000 ships, 1,000 airplanes, at least 500 of each "
                "other class. Ships, airplanes and ten classes are of equal size.",
            ),
            *([text(_in_words(matrix))] if len(sizes) == len(_SETS) else []),
        ),
    )


def _in_words(matrix: _Matrix) -> str:
    """What the table says to the report's two claims: that nets are specific to a class, and that all classes harm."""
    lines = [
        "The report concludes that colorizers are specific to a class, and that training on all of CIFAR-10 would lead "
        "to errors. What changes in a net's error when it is trained on other pictures:"
    ]
    for title, who in (("Our net", "ours"), ("The report's net", "reports")):

        def change(test: str, trained: str, instead_of: str, who: str = who) -> str:
            return f"{matrix.of(who, trained, test) / matrix.of(who, instead_of, test) - 1:+.1%}"

        lines.append(
            f"{title}: {change('ship', 'airplanes', 'ships')} on ships, trained on as many airplanes in place of "
            f"ships; {change('airplane', 'ships', 'airplanes')} on airplanes, the other way round; "
            f"{change('ship', 'ten classes', 'ships')} and {change('airplane', 'ten classes', 'airplanes')}, trained "
            f"on as many of ten classes. With all of ten classes in place of all ships: "
            f"{change('ship', 'all of ten classes', 'all ships')} on ships, "
            f"{change('airplane', 'all of ten classes', 'all ships')} on airplanes."
        )
    return " ".join(lines)


def _airplanes(
    matrix: _Matrix,
    pca: np.ndarray,
    count: int,
    ours: dict[str, Trained],
    reports: dict[str, Trained],
    planes: Floats,
) -> Section:
    scores = {"gray copy": matrix.gray["airplane"], "mean color of ships": matrix.mean["airplane"]}
    scores |= {f"PCA of ships, {count}": pca}
    scores |= {f"report's net, {name}": by_class["airplane"] for name, by_class in matrix.reports.items()}
    scores |= {f"our net, {name}": by_class["airplane"] for name, by_class in matrix.ours.items()}
    return Section(
        "Airplanes",
        (
            score_table(scores, f"MSE per element of RGB in [0, 1], mean of {len(planes):,} test airplanes."),
            grid(
                _rows(ours, reports, planes),
                "The first test airplanes, none chosen. What the report calls gibberish is not color but shape: all "
                "that its net shows must be told in 256 numbers that were fitted to ships. Where the lightness is "
                "kept, a colorizer of ships serves for airplanes too.",
            ),
        ),
    )


def _ships(ours: dict[str, Trained], reports: dict[str, Trained], ships: Floats) -> Section:
    return Section("Ships", (grid(_rows(ours, reports, ships), "The first test ships, by the same nets."),))


def _rows(ours: dict[str, Trained], reports: dict[str, Trained], pictures: Floats) -> dict[str, Floats]:
    """The first of some pictures as everyone colors them."""
    truth = pictures[:12]
    seen = gray(truth)
    rows = {"truth": truth, "gray": seen}
    rows |= {f"report's net, {name}": net.answer(seen) for name, net in reports.items()}
    return rows | {f"our net, {name}": color_enlarged(net, seen) for name, net in ours.items()}


def _every_class(matrix: _Matrix) -> Section:
    names = list(matrix.gray)
    return Section(
        "Every class",
        (
            table(
                ["our net, trained on", *names],
                [
                    [name, *(round(float(scores[one].mean() / matrix.gray[one].mean()), 3) for one in names)]
                    for name, scores in matrix.ours.items()
                ],
                "Error as a share of the gray copy's; 1 is no better than gray.",
            ),
        ),
    )
