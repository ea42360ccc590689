"""The baselines: one face, finished pictures, and what each of them is."""

import numpy as np
import pytest

from hillotype.color import COLOR_SPACES, Lab, rgb_to_gray
from hillotype.errors import DataError
from hillotype.evaluate.baselines import (
    Gray,
    Identity,
    MeanColor,
    NonLocalMeans,
    colorize_baselines,
    denoise_baselines,
    fit_mean_chroma,
    fit_mean_color,
)
from hillotype.metrics import psnr
from hillotype.tasks import Colorize, Denoise

every_space = pytest.mark.parametrize("space", COLOR_SPACES.values(), ids=COLOR_SPACES)


def blocks(seed, channels=3, size=(48, 56)):
    """A picture (C, H, W) of flat colored rectangles."""
    rng = np.random.default_rng(seed)
    picture = np.empty((channels, *size), np.float32)
    picture[:] = rng.random((channels, 1, 1))
    for _ in range(6):
        top, left = rng.integers(size[0] - 12), rng.integers(size[1] - 12)
        picture[:, top : top + 16, left : left + 16] = rng.random((channels, 1, 1))
    return picture


@pytest.mark.parametrize("channels", [1, 3])
def test_denoise_baselines_have_one_face(channels):
    pictures = [blocks(seed, channels) for seed in range(4)]
    rows = denoise_baselines(pictures, np.random.default_rng(0))
    assert [row.name for row in rows] == ["identity", "mean color", "nl-means", "pca"]
    seen = Denoise().observe(blocks(9, channels)[None], np.random.default_rng(1))
    before = seen.copy()
    for row in rows:
        picture = row(seen)
        assert picture.shape == seen.shape
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
    np.testing.assert_array_equal(seen, before)


@every_space
def test_colorize_baselines_have_one_face(space):
    pictures = [blocks(seed) for seed in range(4)]
    rows = colorize_baselines(pictures, np.random.default_rng(0), space)
    assert [row.name for row in rows] == ["gray", "mean color", "pca"]
    seen = Colorize(space).observe(blocks(9)[None], np.random.default_rng(1))
    for row in rows:
        picture = row(seen)
        assert picture.shape == (1, 3, 48, 56)
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_identity_only_clips():
    seen = np.array([-0.5, 0.25, 1.5], np.float32).reshape(1, 1, 1, 3)
    np.testing.assert_array_equal(Identity()(seen).ravel(), [0, 0.25, 1])


def test_mean_color_is_the_mean_over_pictures():
    dark, bright = np.full((3, 4, 4), 0.2, np.float32), np.full((3, 40, 40), 0.6, np.float32)
    bright[0] = 0.8
    mean = fit_mean_color(iter([dark, bright]))
    assert isinstance(mean, MeanColor)
    assert mean.color == pytest.approx((0.5, 0.4, 0.4))
    picture = mean(np.zeros((1, 3, 5, 6), np.float32))
    np.testing.assert_allclose(picture[0, :, 2, 3], mean.color)
    assert picture.shape == (1, 3, 5, 6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sigma", [15, 50])
def test_non_local_means_gains_much_on_flat_pictures(channels, sigma):
    clean = blocks(3, channels, size=(64, 80))[None]
    noisy = clean + np.random.default_rng(0).normal(0, sigma / 255, clean.shape).astype(np.float32)
    assert psnr(NonLocalMeans()(noisy), clean)[0] > psnr(noisy, clean)[0] + 5


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 40), (7, 9)])
def test_non_local_means_takes_any_size(size):
    noisy = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
    assert NonLocalMeans()(noisy).shape == noisy.shape


@every_space
def test_gray_keeps_luma_and_has_no_color(space):
    luma = space.split(blocks(1)[None])[0]
    picture = Gray(space)(luma)
    assert np.abs(picture - rgb_to_gray(picture)).max() < 1e-4
    assert np.abs(space.split(picture)[0] - luma).max() < 1e-4


@every_space
def test_mean_chroma_tones_the_gray_picture(space):
    sepia = np.full((3, 16, 16), 0.5, np.float32) * np.array([1.1, 1.0, 0.8], np.float32).reshape(3, 1, 1)
    toned = fit_mean_chroma([sepia], space)
    np.testing.assert_allclose(toned.chroma, Lab().split(sepia[None])[1][0, :, 0, 0], rtol=1e-5)
    again = toned(space.split(sepia[None])[0])
    assert np.abs(again - sepia[None]).max() < 0.02


def test_no_pictures_are_refused():
    with pytest.raises(DataError, match="at least one"):
        fit_mean_color([])
    with pytest.raises(DataError, match="at least one"):
        fit_mean_chroma([], Lab())
