import numpy as np
import pytest

from hillotype.color import Lab, rgb_to_lab
from hillotype.restore.lightness import lightness, write_colored
from hillotype.restore.pixels import full_scale

DTYPES = [np.uint8, np.uint16, np.float32]


def random_pixels(shape, dtype):
    rng = np.random.default_rng(0)
    if dtype == np.float32:
        return rng.random(shape, dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True, dtype=dtype)


def lab_of(pixels):
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return rgb_to_lab((pixels / full_scale(pixels)).transpose(2, 0, 1)[None])[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_lightness_agrees_with_color(dtype, channels):
    pixels = random_pixels((40, 50, channels), dtype)
    pixels[0, 0], pixels[0, 1] = 0, full_scale(pixels)
    light = lightness(pixels)
    assert light.dtype == np.float32
    np.testing.assert_allclose(light * 100, lab_of(pixels)[0], atol=0.01)
    assert light.min() >= 0
    assert light.max() <= 1


def test_colors_agree_with_color_within_the_gamut():
    pixels = random_pixels((40, 50, 3), np.float32)
    light, chroma = Lab().split(pixels.transpose(2, 0, 1)[None])
    out = np.empty_like(pixels)
    write_colored(light[0, 0], chroma[0], out)
    np.testing.assert_allclose(out, pixels, atol=2e-3)  # colors on the gamut's faces give way a little


@pytest.mark.parametrize(("dtype", "bound"), [(np.uint8, 0.5), (np.uint16, 0.01), (np.float32, 0.01)])
def test_lightness_is_kept_for_any_chroma(dtype, bound):
    rng = np.random.default_rng(1)
    light = np.linspace(0, 1, 300, dtype=np.float32).repeat(50).reshape(300, 50)
    chroma = rng.uniform(-1, 1, (2, 300, 50)).astype(np.float32)
    out = np.empty((300, 50, 3), dtype)
    write_colored(light.copy(), chroma, out)
    assert np.abs(lab_of(out)[0] - 100 * light).max() < bound


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_gray_level_stays_what_it_is(dtype):
    levels = np.arange(np.iinfo(dtype).max + 1).astype(dtype).reshape(-1, 256, 1)
    out = np.empty((*levels.shape[:2], 3), dtype)
    light = lightness(levels)
    write_colored(light, np.zeros((2, *light.shape), np.float32), out)
    np.testing.assert_array_equal(out, np.repeat(levels, 3, axis=2))


def test_out_of_gamut_colors_keep_their_hue_in_linear_light():
    out = np.empty((1, 1, 3), np.float32)
    write_colored(np.full((1, 1), 0.5, np.float32), np.array([[[1.0]], [[0.0]]], np.float32), out)
    assert out[0, 0].argmax() == 0
    assert out.min() >= 0
    assert out.max() <= 1
