"""The bench that a study works at: it trains by recipe, once, and hands out pictures and answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hillotype.data import class_of
from hillotype.data.images import to_floats
from hillotype.errors import RecipeError
from hillotype.files import make_folder, write_whole, writing
from hillotype.train.batches import load_named_split
from hillotype.train.config import Run, make_run, read_recipe
from hillotype.train.loop import Progress, fit
from hillotype.train.trained import Floats, Trained, open_run

FAST_STEPS, FAST_PICTURES = 12, 96
"""What a fast run trains and measures: enough to see that everything works, nothing more."""

_RECIPES = Path(__file__).with_name("recipes")


@dataclass
class Bench:
    """Where a study trains and measures.

    Attributes:
        study: its name, which is the folder of its recipes.
        out: the folder that the study writes; runs lie in `runs` in it.
        fast: whether everything is cut short, to see that it works.
        changes: settings that replace those of recipes, as {"dense.optimization.epochs": 5}.
        report: is told what is trained, and how far it is.
        runs: what has been trained so far, for the page.
    """

    study: str
    out: Path
    fast: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    report: Callable[[str, Progress | None], None] = lambda what, progress: None
    runs: list[Trained] = field(default_factory=list)

    def say(self, what: str) -> None:
        """Shows what the study is at."""
        self.report(what, None)

    def recipe(self, recipe: str, changes: dict[str, Any] | None = None) -> Run:
        """Reads the study's recipe of that name, with dotted settings changed, and cut short in a fast run."""
        path = _RECIPES / self.study / f"{recipe}.toml"
        prefix = f"{recipe}."
        given = {key.removeprefix(prefix): value for key, value in self.changes.items() if key.startswith(prefix)}
        run = read_recipe(path, (changes or {}) | given)
        return _cut(run) if self.fast else run

    def train(
        self, recipe: str, name: str | None = None, changes: dict[str, Any] | None = None, *, best: bool = False
    ) -> Trained:
        """Trains the study's recipe, or takes what was trained by it before.

        Args:
            recipe: a file of the study's folder of recipes, without its ending.
            name: what the run is called on the page; the recipe's name if it is not given.
            changes: dotted settings and their values, for runs that vary one recipe.
            best: take the weights of the best validation in place of the last ones.
        """
        return self.fit(self.recipe(recipe, changes), name or recipe, best=best)

    def fit(self, run: Run, name: str, *, best: bool = False) -> Trained:
        """Trains a run; one that was trained before is read, one that was interrupted goes on."""
        values = json.dumps(run.model_dump(mode="json", exclude_none=True), sort_keys=True)
        folder = self.out / "runs" / f"{name}-{hashlib.sha256(values.encode()).hexdigest()[:10]}"
        finished = folder / "finished.json"
        if not finished.is_file():
            self.say(f"{name}: reading pictures")
            fit(run, folder, resume=True, report=lambda progress: self.report(name, progress))
            with writing(finished, RecipeError):
                write_whole([json.dumps({"name": name}).encode()], finished, overwrite=True)
        trained = open_run(folder, name, best=best)
        if all(one.folder != folder for one in self.runs):  # its best and its last weights are one run
            self.runs.append(trained)
        return trained

    def pictures(self, run: Run, split: str) -> Floats:
        """Returns the pictures of a run's `train`, `validation` or `test` split, all of one size, in [0, 1]."""
        return self._read(run, split)[1]

    def splits(self, run: Run) -> tuple[Floats, Floats, Floats]:
        """Returns the pictures that train, those that validate and those that test, as `pictures` does."""
        return self.pictures(run, "train"), self.pictures(run, "validation"), self.pictures(run, "test")

    def labeled(self, run: Run, split: str) -> tuple[Floats, list[str]]:
        """Returns the pictures of a run's split, and the class of each: the folder that it lies in."""
        names, pictures = self._read(run, split)
        return pictures, [class_of(name) for name in names]

    def _read(self, run: Run, split: str) -> tuple[list[str], Floats]:
        self.say(f"{run.name}: reading {split} pictures")
        names, pictures = zip(*load_named_split(run, split), strict=True)
        if len({picture.shape for picture in pictures}) > 1:
            raise RecipeError(f"{run.name}: its pictures differ in size; give data.side in the recipe")
        return list(names), to_floats(np.stack(pictures))

    def open_out(self) -> None:
        """Makes the study's folder.

        Raises:
            RecipeError: it cannot be made, or a change names no recipe of the study.
        """
        known = sorted(path.stem for path in (_RECIPES / self.study).glob("*.toml"))
        for key in self.changes:
            if key.partition(".")[0] not in known:
                raise RecipeError(f"--set {key}: {self.study} has no such recipe; begin with one of {', '.join(known)}")
        make_folder(self.out, RecipeError)


def _cut(run: Run) -> Run:
    """The same run in miniature."""
    values = run.model_dump(mode="json", exclude_none=True)
    values["optimization"] |= {"steps": FAST_STEPS}
    values["optimization"].pop("epochs", None)
    values["data"] |= {"limit": FAST_PICTURES, "validation_pictures": 32}
    values |= {"validate_every": FAST_STEPS, "log_every": FAST_STEPS // 2}
    return make_run(values)
