import numpy as np
import pytest
from PIL import Image

import hillotype
from hillotype.color import rgb_to_lab
from hillotype.errors import PictureError
from hillotype.restore.hints import Hint
from hillotype.restore.wishes import NO_WISHES, Wishes, wishes_of


def lab_of(array):
    return rgb_to_lab(np.asarray(array).transpose(2, 0, 1)[None])[0]


@pytest.fixture
def gray():
    return np.full((90, 120), 0.5, np.float32)


def test_a_hint_keeps_its_color_and_the_picture_its_lightness(tiny_zoo, gray):
    colorize = hillotype.load("colorize")
    plain = colorize(gray)
    for vividness in (0.0, 1.0, 2.0):
        colored = colorize(gray, hints=[(30, 40, "#4f6b5a")], vividness=vividness)
        wanted = lab_of(np.array([[[0x4F, 0x6B, 0x5A]]], np.float32) / 255)[1:, 0, 0]
        np.testing.assert_allclose(lab_of(colored)[1:, 40, 30], wanted, atol=2)
        np.testing.assert_allclose(lab_of(colored)[0], lab_of(plain)[0], atol=0.5)


def test_a_hint_that_no_color_of_that_lightness_has_is_moved_into_the_gamut(tiny_zoo):
    white = np.full((40, 40), 0.97, np.float32)
    colored = hillotype.load("colorize")(white, hints=[(20, 20, "#0000ff")])
    assert colored.max() <= 1
    assert colored[20, 20].argmax() == 2
    np.testing.assert_allclose(lab_of(colored)[0], lab_of(np.repeat(white[..., None], 3, axis=2))[0], atol=0.5)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2)])
def test_hints_in_pictures_of_any_shape(tiny_zoo, size):
    colorize = hillotype.load("colorize")
    red, green = (colorize(np.full(size, 0.5, np.float32), hints=[(0, 0, color)]) for color in ("#c05050", "#50c050"))
    assert lab_of(red)[1, 0, 0] > 20
    assert lab_of(green)[1, 0, 0] < -20


def test_hints_lie_in_the_picture_as_shown(tiny_zoo):
    turned = Image.new("L", (100, 60), 128)
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned by 90 degrees
    turned.info["exif"] = exif.tobytes()
    colorize = hillotype.load("colorize")
    colored = colorize(turned, hints=[(5, 95, "#c03050")])
    assert colored.size == (60, 100)
    a = lab_of(np.asarray(colored, np.float32) / 255)[1]
    assert a[95, 5] > a[5, 55]
    with pytest.raises(PictureError, match="outside the picture of 60 x 100"):
        colorize(turned, hints=[(95, 5, "#c03050")])


def test_strength_0_is_gray_even_with_hints(tiny_zoo, gray):
    colored = hillotype.load("colorize")(gray, strength=0.0, hints=[(30, 40, "red")])
    assert np.ptp(colored, axis=2).max() < 0.01


def test_like_takes_images_and_arrays(tiny_zoo, gray):
    blue = np.zeros((50, 50, 3), np.float32) + np.array([0.2, 0.3, 0.8], np.float32)
    colorize = hillotype.load("colorize")
    plain, of_array = colorize(gray), colorize(gray, like=blue)
    of_image = colorize(gray, like=Image.fromarray(np.round(blue * 255).astype(np.uint8)))
    assert lab_of(of_array)[2].mean() < lab_of(plain)[2].mean() - 5
    np.testing.assert_allclose(of_array, of_image, atol=0.01)


def test_wishes_do_not_outlive_the_call(tiny_zoo, gray):
    colorize = hillotype.load("colorize")
    plain = colorize(gray)
    colorize(gray, hints=[(30, 40, "red")], vividness=2.0)
    np.testing.assert_array_equal(colorize(gray), plain)


def test_a_picture_that_is_restored_is_given_its_wishes(tiny_zoo, gray):
    restore = hillotype.load("restore")
    plain = restore(gray)
    hinted = restore(gray, hints=[(30, 40, "#c05050")], chroma_strength=1.0)
    assert np.abs(hinted - plain).max() > 0.05
    np.testing.assert_array_equal(hinted, restore.given(Wishes(hints=(Hint(30, 40, "#c05050"),)))(gray))
    assert isinstance(restore(Image.new("L", (50, 40), 128), vividness=2.0), Image.Image)
    with pytest.raises(PictureError, match="from 0"):
        restore(gray, vividness=9)


@pytest.mark.parametrize(
    ("wished", "words"),
    [
        ({"hints": [(1, 2)]}, "list of"),
        ({"hints": 5}, "list of"),
        ({"hints": [(1, 2, 3)]}, "no color"),
        ({"hints": [(None, 2, "red")]}, "x and y"),
        ({"vividness": -1}, "from 0"),
        ({"vividness": float("nan")}, "from 0"),
        ({"like": np.zeros((5, 5, 3), np.float32)}, "gray"),
        ({"like": np.zeros((5, 5, 3), np.uint8)}, "must be float"),
        ({"like": "road.jpg"}, "not a picture"),
    ],
)
def test_wishes_that_cannot_be_met_are_one_line(tiny_zoo, gray, wished, words):
    with pytest.raises(PictureError, match=words) as error:
        hillotype.load("colorize")(gray, **wished)
    assert "\n" not in str(error.value)


def test_made_with_says_what_is_wished_and_nothing_else():
    assert NO_WISHES.made_with() == {}
    assert Wishes((Hint("40%", 3, "red"),), 1.5).made_with() == {"hints": ["40%,3,red"], "vividness": 1.5}
    palette = wishes_of(like=np.random.default_rng(0).random((9, 9, 3))).made_with()["palette"]
    assert np.array(palette).shape == (11, 2)
