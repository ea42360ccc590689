import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from hillotype.modelfile import load_model
from hillotype.restore.diagnose import NOISY, is_gray, noise_level

EXAMPLES = Path(__file__).parents[2] / "examples"


def scene(size=(300, 400), seed=0):
    """A made-up photograph: smooth shades, edges and a patch of texture, in color."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]] / max(size)
    picture = np.stack([120 + 80 * np.sin(5 * rows + k) * np.cos(4 * columns - 2 * k) for k in range(3)], axis=-1)
    for _ in range(12):
        top, left = rng.integers(0, size[0] - 40), rng.integers(0, size[1] - 40)
        picture[top : top + 40, left : left + 40] += rng.uniform(-60, 60, 3)
    picture[: size[0] // 3, : size[1] // 3] += rng.normal(0, 25, (size[0] // 3, size[1] // 3, 1))
    return np.clip(picture, 10, 245)


def as_pixels(picture):
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def noisy(picture, sigma):
    return as_pixels(picture + np.random.default_rng(5).normal(0, sigma, picture.shape))


def gray(picture):
    return picture @ np.array([0.299, 0.587, 0.114])


def shipped(channels):
    return load_model("denoise-gray" if channels == 1 else "denoise-color", threads=1, device="cpu")


def level(pixels):
    return noise_level(pixels, shipped(pixels.shape[2]))


@pytest.mark.parametrize("sigma", [8, 15, 25, 50])
@pytest.mark.parametrize("channels", [1, 3])
def test_white_noise_is_measured(sigma, channels):
    picture = scene() if channels == 3 else gray(scene())[..., None]
    assert level(noisy(picture * 0.6 + 50, sigma)) == pytest.approx(sigma, rel=0.25)


def test_a_clean_picture_and_its_texture_are_no_noise():
    assert level(as_pixels(scene())) < NOISY
    for name in ("parrots", "pumpkins"):
        with Image.open(EXAMPLES / f"{name}.jpg") as image:
            pixels = np.atleast_3d(np.asarray(image))
        assert level(pixels) < NOISY


def test_depths_agree():
    pixels = noisy(scene(), 12)
    found = level(pixels)
    assert level(pixels.astype(np.uint16) * 257) == pytest.approx(found, rel=1e-3)
    assert level(pixels.astype(np.float32) / 255) == pytest.approx(found, rel=1e-3)


@pytest.mark.parametrize(("sigma", "blur"), [(8, 0.7), (15, 1.0), (15, 1.5)])
def test_grain_is_noise_also_after_jpeg(sigma, blur):
    picture = gray(scene())[..., None]
    grain = gaussian_filter(np.random.default_rng(0).normal(size=picture.shape), (blur, blur, 0))
    grainy = as_pixels(picture + sigma * grain / grain.std())
    assert level(grainy) > NOISY
    assert level(jpeg(grainy[..., 0])[..., None]) > NOISY


def test_a_model_for_the_other_channels_looks_too():
    found = level(noisy(gray(scene())[..., None], 20))
    assert noise_level(noisy(gray(scene())[..., None], 20), shipped(3)) == pytest.approx(found, rel=0.3)


def test_large_pictures_are_sampled_and_tiny_ones_have_no_verdict():
    assert level(noisy(np.full((3000, 2000, 1), 120.0), 10)) == pytest.approx(10, rel=0.2)
    for size in [(1, 1), (5, 4000), (7, 9)]:
        assert level(np.zeros((*size, 3), np.uint8)) == 0.0
    assert level(np.zeros((300, 400, 3), np.uint8)) == 0.0  # noise is cut off at black


def jpeg(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=80)
    return np.asarray(Image.open(file))


def test_pictures_without_colors():
    shades = gray(scene())[..., None]
    three = np.repeat(shades, 3, axis=2)
    assert is_gray(as_pixels(shades))
    assert is_gray(as_pixels(three))
    assert is_gray(as_pixels(three).astype(np.float32) / 255)
    assert is_gray(as_pixels(three + np.random.default_rng(0).normal(0, 1.5, three.shape)))  # a scan
    sepia = as_pixels(three * [0.95, 0.85, 0.68] + [8, 4, 0])
    assert is_gray(sepia)
    assert is_gray(jpeg(sepia))


def test_pictures_with_colors():
    assert not is_gray(as_pixels(scene()))
    assert not is_gray(as_pixels(scene()).astype(np.uint16) * 257)
    blue = gray(scene())[..., None] * [0.6, 0.8, 1.0]  # a cyanotype or an evening: not for us to say
    assert not is_gray(as_pixels(blue))
    lemons = np.repeat(gray(scene())[..., None], 3, axis=2) * [1.0, 0.85, 0.1]
    assert not is_gray(as_pixels(lemons))


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 5000)])
def test_tiny_and_elongated_pictures_are_judged(size):
    assert is_gray(np.full((*size, 3), 90, np.uint8))
    assert not is_gray(np.full((*size, 3), [20, 90, 200], np.uint8))
