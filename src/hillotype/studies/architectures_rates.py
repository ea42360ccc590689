"""Report 004 on activations: ReLU and sigmoid, over learning rates and iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hillotype.pages import plot, table, text
from hillotype.studies.study import Section
from hillotype.studies.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.train.trained import Trained


def activations(by_rate: Sweep) -> Section:
    """Compares two activations, each at the learning rate that suits it best, half way and at the end."""
    halves: dict[str, dict[float, tuple[float, float]]] = {"relu": {}, "sigmoid": {}}
    for settings, trained in by_rate.points:
        kind, rate = settings.values()
        halves[str(kind)][float(rate or 0)] = _half_and_end(trained)

    def draw(axes: Axes) -> None:
        for settings, trained in by_rate.points:
            kind, rate = settings.values()
            place = list(halves[str(kind)]).index(float(rate or 0))
            points = trained.curve("validation_loss")
            style = "-" if kind == "relu" else "--"
            axes.plot(*zip(*points, strict=True), style, color=f"C{place}", label=f"{kind}, {rate:g}", linewidth=1.2)
        axes.set(xlabel="step", ylabel="validation MSE per element", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="x-small", ncols=2)

    rows = [[rate, *halves["relu"][rate], *halves["sigmoid"][rate]] for rate in halves["relu"]]
    relu, sigmoid = (min(each.values(), key=lambda pair: pair[1]) for each in halves.values())
    return Section(
        "ReLU and sigmoid, learning rate and iterations",
        (
            plot(draw, "The assignment's net by activation of its hidden layers and by learning rate.", (7, 4)),
            table(
                ["learning rate", "ReLU, half way", "ReLU, end", "sigmoid, half way", "sigmoid, end"],
                rows,
                "Validation MSE per element; the end is after 20 epochs.",
            ),
            text(
                "The report finds ReLU better and quicker, and sigmoid workable with more epochs. Here, each at the "
                f"rate that suits it best, ReLU ends at {relu[1]:.4f} and sigmoid at {sigmoid[1]:.4f}; half way they "
                f"stood at {relu[0]:.4f} and {sigmoid[0]:.4f}. "
                + (
                    "The report is right."
                    if relu[0] < sigmoid[0] and relu[1] < sigmoid[1]
                    else "The report's finding does not hold here."
                )
                + " Its own plot shows Keras's accuracy, for pictures a figure without meaning (below)."
            ),
        ),
    )


def _half_and_end(trained: Trained) -> tuple[float, float]:
    """Validation losses half way and at the end."""
    losses = trained.curve("validation_loss")
    half = min(losses, key=lambda point: abs(point[0] - trained.steps / 2))
    return half[1], losses[-1][1]
