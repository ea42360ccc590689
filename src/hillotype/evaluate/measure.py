"""Measure methods side by side: every method answers the same observations, every number keeps its picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from hillotype.evaluate.baselines import Baseline
from hillotype.evaluate.patches import Floats
from hillotype.metrics import bootstrap_interval
from hillotype.tasks import Task

Metric: TypeAlias = Callable[[Floats, Floats], Floats]
"""Maps answers and truths, (N, C, H, W) in [0, 1], to one number a picture, (N,)."""


@dataclass(frozen=True)
class Results:
    """Figures of several methods on the same pictures.

    Attributes:
        conditions: what was done to the pictures, for example "sigma 25".
        methods: names of the rows; the first is what doing nothing leaves.
        metrics: names of the figures, with their units.
        values: one number a picture, (n,), for each (condition, method, metric).
    """

    conditions: tuple[str, ...]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    values: dict[tuple[str, str, str], Floats] = field(repr=False)

    @property
    def count(self) -> int:
        """How many pictures were measured."""
        return len(next(iter(self.values.values())))

    def mean(self, condition: str, method: str, metric: str) -> float:
        """Returns the mean over the pictures."""
        return float(self.values[condition, method, metric].mean())

    def gain(self, condition: str, method: str, metric: str) -> tuple[float, float, float]:
        """Returns the mean difference to doing nothing, picture by picture, and its 95% bootstrap interval."""
        difference = self.values[condition, method, metric] - self.values[condition, self.methods[0], metric]
        low, high = bootstrap_interval(difference, rng=np.random.default_rng(0))
        return float(difference.mean()), low, high

    def rows(self) -> list[dict[str, Any]]:
        """Returns every figure as plain values, for JSON and for a model's card."""
        rows = []
        for condition, method, metric in self.values:
            gain, low, high = self.gain(condition, method, metric)
            rows.append(
                {
                    "condition": condition,
                    "method": method,
                    "metric": metric,
                    "mean": round(self.mean(condition, method, metric), 4),
                    "gain": round(gain, 4),
                    "gain_interval_95": [round(low, 4), round(high, 4)],
                }
            )
        return rows


def measure(
    tasks: Mapping[str, Task],
    methods: Sequence[Baseline],
    pictures: Sequence[Floats],
    metrics: Mapping[str, Metric],
    *,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> Results:
    """Lets every method answer every observation of every picture.

    Args:
        tasks: the observations by condition; the randomness of one depends on seed, condition and picture alone.
        methods: what answers; the first is doing nothing.
        pictures: the truths, (C, H, W) float32 in [0, 1].
        metrics: the figures by name.
        seed: of the observations' randomness.
        report: is told (done, all).
    """
    values: dict[tuple[str, str, str], list[float]] = {
        (condition, method.name, metric): [] for condition in tasks for method in methods for metric in metrics
    }
    done = 0
    for index, truth in enumerate(pictures):
        for number, (condition, task) in enumerate(tasks.items()):
            seen = task.observe(truth[None], np.random.default_rng([seed, number, index]))
            for method in methods:
                answer = method(seen)
                for metric, figure in metrics.items():
                    values[condition, method.name, metric].append(float(figure(answer, truth[None])[0]))
            done += 1
            if report:
                report(done, len(pictures) * len(tasks))
    return Results(
        tuple(tasks),
        tuple(method.name for method in methods),
        tuple(metrics),
        {key: np.array(numbers) for key, numbers in values.items()},
    )
