import numpy as np
import pytest

from hillotype.studies.faces_codes import draw_codes


def test_drawn_codes_have_the_mean_and_the_covariance_of_the_codes():
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((500, 2)) @ np.array([[2.0, 1.0], [0.0, 0.5]]) + [3.0, -1.0]
    drawn = draw_codes(codes, 4000, rng)
    assert drawn.mean(axis=0) == pytest.approx(codes.mean(axis=0), abs=0.15)
    assert np.cov(drawn.T) == pytest.approx(np.cov(codes.T), abs=0.4)
