"""Scores are means over a picture, then over pictures."""

import numpy as np
import pytest

from hillotype.studies.scores import errors, interval, mean_error, means, score


@pytest.fixture
def truths():
    """Two pictures (2, 3, 4, 4), black and half bright."""
    return np.stack([np.zeros((3, 4, 4)), np.full((3, 4, 4), 0.5)]).astype(np.float32)


def test_errors_are_means_over_a_picture(truths):
    assert errors(np.zeros_like(truths), truths) == pytest.approx([0, 0.25])
    assert mean_error(np.zeros_like(truths), truths) == pytest.approx(0.125)


def test_everyone_is_scored_by_name(truths):
    scores = score({"black": np.zeros_like(truths), "truth": truths}, truths)
    assert list(scores) == ["black", "truth"]
    assert means(scores) == pytest.approx({"black": 0.125, "truth": 0})


def test_the_interval_holds_the_mean():
    low, high = map(float, interval(np.linspace(0, 1, 50)).split(" to "))
    assert 0.3 < low < 0.5 < high < 0.7
