"""Report 004's 36 convolutional autoencoders, and what else it says of them: activations, learning rates, its 0.57."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from hillotype.latent.coder import open_coder
from hillotype.pages import Html, grid, plot, table, text
from hillotype.studies.architectures_rates import activations
from hillotype.studies.architectures_reading import REPORTED, cross_entropy, reading
from hillotype.studies.baselines import Components
from hillotype.studies.budget import Entry, compare_registered, components_error
from hillotype.studies.scores import mean_error
from hillotype.studies.study import Figure, Findings, Section, study
from hillotype.studies.sweep import Sweep, sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats, Trained

_SIBLING = 0.0043
_FIRST = (5, 2, 3, 2)
_KEYS = ("layers", "factor", "kernel", "compression")
_VALUES = ((5, 3), (1, 2, 4), (3, 5), (1, 2, 4))
_FAST_VALUES = ((5, 3), (2,), (3,), (2, 4))
_RATES, _FAST_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2), (1e-3, 1e-2)
_DIFFERS = (
    "The report takes 10% of CIFAR-10's 60,000 pictures, and 80% of these to train; here 400 of each class "
    "train, and of the official test part 20% validate and up to 400 of each class test. The report gives "
    "neither batch, optimizer, learning rate nor last activation; 32, Adam, 0.001 and a sigmoid are those of "
    "another group of its course, whose MSE of 0.0043 for the assignment's net, after ten epochs of 48,000 "
    "pictures, is what ours must reach. PyTorch, not Keras. Seed 0, one run each."
)


@dataclass(frozen=True)
class Net:
    """One of the 36.

    Attributes:
        settings: layers, factor, kernel, compression.
        trained: the net.
        code: numbers of its code.
        error: MSE per element, mean over the test pictures.
        pca: that of as many principal components; None where a code is as large as a picture.
    """

    settings: tuple[Any, ...]
    trained: Trained
    code: int
    error: float
    pca: float | None

    @property
    def label(self) -> str:
        """The settings in a word."""
        return "-".join(map(str, self.settings))


@study(
    "architectures",
    report="004",
    summary="36 convolutional autoencoders of CIFAR-10: the size of the code against the error, beside PCA",
    data=("cifar10",),
    minutes=32,
)
def run(bench: Bench) -> Findings:
    """Trains the grid, the report's other variations, every registered autoencoder and our best one."""
    values, rates = (_FAST_VALUES, _FAST_RATES) if bench.fast else (_VALUES, _RATES)
    swept = sweep(bench, "conv-family", {f"model.{k}": v for k, v in zip(_KEYS, values, strict=True)})
    by_rate = sweep(
        bench, "learning-rate", {"model.activation": ("relu", "sigmoid"), "optimization.learning_rate": rates}
    )
    crossed, ours = bench.train("cross-entropy"), bench.train("ours")

    train, test = (bench.pictures(ours.run, split) for split in ("train", "test"))
    bench.say("principal components")
    components = Components.fit(train)
    entries, registered = compare_registered(bench, train, test, components)
    bench.say("measuring")
    nets = _measure(swept, components, test)
    first = next(net for net in nets if net.settings == _FIRST)
    best, worst = nets[0], nets[-1]
    answers = {
        "assignment's net": first.trained.answer(test),
        f"worst: {worst.label}": worst.trained.answer(test),
        f"best: {best.label}": best.trained.answer(test),
        "our net": ours.answer(test),
        f"PCA, {first.code}": components.reconstruct(test, first.code),
    }
    mean = np.broadcast_to(train.mean(axis=0), test.shape)
    our_error = mean_error(answers["our net"], test)
    entropies = {
        "the assignment's net, trained by cross-entropy": cross_entropy(crossed.answer(test), test),
        "the assignment's net, trained by MSE": cross_entropy(answers["assignment's net"], test),
        "our net": cross_entropy(answers["our net"], test),
        "the mean picture": cross_entropy(mean, test),
        "the truth itself: the least there is": cross_entropy(test, test),
    }
    links = correlations([net.code for net in nets], [net.error for net in nets])
    return Findings(
        figures=_figures(first, best, len(nets), our_error, mean_error(mean, test), entropies, len(test)),
        differs=_DIFFERS,
        sections=(
            _pictures(answers, test, first, best, worst),
            _sizes(nets, links, swept.importances, _by_code(nets, entries, our_error, first.code, components, test)),
            _all_nets(nets),
            activations(by_rate),
            reading(entropies, first.error, answers["assignment's net"], test),
            registered,
        ),
        numbers={
            "nets": [dict(zip(_KEYS, net.settings, strict=True)) | _numbers(net) for net in nets],
            "correlations": links,
            "importances": swept.importances,
            "cross-entropy": entropies,
            "registered": {each.name: {"code": each.code, "mse": each.error, "pca": each.pca} for each in entries},
        },
    )


def _figures(
    first: Net, best: Net, nets: int, ours: float, mean: float, entropies: Mapping[str, float], count: int
) -> tuple[Figure, ...]:
    return (
        Figure(
            f"MSE per element through a code of {first.code:,} numbers, mean of test pictures",
            count,
            reported=f"{REPORTED}, of what is not said",
            reproduced=first.error,
            best=ours,
            plain=mean,
            pca=first.pca,
            target=_SIBLING,
        ),
        Figure(
            f"the same, the best of {nets} nets, {best.label}", count, reproduced=best.error, plain=mean, pca=best.pca
        ),
        Figure(
            "cross-entropy per element in nats, mean of test pictures",
            count,
            reported=REPORTED,
            reproduced=entropies["the assignment's net, trained by cross-entropy"],
            best=entropies["our net"],
            identity=entropies["the truth itself: the least there is"],
            plain=entropies["the mean picture"],
        ),
    )


def correlations(sizes: Sequence[int], values: Sequence[float]) -> dict[str, dict[str, float]]:
    """Returns Pearson's correlation of the logarithms of sizes and errors, and Spearman's of their ranks.

    Each with the p-value of there being none, Pearson's with its 95% interval (by Fisher's transformation).
    """
    pearson, spearman = stats.pearsonr(np.log(sizes), np.log(values)), stats.spearmanr(sizes, values)
    interval = pearson.confidence_interval()
    return {
        "Pearson, of logarithms": {
            "correlation": float(pearson.statistic),
            "p": float(pearson.pvalue),
            "low": float(interval.low),
            "high": float(interval.high),
        },
        "Spearman, of ranks": {"correlation": float(spearman.statistic), "p": float(spearman.pvalue)},
    }


def _measure(swept: Sweep, components: Components, test: Floats) -> list[Net]:
    """The nets of the grid with their errors, best first."""
    nets, bounds = [], dict[int, float | None]()
    for settings, trained in swept.points:
        code = open_coder(trained).size
        if code not in bounds:
            bounds[code] = components_error(components, code, test)
        error = mean_error(trained.answer(test), test)
        nets.append(Net(tuple(settings.values()), trained, code, error, bounds[code]))
    return sorted(nets, key=lambda net: net.error)


def _numbers(net: Net) -> dict[str, Any]:
    return {"code": net.code, "parameters": net.trained.parameters, "mse": net.error, "pca": net.pca}


def _pictures(answers: Mapping[str, Floats], test: Floats, first: Net, best: Net, worst: Net) -> Section:
    least = "" if first.pca is None else f" As many principal components leave {first.pca:.4f}."
    return Section(
        "The first, the worst and the best net",
        (
            grid(
                {"truth": test, **answers},
                "Test pictures. The nets are named by layers, channel factor, kernel and compression.",
            ),
            text(
                f"The worst net ({worst.error:.4f}) has {worst.code:,} numbers for a picture of {test[0].size:,}, the "
                f"best ({best.error:.4f}) has {best.code:,}: "
                + ("more than the picture itself, so it compresses nothing." if best.pca is None else "fewer.")
                + f" The assignment's net ({first.error:.4f}) blurs: two poolings throw away where an edge was."
                + least
            ),
        ),
    )


def _by_code(
    nets: Sequence[Net], entries: Sequence[Entry], our_error: float, our_code: int, components: Components, test: Floats
) -> Html:
    """A plot of all nets by the size of their code."""
    counts = [count for count in (2, 8, 32, 64, 128, 256, 512, 1024, 2048) if count < len(components.axes)]
    bound = [components.error(test, test, count) for count in counts]

    def draw(axes: Axes) -> None:
        for index, compression in enumerate(sorted({net.settings[3] for net in nets})):
            part = [net for net in nets if net.settings[3] == compression]
            label = f"report 004's, compression {compression}"
            axes.plot([net.code for net in part], [net.error for net in part], "o", color=f"C{index}", label=label)
        axes.plot([our_code], [our_error], "k*", markersize=11, label="our net")
        axes.plot(counts, bound, "k-", linewidth=1, label="PCA")
        for each in entries:
            axes.annotate(
                each.name, (each.code, each.error), fontsize="x-small", xytext=(4, 3), textcoords="offset points"
            )
        axes.plot(
            [each.code for each in entries], [each.error for each in entries], "x", color="gray", label="registered"
        )
        axes.axvline(test[0].size, color="gray", linestyle=":", linewidth=1)
        axes.set(xlabel="numbers of the code", ylabel="MSE per element", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")

    return plot(draw, "MSE on test pictures by size of the code; dotted: the numbers of a picture.", (7, 4.4))


def _sizes(
    nets: Sequence[Net], links: Mapping[str, Mapping[str, float]], importances: Mapping[str, float], chart: Html
) -> Section:
    rows = [[kind, each["correlation"], each["p"], _interval(each)] for kind, each in links.items()]
    shares = [[key.removeprefix("model."), share] for key, share in importances.items()]
    below = [net for net in nets if net.pca is not None]
    losing = sum(net.error > (net.pca or 0) for net in below)
    return Section(
        "The size of the code against the error",
        (
            chart,
            table(
                ["correlation of code size and error", "value", "p", "95% interval"],
                rows,
                f"Over {len(nets)} nets, one run each. Sizes repeat, and all nets share their data, so the p-values "
                "flatter.",
            ),
            text(
                "The report plots the same and leaves it at that. Larger codes err less, but of the four settings it "
                f"is the {next(iter(importances)).removeprefix('model.')} that "
                f"decides most. Of the {len(below)} nets whose code is smaller than a picture, {losing} are worse than "
                "principal components of as many numbers, which have no layers, no training steps, and no idea of "
                "what a neighboring pixel is."
            ),
            table(
                ["setting", "share"],
                shares,
                "How much of the variance of the log of the validation loss each setting accounts for (functional "
                "ANOVA).",
            ),
        ),
    )


def _interval(link: Mapping[str, float]) -> str | None:
    return f"{link['low']:.2f} to {link['high']:.2f}" if "low" in link else None


def _all_nets(nets: Sequence[Net]) -> Section:
    rows = [[*net.settings, net.code, net.trained.parameters, net.error, net.pca, net.trained.seconds] for net in nets]
    head = [*_KEYS, "code", "parameters", "MSE per element", "PCA of as many numbers", "seconds"]
    return Section(
        f"All {len(nets)} nets",
        (table(head, rows, "Best first; mean of test pictures. A dash: the code is as large as a picture or larger."),),
    )
