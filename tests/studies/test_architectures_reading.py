"""What report 004's figure may be: cross-entropy and its floor, Keras's accuracy."""

import math

import numpy as np
import pytest

from hillotype.studies.architectures_reading import channel_agreement, cross_entropy


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
