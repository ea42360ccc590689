"""Runs studies: from a name to a folder with `report.html`, `results.json` and the runs; and the table of all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hillotype import __version__
from hillotype.errors import DataError, RecipeError
from hillotype.files import write_whole, writing
from hillotype.pages import number
from hillotype.studies.bench import Bench
from hillotype.studies.page import COLUMNS, render
from hillotype.studies.study import STUDIES, Findings, Study
from hillotype.train.loop import Progress


def run_study(
    study: Study,
    out: Path,
    *,
    fast: bool = False,
    changes: dict[str, Any] | None = None,
    report: Callable[[str, Progress | None], None] = lambda what, progress: None,
) -> Findings:
    """Trains what a study needs, measures, and writes `report.html` and `results.json` into the folder `out`.

    Args:
        study: which.
        out: the folder; made if it is missing. Runs in it that were trained by the same recipe are taken as they are.
        fast: cut everything short, to see that it works.
        changes: settings that replace those of recipes, as {"dense.optimization.epochs": 5}.
        report: is told what is trained or read, and how far a training is.

    Raises:
        DataError: the data are missing or damaged.
        RecipeError: a setting is unknown, or the folder cannot be written.
    """
    bench = Bench(study.name, out, fast, changes or {}, report)
    bench.open_out()
    findings = study.run(bench)
    options = "".join([" --fast" * fast, *(f" --set {key}={value}" for key, value in bench.changes.items())])
    command = f"hillotype study {study.name}{options}"
    page = render(study, findings, bench.runs, command=command, fast=fast)
    with writing(out, RecipeError):
        write_whole([page.encode()], out / "report.html", overwrite=True)
        results = _results(study, findings, bench, command)
        write_whole(
            [(json.dumps(results, indent=1, default=_plain) + "\n").encode()], out / "results.json", overwrite=True
        )
    return findings


def _results(study: Study, findings: Findings, bench: Bench, command: str) -> dict[str, Any]:
    return {
        "study": study.name,
        "report": study.report,
        "summary": study.summary,
        "command": command,
        "fast": bench.fast,
        "version": __version__,
        "figures": [asdict(figure) | {"reached": figure.reached} for figure in findings.figures],
        "differs": findings.differs,
        "numbers": findings.numbers,
        "runs": [
            {
                "name": run.name,
                "parameters": run.parameters,
                "steps": run.steps,
                "seconds": round(run.seconds, 1),
                "recipe": run.run.model_dump(mode="json", exclude_none=True),
            }
            for run in bench.runs
        ],
    }


def _plain(value: object) -> object:
    """Numpy's numbers and arrays as JSON has them."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} in a study's numbers: give numbers, texts, lists and dicts")


def ordered() -> list[Study]:
    """Returns all studies, in the order of the reports."""
    return sorted(STUDIES.values(), key=lambda study: study.report)


def markdown(folder: Path) -> str:
    """Returns a page, as Markdown, with the figures of the studies whose `results.json` lie in folders of `folder`.

    Raises:
        DataError: none is there, or one is damaged.
    """
    heads = ["study", "report", "figure", "n", *COLUMNS.values(), "must reach"]
    rows: list[str] = []
    missing = []
    for study in ordered():
        path = folder / study.name / "results.json"
        if path.is_file():
            rows += _markdown_lines(study, path)
        else:
            missing.append(study.name)
    if not rows and (folder / "results.json").is_file():
        raise DataError(f"{folder}: holds one study; give the folder that it lies in, {folder.resolve().parent}")
    if not rows:
        raise DataError(f"{folder}: no results of studies in it; run `hillotype study all -o {folder}` first")
    lines = [
        "# The studies",
        "",
        f"Made by `hillotype study --table {folder}` from what `hillotype study all -o {folder}` left there.",
        *([f"Not run in full yet: {', '.join(missing)}."] if missing else []),
        "",
        f"| {' | '.join(heads)} |",
        "|---" * len(heads) + "|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _markdown_lines(study: Study, path: Path) -> Sequence[str]:
    try:
        results = json.loads(path.read_text("utf-8"))
        figures, fast = results["figures"], results["fast"]
        keys = ("count", *COLUMNS, "target")
        rows = [(figure["what"], *(number(figure[key]) for key in keys), figure["reached"]) for figure in figures]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the results of a study ({error}); run `hillotype study {study.name}` again"
        ) from error
    name = f"[{study.name}]({path.parent.parent.name}/{study.name}/report.html)" + (" (fast)" if fast else "")
    return [
        f"| {name} | {study.report} | {what} | {' | '.join(cells)}{'' if reached in (None, True) else ' (missed)'} |"
        for what, *cells, reached in rows
    ]
