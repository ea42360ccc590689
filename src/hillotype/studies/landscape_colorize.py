"""Report 001's two landscape colorizers, beside the gray copy, principal components and a net for chroma alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hillotype.metrics import colorfulness, delta_e2000
from hillotype.pages import grid, score_table, spread, table, text
from hillotype.studies.chroma import keep_luma, mean_color, pca_color
from hillotype.studies.page import curves
from hillotype.studies.scores import Scores, means, score
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_STAND_IN = "The landscapes are 6,975 of the Intel scene set, which stand in for the report's 7,129."
_COARSE = 22
"""Side at which principal components guess chroma: 1,452 numbers a picture in place of 22,188."""
_COUNTS = (5, 10, 20, 40, 80, 160)
_DIFFERS = (
    f"{_STAND_IN} They are 100x100, of which 86x86 are used, and not 150x150. The report shows its loss curves "
    "as pictures and states no figure. It names the kinds of layers of its convolutional net, not how many "
    "or how wide: three of 32, 64 and 128 here. Its gray pictures came as files; here gray is BT.601 luma. "
    "80/10/10% train, validate and test, as in the report. Seed 0."
)


@study(
    "landscape-colorize",
    report="001",
    summary="Landscapes colored by a convolutional autoencoder, by one with skips, and by a net for chroma alone",
    data=("zip:landscapes-100.zip",),
    minutes=40,
)
def run(bench: Bench) -> Findings:
    """Trains the report's two nets and ours, and measures them beside what needs no net."""
    conv, skip, ours = bench.train("conv"), bench.train("skip"), bench.train("chroma")
    train, validation = (bench.pictures(conv.run, split) for split in ("train", "validation"))
    test, labels = bench.labeled(conv.run, "test")
    gray = conv.observe(test)
    bench.say("principal components and color differences")
    k, pca = pca_color(train, validation, gray, _COUNTS[:2] if bench.fast else _COUNTS, side=_COARSE)
    net_answers = {"conv net": conv.answer(gray), "skip net": skip.answer(gray)}
    answers = {
        "gray": np.repeat(gray, 3, axis=1),
        "mean color": mean_color(train, gray),
        f"PCA, {k}": pca,
        **net_answers,
        **{f"{name}, own luma": keep_luma(gray, answer) for name, answer in net_answers.items()},
        "our net": ours.answer(ours.observe(test)),
    }
    scores = score(answers, test)
    differences = {name: _differences(pictures, test) for name, pictures in answers.items()}

    return Findings(
        figures=(
            _figure("MSE per element of RGB, convolutional net", "conv net", scores, k),
            _figure("MSE per element of RGB, skip net", "skip net", scores, k),
            _figure("CIEDE2000, skip net", "skip net", differences, k),
        ),
        differs=_DIFFERS,
        sections=(
            _comparison(answers, scores, differences, test),
            _by_class(scores, labels, k),
            _extremes(answers, scores["our net"], test),
            _training(conv, skip, ours),
        ),
        numbers={
            "mse": means(scores),
            "ciede2000": means(differences),
            "components": k,
            "stand-in": _STAND_IN,
        },
    )


def _differences(answers: Floats, truths: Floats) -> np.ndarray:
    """CIEDE2000 of each picture, in pieces: it needs forty times the memory of its pictures."""
    starts = range(0, len(truths), 100)
    return np.concatenate([delta_e2000(answers[i : i + 100], truths[i : i + 100]) for i in starts]).astype(np.float64)


def _figure(what: str, name: str, scores: Scores, k: int) -> Figure:
    return Figure(
        f"{what}, mean of test landscapes (stand-in)",
        len(scores[name]),
        reported="curves only",
        reproduced=scores[name].mean(),
        best=scores["our net"].mean(),
        plain=scores["gray"].mean(),
        pca=scores[f"PCA, {k}"].mean(),
    )


def _comparison(answers: dict[str, Floats], scores: Scores, differences: Scores, test: Floats) -> Section:
    vivid = {"truth": test, **answers}
    return Section(
        "Who colors best",
        (
            score_table(
                scores, f"MSE per element of RGB in [0, 1], mean of {len(test):,} test pictures, 86x86. {_STAND_IN}"
            ),
            table(
                ["who", "CIEDE2000", "colorfulness"],
                [
                    [
                        name,
                        differences[name].mean() if name in differences else 0.0,
                        float(colorfulness(pictures).mean()),
                    ]
                    for name, pictures in vivid.items()
                ],
                "Means over the same pictures: color difference in units of which one is just noticed, and how "
                "colorful the answer is (Hasler and Suesstrunk 2003; 0 is gray, 33 moderately colorful).",
            ),
            text(
                "Mean color tints each picture with the mean chroma of all training pictures. PCA guesses the chroma "
                f"of a {_COARSE}x{_COARSE} copy. The report's nets answer with the whole picture, so they also have to "
                "give back the luma that they were given; `own luma` puts the given luma in the place of theirs, and "
                "what is gained by it was lost in the code, not in the colors. Our net answers with chroma only."
            ),
            grid(
                spread(vivid, 9),
                f"Test pictures, evenly spread over the classes, none chosen. {_STAND_IN} The convolutional net blurs: "
                "all it knows passes through 11x11 places. The skip net is sharp, its colors are cautious. Sky, sea "
                "and forest are colored by all nets; what could be of any color stays near gray or brown.",
                scale=1,
            ),
        ),
    )


def _by_class(scores: Scores, labels: list[str], k: int) -> Section:
    each = np.asarray(labels)
    names = ["gray", f"PCA, {k}", "conv net", "skip net", "our net"]
    rows: list[list[object]] = [
        [label, int((each == label).sum()), *(float(scores[name][each == label].mean()) for name in names)]
        for label in sorted(set(labels))
    ]
    caption = f"MSE per element of RGB by the class of the picture. {_STAND_IN}"
    return Section("By kind of landscape", (table(["class", "n", *names], rows, caption),))


def _extremes(answers: dict[str, Floats], error: np.ndarray, test: Floats) -> Section:
    order = error.argsort()
    chosen = np.concatenate([order[:4], order[-4:]])
    shown = {"truth": test, **answers}
    rows = {name: shown[name][chosen] for name in ("truth", "gray", "skip net", "our net")}
    return Section(
        "Where ours is best and worst",
        (
            grid(
                rows,
                "Left: the four test pictures with our least error, which are nearly gray. Right: the four with the "
                f"largest: sunsets, dyes and flowers, whose color the luma does not tell. {_STAND_IN}",
                scale=1,
            ),
        ),
    )


def _training(conv: Trained, skip: Trained, ours: Trained) -> Section:
    return Section(
        "Training",
        (
            curves([conv, skip], "The report's nets, 20 and 25 epochs. Loss: MSE per element of RGB."),
            curves([ours], "Our net. Loss: MSE of Cb and Cr, twice their usual scale; not to be compared with those."),
        ),
    )
