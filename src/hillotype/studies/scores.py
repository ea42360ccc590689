"""How far answers are from the truth: the error of each picture, and the scores of everyone who answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from hillotype.metrics import bootstrap_interval
from hillotype.train.trained import Floats

Scores: TypeAlias = dict[str, np.ndarray]
"""The error of each picture, (N,), by the name of who answered."""


def errors(answers: Floats, truths: Floats) -> np.ndarray:
    """Returns the mean squared error per element of each picture, (N,); pictures (N, C, H, W)."""
    return np.asarray(np.square(answers.astype(np.float64) - truths).reshape(len(truths), -1).mean(axis=1))


def mean_error(answers: Floats, truths: Floats) -> float:
    """Returns the mean squared error per element, mean over pictures (N, C, H, W)."""
    return float(errors(answers, truths).mean())


def score(answers: Mapping[str, Floats], truths: Floats) -> Scores:
    """Returns the errors of everyone's answers to the same pictures."""
    return {name: errors(pictures, truths) for name, pictures in answers.items()}


def means(scores: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Returns everyone's mean over pictures."""
    return {name: float(values.mean()) for name, values in scores.items()}


def interval(values: np.ndarray) -> str:
    """Writes the 95% interval of the mean of a figure (N,), by bootstrap over pictures."""
    low, high = bootstrap_interval(values, rng=np.random.default_rng(0), draws=500)
    return f"{low:.5f} to {high:.5f}"
