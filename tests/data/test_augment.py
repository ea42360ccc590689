"""Augmentation and the stream of samples."""

import numpy as np
import pytest
import torch

from hillotype.data import Augment, Samples

PICTURE = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "settings",
    [
        {"crop": 0},
        {"zoom": (0, 1)},
        {"zoom": (2, 1)},
        {"cover": (0.5, 1.1)},
        {"rotation": -1},
        {"shear": 90},
        {"shift": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Augment(**settings)


@pytest.mark.parametrize(
    "augment",
    [
        Augment(crop=32),
        Augment(crop=32, zoom=(0.5, 2.0), turn=True),
        Augment(crop=32, cover=(0.4, 1.0)),
        Augment(crop=32, rotation=20, shear=11, shift=0.05, zoom=(0.8, 1.2)),
        Augment(crop=64),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_crops_have_their_size_and_repeat(augment, channels):
    for seed in range(5):
        crop = augment(PICTURE[:, :, :channels], np.random.default_rng(seed))
        assert crop.shape == (augment.crop, augment.crop, channels)
        assert crop.dtype == np.uint8
        np.testing.assert_array_equal(crop, augment(PICTURE[:, :, :channels], np.random.default_rng(seed)))


def test_a_plain_crop_is_a_part_of_the_picture():
    crop = Augment(crop=50, flip=False)(PICTURE, np.random.default_rng(0))
    assert any(np.array_equal(crop, PICTURE[:, left : left + 50]) for left in range(21))


def test_no_bend_is_the_plain_crop_but_for_interpolation():
    bent = Augment(crop=50, flip=False, rotation=1e-9)(PICTURE, np.random.default_rng(0))
    plain = Augment(crop=50, flip=False)(PICTURE, np.random.default_rng(0))
    assert np.abs(bent.astype(int) - plain).mean() < 40  # at most a fraction of a pixel apart


def test_a_crop_covers_its_share_of_the_shorter_side():
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8), (100, 200))[:, :, None]
    crop = Augment(crop=25, cover=(0.5, 0.5), flip=False)(ramp, np.random.default_rng(0))
    assert int(crop.max()) - int(crop.min()) == pytest.approx(48, abs=2)


def test_a_picture_as_large_as_its_crop_is_left_as_it_is():
    square = PICTURE[:50, :50]
    plain = Augment(crop=50, flip=False)
    assert plain.leaves(square)
    assert not any(each.leaves(square) for each in (Augment(crop=50), Augment(crop=49, flip=False)))
    np.testing.assert_array_equal(plain(square, np.random.default_rng(0)), square)


def test_tiny_pictures_are_enlarged():
    assert Augment(crop=32)(PICTURE[:1, :1], np.random.default_rng(0)).shape == (32, 32, 3)


def test_samples_are_a_function_of_seed_and_number():
    pictures = [PICTURE, PICTURE[:40]]
    one, other = (Samples(pictures, Augment(crop=16), seed=3) for _ in range(2))
    numbers = [5, 0, 1, 9]
    for number in numbers:
        assert torch.equal(one[number], other[number])
    assert not torch.equal(one[0], Samples(pictures, Augment(crop=16), seed=4)[0])


def test_an_epoch_visits_every_picture_once():
    pictures = [np.full((8, 8, 1), value, dtype=np.uint8) for value in range(10)]
    samples = Samples(pictures, Augment(crop=8), seed=0)
    for epoch in range(3):
        assert sorted(int(samples[epoch * 10 + k].float().mean()) for k in range(10)) == list(range(10))
