import numpy as np
import pytest

from hillotype.color import Lab
from hillotype.errors import PictureError
from hillotype.restore.palette import palette_of, toward, vivid

RNG = np.random.default_rng(0)


def random_colors():
    pixels = RNG.random((40, 50, 3), dtype=np.float32)
    light, chroma = Lab().split(pixels.transpose(2, 0, 1)[None])
    return pixels, light[0, 0], chroma[0]


def test_vividness_1_changes_nothing_and_0_is_gray():
    chroma = random_colors()[2]
    np.testing.assert_array_equal(vivid(chroma, 1.0), chroma)
    assert not vivid(chroma, 0.0).any()


@pytest.mark.parametrize("vividness", [0.5, 1.5, 4.0])
def test_vividness_keeps_hue_and_order(vividness):
    strengths = np.linspace(0, 0.95, 50, dtype=np.float32)
    more = vivid(np.stack([0.6 * strengths, 0.8 * strengths])[:, None], vividness)[:, 0]
    length = np.hypot(*more)
    assert (np.diff(length) > 0).all()
    assert length.max() < 1
    np.testing.assert_allclose(more[0] * 0.8, more[1] * 0.6, atol=1e-6)


def test_what_was_guessed_strongly_gains_the_most():
    lengths = np.array([[[0.02, 0.2, 0.9]], [[0.0, 0.0, 0.0]]], np.float32)
    gains = vivid(lengths, 2.0)[0, 0] / lengths[0, 0]
    assert gains[0] == pytest.approx(1, abs=0.05)
    assert gains[1] == pytest.approx(2, abs=0.05)
    assert 1 < gains[2] < 1.1


def test_toward_itself_changes_nothing():
    pixels, light, chroma = random_colors()
    small = palette_of(np.repeat(np.repeat(pixels, 8, axis=0), 8, axis=1))
    assert np.abs(toward(light, chroma, small) - chroma).max() < 0.03


def test_grays_go_most_of_the_way_each_lightness_to_its_own():
    reference = np.empty((64, 64, 3), np.float32)
    reference[:32], reference[32:] = (0.1, 0.15, 0.3), (0.9, 0.85, 0.6)  # dark blue, bright yellow
    light = np.array([[0.15, 0.85]], np.float32).repeat(50, axis=0)
    dark, bright = toward(light, np.zeros((2, *light.shape), np.float32), palette_of(reference))[1, 0]
    assert dark < -0.05
    assert bright > 0.05


def test_differences_within_a_lightness_stay():
    light = np.full((30, 30), 0.5, np.float32)
    chroma = RNG.normal(0, 0.1, (2, 30, 30)).astype(np.float32)
    moved = toward(light, chroma, palette_of(random_colors()[0])) - chroma
    np.testing.assert_allclose(moved, np.broadcast_to(moved[:, :1, :1], moved.shape), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gray_reference_is_refused(channels):
    with pytest.raises(PictureError, match="gray"):
        palette_of(np.full((9, 9, channels), 77, np.uint8))
