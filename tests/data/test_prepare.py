"""What is done to a picture before it is used: each step, and their order."""

import numpy as np
import pytest
from PIL import Image

from hillotype.data import Preparation

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "settings",
    [
        *({"center": value} for value in (0, 1.5, float("nan"))),
        *({"reduce": 0}, {"short_side": 0}, {"side": 0}, {"pad": -1}, {"min_spread": float("nan")}),
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Preparation(**settings)


def test_nothing_to_do_costs_nothing():
    assert Preparation()(PICTURE) is PICTURE


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"reduce": 0.5}, (15, 20, 3)),
        ({"short_side": 15}, (15, 20, 3)),
        ({"short_side": 60}, (30, 40, 3)),
        ({"center": 0.52}, (16, 21, 3)),
        ({"side": 12}, (12, 12, 3)),
        ({"side": 64, "gray": True}, (64, 64, 1)),
        ({"side": 28, "pad": 2}, (32, 32, 3)),
        ({"center": 0.5, "reduce": 0.5, "gray": True, "pad": 1}, (10, 12, 1)),
    ],
)
def test_sizes(settings, shape):
    prepared = Preparation(**settings)(PICTURE)
    assert prepared.shape == shape
    assert prepared.dtype == np.uint8
    assert prepared.flags.c_contiguous


def test_report_003s_crop_takes_60_pixels_off_every_side_of_a_face():
    face = np.random.default_rng(1).integers(0, 256, (250, 250, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Preparation(center=0.52)(face), face[60:190, 60:190])


def test_a_square_is_cut_about_the_center():
    np.testing.assert_array_equal(Preparation(side=30)(PICTURE), PICTURE[:, 5:35])


def test_whole_blocks_are_averaged():
    blocks = PICTURE[:, 5:35].reshape(10, 3, 10, 3, 3).mean((1, 3))
    np.testing.assert_allclose(Preparation(side=10)(PICTURE), blocks, atol=1)


def test_one_color_stays_at_any_side():
    plain = np.full((30, 40, 1), 77, np.uint8)
    for side in (7, 15, 30, 61):
        assert (Preparation(side=side, gray=True)(plain) == 77).all()


def test_gray_is_bt601_luma_and_comes_back_as_three_equal_channels():
    luma = np.asarray(Image.fromarray(PICTURE).convert("L"))[:, :, None]
    np.testing.assert_array_equal(Preparation(gray=True)(PICTURE), luma)
    np.testing.assert_array_equal(Preparation()(luma), np.repeat(luma, 3, axis=2))


def test_the_border_is_black_and_the_rest_untouched():
    padded = Preparation(pad=2)(PICTURE)
    np.testing.assert_array_equal(padded[2:-2, 2:-2], PICTURE)
    assert padded.sum() == PICTURE.sum()


def test_the_gray_filter_looks_at_the_picture_without_its_border():
    tinted = np.full((10, 10, 3), (100, 105, 110), np.uint8)
    assert Preparation(min_spread=9, pad=50)(tinted) is not None
    assert Preparation(min_spread=11)(tinted) is None
    assert Preparation(min_spread=1)(tinted[:, :, :1]) is None
