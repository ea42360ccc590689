"""The PCA baselines: they must beat doing nothing, and keep what is not theirs to change."""

import numpy as np
import pytest

from hillotype.color import COLOR_SPACES, Lab
from hillotype.errors import DataError
from hillotype.evaluate.patch_pca import fit_chroma_pca, fit_patch_pca
from hillotype.metrics import mse, psnr
from hillotype.noise import Gaussian


def landscape(seed, channels=3, size=(64, 80)):
    """A smooth picture (C, H, W) whose color follows its brightness: dark is brown, bright is blue."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(*(np.linspace(0, 1, side) for side in size), indexing="ij")
    waves = sum(np.sin(2 * np.pi * (rng.uniform(-2, 2) * x + rng.uniform(-2, 2) * y + rng.random())) for _ in "abc")
    luma = (0.5 + 0.13 * waves).clip(0.1, 0.9)
    tint = np.array([0.12, 0.0, -0.12]).reshape(3, 1, 1)
    picture = luma + tint * (1 - 2 * luma)
    return picture[:channels].astype(np.float32)


@pytest.fixture(scope="module")
def pictures():
    return [landscape(seed) for seed in range(10)]


@pytest.fixture(scope="module")
def denoise(pictures):
    return fit_patch_pca(pictures, np.random.default_rng(0), sigmas=(15, 50))


@pytest.mark.parametrize("sigma", [10, 15, 30, 50])
def test_denoising_gains_much_on_smooth_pictures(denoise, sigma):
    clean = landscape(99)[None]
    noisy = Gaussian((sigma, sigma))(clean, np.random.default_rng(1))
    seen = noisy.copy()
    denoised = denoise(noisy)
    assert psnr(denoised, clean)[0] > psnr(noisy, clean)[0] + 6
    assert denoised.dtype == np.float32
    np.testing.assert_array_equal(noisy, seen)


def test_ranks_fall_with_the_noise_and_clean_pictures_stay(denoise):
    assert denoise.sigmas == (0, 15, 50)
    assert list(denoise.ranks) == sorted(denoise.ranks, reverse=True)
    clean = landscape(98)[None]
    assert psnr(denoise(clean), clean)[0] > 45


def test_gray_pictures_and_small_ones(denoise):
    gray = fit_patch_pca([landscape(k, 1) for k in range(4)], np.random.default_rng(0), sigmas=(25,))
    for size in ((1, 1), (3, 50), (9, 8)):
        assert gray(np.full((1, 1, *size), 0.5, np.float32)).shape == (1, 1, *size)
    with pytest.raises(DataError, match="fitted on 3"):
        denoise(np.zeros((1, 1, 16, 16), np.float32))


@pytest.mark.parametrize("space", COLOR_SPACES.values(), ids=COLOR_SPACES)
def test_coloring_finds_color_that_follows_brightness(pictures, space):
    color = fit_chroma_pca(pictures, np.random.default_rng(0), space)
    truth = landscape(99)[None]
    colored = color(space.split(truth)[0])
    gray = np.repeat(truth.mean(axis=1, keepdims=True), 3, axis=1)
    assert colored.shape == truth.shape
    assert mse(colored, truth)[0] < 0.2 * mse(gray, truth)[0]


def test_coloring_keeps_lightness_and_any_size(pictures):
    color = fit_chroma_pca(pictures, np.random.default_rng(0), Lab())
    for size in ((1, 1), (5, 40), (300, 520)):
        truth = landscape(97, size=size)[None]
        luma = Lab().split(truth)[0]
        colored = color(luma)
        assert colored.shape == (1, 3, *size)
        assert np.abs(Lab().split(colored)[0] - luma).max() < 0.01


def test_fits_are_repeatable(pictures):
    first, second = (fit_chroma_pca(pictures, np.random.default_rng(3), Lab()) for _ in range(2))
    np.testing.assert_array_equal(first.gain, second.gain)


def test_too_few_pictures_are_refused(pictures):
    with pytest.raises(DataError, match="at least 2"):
        fit_patch_pca(pictures[:1], np.random.default_rng(0))
    with pytest.raises(DataError, match="at least 2"):
        fit_chroma_pca([], np.random.default_rng(0), Lab())
