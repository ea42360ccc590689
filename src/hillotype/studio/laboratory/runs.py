"""Runs as their folders show them, while they train and after: the log, the recipe and the grid of samples."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from hillotype.studio.laboratory.schemas import Curve, RunDetails, RunState, RunStatus
from hillotype.studio.problems import Refusal

LOG, RECIPE, SAMPLES = "metrics.jsonl", "run.toml", "samples.png"

_DEEPEST = 4
_FRESH = 120.0  # seconds after which a log that has not grown is of a run that stopped
_MOST_POINTS = 600
_ANNEALED = 1e-3  # share of the peak learning rate

Row = dict[str, float]


def identify(path: Path) -> str:
    """Returns the id by which clients name a file or folder: they never give a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def find_runs(root: Path) -> dict[str, Path]:
    """Returns the run folders below `root` by their id, by name."""
    return {identify(folder): folder for folder in sorted(_walk(root, _DEEPEST))}


def find_run(root: Path, id: str) -> Path:
    """Returns a run folder.

    Raises:
        Refusal: there is none of that id.
    """
    folder = find_runs(root).get(id)
    if folder is None:
        raise Refusal(404, "This run is not here any more; look at the list again.")
    return folder


def run_state(folder: Path, root: Path, status: RunStatus | None) -> RunState:
    """Returns what is known of a run; `status` is that of its process where the studio has it, else the log tells."""
    changed = last_change(folder)
    recipe, rows = _recipe(folder, (folder / RECIPE).stat().st_mtime), _rows(folder, changed)
    last: Row = {}
    for row in rows:
        last |= row
    optimization = recipe.get("optimization", {})
    return RunState(
        id=identify(folder),
        name=folder.relative_to(root).as_posix(),
        summary=str(recipe.get("summary", "")),
        task=str(recipe.get("task", {}).get("name", "")),
        model=str(recipe.get("model", {}).get("name", "")),
        status=_status(last, optimization, changed, status),
        step=int(last.get("step", 0)),
        steps=None if "epochs" in optimization else optimization.get("steps"),
        done=last.get("done"),
        seconds=last.get("seconds", 0.0),
        samples=(folder / SAMPLES).is_file(),
        changed=changed,
        **{key: last.get(key) for key in ("train_loss", "validation_loss", "validation_psnr", "untouched_psnr")},
    )


def run_details(folder: Path, root: Path, status: RunStatus | None) -> RunDetails:
    """Returns a run with its curves and recipe; `status` as for `run_state`."""
    recipe = (folder / RECIPE).read_text("utf-8", errors="replace")
    curves = _curves(_rows(folder, last_change(folder)))
    return RunDetails(**run_state(folder, root, status).model_dump(), curves=curves, recipe=recipe)


def last_change(folder: Path) -> float:
    """Returns when the log of a run changed, or its recipe if it has logged nothing yet, in seconds since 1970.

    Raises:
        OSError: the run was removed.
    """
    log = folder / LOG
    return (log if log.exists() else folder / RECIPE).stat().st_mtime


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    names = {entry.name for entry in entries}
    if RECIPE in names:
        yield folder
    elif depth:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _walk(Path(entry.path), depth - 1)


def _status(last: Row, optimization: dict[str, Any], changed: float, by_process: RunStatus | None) -> RunStatus:
    """A run has finished when its log says so or, in older logs, when its rate is annealed or its steps are done."""
    peak = optimization.get("learning_rate", math.inf)
    annealed = last.get("learning_rate", math.inf) < _ANNEALED * peak
    through = "epochs" not in optimization and last.get("step", 0) >= optimization.get("steps", math.inf)
    if last.get("done", float(annealed or through)) >= 1:
        return "finished"
    return by_process or ("training" if time.time() - changed < _FRESH else "stopped")


@lru_cache(maxsize=200)
def _rows(folder: Path, _changed: float) -> list[Row]:
    """The lines of the log that are whole, none where it has not begun; the last may be half written."""
    log, rows = folder / LOG, []
    for line in log.read_text("utf-8", errors="replace").splitlines() if log.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "step" in row:
            numbers = {key: float(value) for key, value in row.items() if isinstance(value, int | float)}
            rows.append({key: value for key, value in numbers.items() if math.isfinite(value)})
    return rows


@lru_cache(maxsize=200)
def _recipe(folder: Path, _changed: float) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / RECIPE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _curves(rows: list[Row]) -> list[Curve]:
    names = {"train_loss": "training", "validation_loss": "validation", "validation_psnr": "PSNR, dB"}
    curves = []
    for key, name in names.items():
        points = [(int(row["step"]), row[key]) for row in rows if key in row]
        some = points[:: max(1, math.ceil(len(points) / _MOST_POINTS))]
        if points and some[-1] != points[-1]:
            some.append(points[-1])
        curves.append(Curve(name=name, steps=[step for step, _ in some], values=[value for _, value in some]))
    return curves
