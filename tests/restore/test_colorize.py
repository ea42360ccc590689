import numpy as np
import pytest

import hillotype
from hillotype.color import Lab
from hillotype.restore import colorize
from hillotype.restore.guided import raised
from hillotype.restore.lightness import lightness
from hillotype.restore.restorer import room_for


def gray_shapes(height, width):
    """A float picture (H, W, 1) of flat shapes with sharp edges, neither dark nor bright."""
    rows, columns = np.mgrid[:height, :width]
    levels = 0.35 + 0.1 * ((rows // 23 + columns // 31) % 3) + 0.05 * (rows > columns)
    return levels[..., None].astype(np.float32)


def chroma_of(pixels):
    return Lab().split(np.asarray(pixels).transpose(2, 0, 1)[None])[1][0]


def painted(pixels, light, chroma):
    return hillotype.load("colorize").paint(pixels, light, chroma, 1.0, room_for(pixels))


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (64, 80), (40, 30), (2, 900), (150, 201)])
def test_a_constant_chroma_stays(tiny_zoo, size):
    pixels = gray_shapes(*size)
    light, guess = hillotype.load("colorize").predict(pixels)
    colored = painted(pixels, light, np.full_like(guess, 0.1))
    np.testing.assert_allclose(chroma_of(colored), 0.1, atol=2e-3)


@pytest.mark.parametrize("size", [(64, 96), (101, 64)])
def test_what_is_as_large_as_the_model_sees_it_keeps_its_chroma(tiny_zoo, size):
    pixels = gray_shapes(*size)
    light, guess = hillotype.load("colorize").predict(pixels)
    assert guess.shape[1:] == size
    np.testing.assert_allclose(chroma_of(painted(pixels, light, guess)), guess, atol=5e-3)


def test_a_chroma_that_follows_the_lightness_keeps_to_its_edges(tiny_zoo):
    pixels = gray_shapes(320, 400)
    full = lightness(pixels)
    light, _ = hillotype.load("colorize").predict(pixels)
    slopes = np.array([0.8, -0.6], np.float32)[:, None, None]
    truth, small = slopes * (full - 0.45), slopes * (light - 0.45)
    bilinear = raised(small, full.shape, slice(0, 320))
    error = np.abs(chroma_of(painted(pixels, light, small)) - truth).mean()
    assert error < 0.5 * np.abs(bilinear - truth).mean()


def test_strips_join_without_seams(tiny_zoo, monkeypatch):
    pixels = gray_shapes(150, 201)
    restored = hillotype.load("colorize")
    whole = restored(pixels)
    monkeypatch.setattr(colorize, "STRIP_PIXELS", 7 * 201)
    np.testing.assert_allclose(restored(pixels), whole, atol=1e-4)
