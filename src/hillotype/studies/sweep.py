"""A grid of runs: one recipe, trained with every combination of some settings, several at a time."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import optuna
import torch
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.samplers import GridSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from hillotype.errors import DataError
from hillotype.studies.bench import Bench
from hillotype.train.config import Run
from hillotype.train.trained import Trained

Settings: TypeAlias = dict[str, str | int | float | None]
"""Dotted settings of a recipe and their values."""
Grid: TypeAlias = Mapping[str, Sequence[str | int | float | None]]
"""Dotted settings of a recipe, and the values that each is to take."""

STORAGE = "sweeps.log"
"""The file in a study's folder that keeps what sweeps found; `optuna-dashboard sweeps.log` shows it."""


@dataclass(frozen=True)
class Sweep:
    """What became of a grid.

    Attributes:
        points: the settings of each run and what was trained with them, in the order of the grid.
        importances: the share of the variance of log(validation loss) that each setting accounts for, largest first;
            functional ANOVA over a random forest (Hutter et al. 2014, http://proceedings.mlr.press/v32/hutter14.html).
    """

    points: tuple[tuple[Settings, Trained], ...]
    importances: dict[str, float]


def sweep(bench: Bench, recipe: str, grid: Grid, *, jobs: int | None = None) -> Sweep:
    """Trains a recipe with every combination of settings, by Optuna's grid sampler (Akiba et al. 2019, KDD).

    What was trained is not trained again, and what was interrupted goes on. Of several jobs, each is a process of one
    thread: small nets gain more from that than from more threads.

    Args:
        bench: the study's; the runs join it in the order of the grid.
        recipe: a file of the study's folder of recipes, without its ending.
        grid: the values of each setting, by its dotted name; at least two combinations.
        jobs: how many train at a time; if not given, as many as torch has threads, which OMP_NUM_THREADS sets, and one
            in a fast run, where to start a process takes longer than all it would do.

    Raises:
        DataError: the file of the sweeps is damaged.
        RecipeError: a setting that the recipe does not know, or that its model cannot have.
    """
    points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    runs = {_name(recipe, point): bench.recipe(recipe, point) for point in points}
    study = _open_study(bench.out / STORAGE, recipe, grid, runs)
    if len(study.trials) < len(points):
        jobs = jobs or (1 if bench.fast else torch.get_num_threads())
        _train(bench, recipe, grid, study, min(jobs, len(points)))
    importances = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), target=_log_loss)
    trained = [bench.fit(run, name) for name, run in runs.items()]
    return Sweep(tuple(zip(points, trained, strict=True)), {key: float(share) for key, share in importances.items()})


def _name(recipe: str, point: Settings) -> str:
    return "-".join([recipe, *(f"{value:g}" if isinstance(value, float) else str(value) for value in point.values())])


def _open_study(path: Path, recipe: str, grid: Grid, runs: Mapping[str, Run]) -> optuna.Study:
    """The record of this very grid; one that was broken off begins anew, for its runs lie in folders of their own."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a run that fails is told of by its error alone
    values = json.dumps([run.model_dump(mode="json") for run in runs.values()], sort_keys=True)
    name = f"{recipe}-{hashlib.sha256(values.encode()).hexdigest()[:10]}"
    try:
        # not the lock by symbolic links, which Windows grants to few
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path))))
        sampler = GridSampler(grid, seed=0)
        study = optuna.create_study(storage=storage, study_name=name, sampler=sampler, load_if_exists=True)
        complete = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
        if len(complete) < len(runs) and study.trials:
            optuna.delete_study(study_name=name, storage=storage)
            study = optuna.create_study(storage=storage, study_name=name, sampler=sampler)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: not a readable file of sweeps ({error}); delete it, the runs are kept") from error
    return study


def _train(bench: Bench, recipe: str, grid: Grid, study: optuna.Study, jobs: int) -> None:
    """Trains all points of the grid and tells the study their losses."""
    total, done = math.prod(map(len, grid.values())), 0
    pool = None if jobs == 1 else ProcessPoolExecutor(jobs, get_context("spawn"), torch.set_num_threads, (1,))

    def train(trial: optuna.Trial) -> float:
        nonlocal done
        point = {key: trial.suggest_categorical(key, values) for key, values in grid.items()}
        run, name = bench.recipe(recipe, point), _name(recipe, point)
        if pool is None:
            loss = _loss(replace(bench, runs=[]), run, name)
        else:  # a thread of the study waits for each process
            loss = pool.submit(_loss, Bench(bench.study, bench.out), run, name).result()
        done += 1
        bench.say(f"{recipe}: {done} of {total} trained")
        return loss

    try:
        study.optimize(train, n_trials=total, n_jobs=jobs)
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _loss(bench: Bench, run: Run, name: str) -> float:
    """Trains a run; returns its last validation loss."""
    return bench.fit(run, name).curve("validation_loss")[-1][1]


def _log_loss(trial: optuna.trial.FrozenTrial) -> float:
    return math.log(max(trial.value or 0.0, 1e-12))
