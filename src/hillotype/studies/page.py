"""The page of a study: its first table, its sections, and the curves of what was trained for it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hillotype.pages import Html, number, plot, shell, table, text
from hillotype.studies.study import Figure, Findings, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.train.trained import Trained

COLUMNS = {
    "reported": "reported",
    "reproduced": "reproduced",
    "best": "our best",
    "identity": "identity",
    "plain": "gray or mean color",
    "pca": "PCA",
}
"""The columns of a study's first table: fields of a `Figure`, and their heads."""


def curves(runs: Sequence[Trained], caption: str) -> Html:
    """Training and validation loss of runs over their steps."""

    def draw(axes: Axes) -> None:
        for index, trained in enumerate(runs):
            for key, style in (("train_loss", ":"), ("validation_loss", "-")):
                points = trained.curve(key)
                label = f"{trained.name}, {'training' if style == ':' else 'validation'}"
                if points:
                    axes.plot(*zip(*points, strict=True), style, color=f"C{index}", linewidth=1.2, label=label)
        axes.set(xlabel="step", ylabel="loss", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)

    return plot(draw, caption, size=(8, 3.6))


def render(study: Study, findings: Findings, runs: Sequence[Trained], *, command: str, fast: bool) -> str:
    """Returns the page of a study as HTML."""
    made = f'<p class="soft">Report {study.report}. Made by <code>{html.escape(command)}</code>.</p>'
    mark = "A fast run: everything is cut short to see that it works, no figure means anything."
    body = [
        made,
        f'<p class="fast">{mark}</p>' if fast else "",
        _figures(findings.figures),
        text(findings.differs),
        *(f"<h2>{html.escape(part.title)}</h2>{''.join(part.parts)}" for part in findings.sections),
        "<h2>Runs</h2>",
        _runs(runs),
    ]
    return shell(f"{study.name}: {study.summary}", "\n".join(body), ".fast { color: var(--bad); font-weight: 600; }")


def _figures(figures: Sequence[Figure]) -> Html:
    rows = []
    for figure in figures:
        state = {None: "", True: "reached", False: "not reached"}[figure.reached]
        target = "-" if figure.target is None else f"{number(figure.target)} {state}"
        rows.append([figure.what, figure.count, *(getattr(figure, name) for name in COLUMNS), target])
    return table(["figure", "n", *COLUMNS.values(), "our best must reach"], rows)


def _runs(runs: Sequence[Trained]) -> Html:
    rows: list[list[Any]] = [
        [run.name, str(run.run.model["name"]), run.parameters, run.steps, round(run.seconds)] for run in runs
    ]
    return table(["run", "model", "parameters", "steps", "seconds"], rows) if rows else ""
