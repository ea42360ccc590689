"""Report 000's denoiser for digits, beside principal components used fairly and as the report used them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hillotype.pages import grid, plot, score_table, spread, table, text
from hillotype.studies.baselines import Components, best_count, ridge
from hillotype.studies.page import curves
from hillotype.studies.scores import Scores, mean_error, means, score
from hillotype.studies.study import Figure, Findings, Section, study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_REPORTED = 0.0093
"""The loss that Keras printed for the last epoch: of training digits, and a mean over the epoch."""

_CHOSEN = 80
"""How many components the report settled on, by eye."""

_COUNTS = tuple(range(10, 200, 10))
_EPOCHS = 20
_LAST_EPOCH = "training digits, mean over the last epoch"

_DIFFERS = (
    "The report states its training loss as its result, and no error for digits that it did not train on, nor "
    "for PCA. Here a twentieth of the training digits validates, and the 10,000 test digits only test. The "
    "report's text says 50 epochs, its table and its code say 20, as here. PyTorch stands in for Keras. Seed 0."
)


@study(
    "mnist-denoise",
    report="000",
    summary="Noise taken out of digits by a dense autoencoder, by principal components and by a U-Net",
    data=("mnist",),
    minutes=8,
)
def run(bench: Bench) -> Findings:
    """Trains the report's net and ours, and fits principal components in two ways."""
    dense, ours = bench.train("dense"), bench.train("ours")
    train, valid, test = bench.splits(dense.run)
    noisy_train, noisy_valid, noisy = (dense.observe(pictures) for pictures in (train, valid, test))
    bench.say("principal components and regression")
    counts = (10, _CHOSEN) if bench.fast else _COUNTS
    own, clean = Components.fit(noisy, max(counts)), Components.fit(train, max(counts))
    shift = (noisy_train - train).mean(axis=0)
    best = best_count(clean, noisy_valid - shift, valid, counts)
    answers = {
        "noisy": noisy,
        "mean digit": np.broadcast_to(train.mean(axis=0), test.shape),
        f"PCA as reported, {_CHOSEN}": own.reconstruct(noisy, _CHOSEN),
        f"PCA, fair, {best}": clean.reconstruct(noisy - shift, best),
        "linear regression": ridge(noisy_train, train, noisy, penalty=0.01),
        "report's net": dense.answer(noisy),
        "our net": ours.answer(noisy),
    }
    scores = score(answers, test)
    mse = means(scores)
    by_count = {
        "PCA as reported": [own.error(noisy, test, k) for k in counts],
        "PCA, fair": [clean.error(noisy - shift, test, k) for k in counts],
    }
    losses = {
        _LAST_EPOCH: dense.running_loss(1 / _EPOCHS),
        "training digits, after it": mean_error(dense.answer(noisy_train), train),
        "validation digits": mean_error(dense.answer(noisy_valid), valid),
        "test digits": mse["report's net"],
    }
    return Findings(
        figures=_figures(mse, f"PCA, fair, {best}", len(test), losses[_LAST_EPOCH], len(train)),
        differs=_DIFFERS,
        sections=(
            _comparison(answers, scores, test),
            _components(counts, by_count, mse, own, noisy, test),
            _training(dense, ours, losses),
        ),
        numbers={"mse": mse, "mse of PCA": {"components": list(counts), **by_count}, "report's net": losses},
    )


def _figures(mse: dict[str, float], pca: str, tested: int, last_epoch: float, trained: int) -> tuple[Figure, ...]:
    return (
        Figure(
            "MSE per element, mean of test digits",
            tested,
            reported=f"{_REPORTED} (train)",
            reproduced=mse["report's net"],
            best=mse["our net"],
            identity=mse["noisy"],
            plain=mse["mean digit"],
            pca=mse[pca],
            target=0.0060,
        ),
        Figure(f"MSE per element, {_LAST_EPOCH}", trained, reported=_REPORTED, reproduced=last_epoch),
    )


def _comparison(answers: dict[str, Floats], scores: Scores, test: Floats) -> Section:
    return Section(
        "Who takes out how much",
        (
            score_table(
                scores,
                f"MSE per element in [0, 1], mean of {len(test):,} test digits. All see the same noisy digits: "
                "x + 0.5 N(0.5, 0.7), clipped, one draw for each digit.",
                quoted=[["report 000, training digits", _REPORTED, "not stated"]],
            ),
            grid(spread({"truth": test, **answers}), "Test digits from all over the set, none chosen."),
            text(
                "PCA as reported is fitted on the noisy digits and so keeps what the noise adds on average: the "
                "ground stays gray. Fitted on clean digits, and with that average taken off first, the ground is dark "
                "but cloudy. Regression knows the way from noisy to clean, but only a linear one. The report's net "
                "draws clean strokes; where the noise has left too little, it draws another digit's. The U-Net has no "
                "code to pass, sees the noise where it is, and meets a new draw of it in every step."
            ),
        ),
    )


def _components(
    counts: tuple[int, ...],
    by_count: dict[str, list[float]],
    mse: dict[str, float],
    own: Components,
    noisy: Floats,
    test: Floats,
) -> Section:
    def draw(axes: Axes) -> None:
        for name, values in by_count.items():
            axes.plot(counts, values, ".-", label=name)
        for index, name in enumerate(("linear regression", "report's net", "our net")):
            axes.axhline(mse[name], linestyle="--", linewidth=1, color=f"C{index + 2}", label=name)
        axes.set(xlabel="components", ylabel="MSE per element, test digits", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)

    as_reported = by_count["PCA as reported"]
    shown = [k for k in (10, _CHOSEN, 190) if k in counts]
    return Section(
        "How many components",
        (
            plot(draw, "Error by the number of components; the others do not depend on it.", size=(8, 3.6)),
            text(
                f"Few components cannot draw a digit, many let the noise through; in between lies a best number. The "
                f"report settles on {_CHOSEN} by eye; its way has its least error, {min(as_reported):.4f}, with "
                f"{counts[as_reported.index(min(as_reported))]}. More than half of what is left is not noise but the "
                "brightening that no choice of components takes off. For fair PCA the number is chosen on validation "
                "digits."
            ),
            grid(
                spread({"truth": test, **{f"as reported, {k}": own.reconstruct(noisy, k) for k in shown}}),
                "Components of the noisy digits themselves, as in the report.",
            ),
        ),
    )


def _training(dense: Trained, ours: Trained, losses: dict[str, float]) -> Section:
    return Section(
        "Training",
        (
            curves([dense, ours], "MSE per element over steps."),
            table(
                ["the report's net on", "MSE per element"],
                list(losses.items()),
                "What is printed while weights move is a mean over the epoch. On digits that it has not seen, in noise "
                "that it has not seen, the net does worse than its training loss says.",
            ),
        ),
    )
