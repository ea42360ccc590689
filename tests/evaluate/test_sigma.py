"""The estimate of the noise level."""

import numpy as np
import pytest

from hillotype.evaluate.sigma import FINE, estimate_sigma, fineness
from hillotype.noise import Correlated, Gaussian


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [5, 15, 50])
def test_white_noise_on_a_ramp_with_edges_is_found(channels, sigma):
    ramp = np.broadcast_to(np.linspace(0, 0.7, 96), (1, channels, 80, 96)).copy()
    ramp[:, :, 30:50, 40:60] += 0.3
    noisy = Gaussian((sigma, sigma))(ramp, np.random.default_rng(0))
    assert estimate_sigma(noisy) * 255 == pytest.approx(sigma, rel=0.05)


def test_clean_and_tiny_pictures_have_none():
    assert estimate_sigma(np.full((1, 3, 16, 16), 0.4, np.float32)) == pytest.approx(0, abs=1e-6)
    assert estimate_sigma(np.zeros((1, 1, 2, 50), np.float32)) == 0


def test_blurred_noise_is_not_fine():
    ramp = np.broadcast_to(np.linspace(0, 0.7, 96), (1, 3, 80, 96)).astype(np.float32)
    white, blurred = (
        fineness(noise(ramp, np.random.default_rng(0)))
        for noise in (Gaussian((15, 15)), Correlated((15, 15), (0.7, 0.7)))
    )
    assert blurred < FINE - 0.1 < FINE + 0.1 < white
    assert fineness(np.full((1, 1, 16, 16), 0.5, np.float32)) == 0
