"""The figures of report 004: cross-entropy and its floor, Keras's accuracy, correlations."""

import math

import numpy as np
import pytest

from hillotype.studies.architectures import channel_agreement, correlations, cross_entropy


def test_cross_entropy_of_the_truth_is_its_entropy():
    truth = np.full((2, 3, 4, 4), 0.5, np.float32)
    assert cross_entropy(truth, truth) == pytest.approx(math.log(2))
    assert cross_entropy(np.full_like(truth, 0.7), truth) > math.log(2)


def test_cross_entropy_of_black_and_white_is_finite():
    truth = np.array([0.0, 1.0], np.float32).reshape(1, 1, 1, 2)
    assert cross_entropy(truth, truth) == pytest.approx(0, abs=1e-6)
    assert math.isfinite(cross_entropy(1 - truth, truth))


def test_channel_agreement_sees_the_largest_channel_only():
    truth = np.zeros((1, 3, 1, 4), np.float32)
    truth[:, 0] = 1
    answer = truth * 0.1
    answer[:, 2, :, 3] = 0.9
    assert channel_agreement(answer, truth) == 0.75


def test_correlations_of_a_power_law():
    sizes = [32, 64, 128, 512, 1024]
    found = correlations(
        sizes, [10 / size**0.5 * wobble for size, wobble in zip(sizes, (1, 1.1, 1, 0.9, 1), strict=True)]
    )
    pearson = found["Pearson, of logarithms"]
    assert pearson["low"] < pearson["correlation"] < pearson["high"] < -0.5
    assert found["Spearman, of ranks"]["correlation"] == pytest.approx(-1)
    assert pearson["p"] < 0.01
