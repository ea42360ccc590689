"""Errors of I and Q see color alone."""

import numpy as np
import pytest

from hillotype.studies.color_encodings import iq_errors


def test_light_has_no_i_and_no_q():
    picture = np.random.default_rng(0).random((2, 3, 4, 4), dtype=np.float32)
    assert iq_errors(picture + 0.1, picture) == pytest.approx([0, 0], abs=1e-8)


def test_red_is_as_far_from_black_as_the_standard_says():
    red = np.zeros((1, 3, 2, 2), np.float32)
    red[:, 0] = 1
    assert iq_errors(red, 0 * red)[0] == pytest.approx((0.5959**2 + 0.2115**2) / 2, abs=1e-4)
