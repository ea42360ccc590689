"""Report 000's colorizer for the ships of CIFAR-10: what its code loses, and what is left when the lightness stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hillotype.pages import grid, score_table, table, text
from hillotype.studies.chroma import chroma_agreement, color_enlarged, gray, keep_luma, mean_color, pca_color
from hillotype.studies.page import curves
from hillotype.studies.scores import Scores, means, score
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_PARENT = {"model.filters": [64, 128, 256]}
_QUOTED: list[list[object]] = [
    ["report 000, best epoch", 0.0110, "not stated"],
    ["report 000, last epoch", 0.0116, "not stated"],
    ["report 000, last epoch, training ships", 0.0027, "not stated"],
    ["the parent, best epoch", 0.0080, "not stated"],
    ["the parent, last epoch, training ships", 0.0035, "not stated"],
]
_COUNTS = (10, 20, 40, 80, 160, 320)
_EPOCHS = 30
_DIFFERS = (
    "The report's table gives the training loss of a net that had been trained before, so for more than the 30 "
    "epochs it states; here each net starts afresh. It watched its test ships while it trained; here a tenth "
    "of the training ships validates, `best` means the best epoch by these, and the 1,000 test ships only "
    "test. PyTorch stands in for Keras. Seed 0."
)


@study(
    "ships-colorize",
    report="000",
    summary="Gray ships in color: through a code of 256 numbers, which gray copies beat, and by their chroma alone",
    data=("cifar10",),
    minutes=16,
)
def run(bench: Bench) -> Findings:
    """Trains the report's net, the one it set out from, and ours."""
    last = {"report's net": bench.train("report"), "its parent": bench.train("report", "parent", _PARENT)}
    best = {
        "report's net": bench.train("report", best=True),
        "its parent": bench.train("report", "parent", _PARENT, best=True),
    }
    ours, small, net = bench.train("ours"), bench.train("small"), best["report's net"]
    train, valid, test = bench.splits(net.run)
    seen = gray(test)
    bench.say("principal components")
    count, by_pca = pca_color(train, valid, seen, _COUNTS[:2] if bench.fast else _COUNTS)
    answers = {
        "gray copy": np.repeat(seen, 3, axis=1),
        "mean color": mean_color(train, seen),
        f"PCA, {count}": by_pca,
        **{f"{name}, last": one.answer(seen) for name, one in last.items()},
        **{f"{name}, best": one.answer(seen) for name, one in best.items()},
        **{f"{name}, luma kept": keep_luma(seen, one.answer(seen)) for name, one in best.items()},
        "our U-Net, from scratch": small.answer(seen),
        "our net": color_enlarged(ours, seen),
    }
    scores = score(answers, test)
    mse = means(scores)
    agreements = {name: chroma_agreement(pictures, test) for name, pictures in answers.items() if name != "gray copy"}
    return Findings(
        figures=_figures(mse, f"PCA, {count}", len(test), last["report's net"].running_loss(1 / _EPOCHS), len(train)),
        differs=_DIFFERS,
        sections=(
            _comparison(answers, scores, mse, test),
            _agreement(agreements),
            _training(last, [small, ours], mse),
        ),
        numbers={"mse": mse, "chroma": agreements},
    )


def _figures(mse: dict[str, float], pca: str, tested: int, last_epoch: float, trained: int) -> tuple[Figure, ...]:
    return (
        Figure(
            "MSE per element of RGB, mean of test ships",
            tested,
            reported=0.0110,
            reproduced=mse["report's net, best"],
            best=mse["our net"],
            identity=mse["gray copy"],
            plain=mse["mean color"],
            pca=mse[pca],
            target=0.0036,
        ),
        Figure(
            "the same of the net that the report set out from",
            tested,
            reported=0.0080,
            reproduced=mse["its parent, best"],
        ),
        Figure(
            "MSE per element of RGB, training ships, mean over the last epoch",
            trained,
            reported=0.0027,
            reproduced=last_epoch,
        ),
    )


def _comparison(answers: dict[str, Floats], scores: Scores, mse: dict[str, float], test: Floats) -> Section:
    lost = 1 - mse["report's net, luma kept"] / mse["report's net, best"]
    left_out = ("mean color", "report's net, last", "its parent, last")
    return Section(
        "Who colors how well",
        (
            score_table(
                scores,
                f"MSE per element of RGB in [0, 1], mean of {len(test):,} test ships; the report's figures but for "
                "training ships are of the same 1,000. Mean color, PCA and our net give chroma and keep the luma.",
                quoted=_QUOTED,
            ),
            text(
                "The report's net is to color, but all that it shows, lightness too, passes through 256 numbers. "
                f"{lost:.0%} of its error is lightness that it had been given: with the luma put back, what is left is "
                "its error of color."
            ),
            grid(
                {"truth": test, **{name: pictures for name, pictures in answers.items() if name not in left_out}},
                "The first test ships, none chosen. Sky and sea find their blue; what color a hull was painted, "
                "nobody can see in gray, and a net that is trained on the squared error answers with the mean.",
            ),
        ),
    )


def _agreement(agreements: dict[str, dict[str, float]]) -> Section:
    return Section(
        "How far the colors agree",
        (
            text(
                "The report sees a strong correlation between the true colors and its net's. Over all pixels of the "
                "test ships it is this strong; for a gray copy there is none. The square of a correlation is the share "
                "of the chroma's variance that is explained at best."
            ),
            table(
                ["who", "correlation of chroma", "vividness, 1 is true", "share of chroma explained"],
                [
                    [name, values["correlation"], values["vividness"], values["explained"]]
                    for name, values in agreements.items()
                ],
                "Chroma: Cb and Cr of all pixels of all test ships together.",
            ),
        ),
    )


def _training(last: dict[str, Trained], ours: list[Trained], mse: dict[str, float]) -> Section:
    nets = list(last.values())
    return Section(
        "Training",
        (
            curves(nets, "The report's net and its parent, MSE per element of RGB over steps."),
            table(
                ["net", "training, mean over the last epoch", "test, last epoch", "test, best epoch by validation"],
                [
                    [name, one.running_loss(1 / _EPOCHS), mse[f"{name}, last"], mse[f"{name}, best"]]
                    for name, one in last.items()
                ],
                "Validation stands still after a few epochs, while the training loss goes on falling: ships are "
                "learned by heart. Early stopping that watches the training loss, as the report's does, never stops.",
            ),
            curves(ours, "Our nets, MSE of two numbers of chroma; the larger one sees its pictures enlarged."),
        ),
    )
