"""Noises: closed-form statistics, the same face on numpy and torch, repeatable from a generator."""

import numpy as np
import pytest
import torch

from hillotype import noise
from hillotype.errors import RecipeError
from hillotype.noise import NOISES, Chain, Demosaiced, Fixed, Gaussian, Grain, Mask, Mixture

EXAMPLES = {
    **{name: kind() for name, kind in NOISES.items() if name not in ("chain", "mixture", "fixed")},
    "chain": Chain((Gaussian((5, 5)), noise.Jpeg((80, 80)))),
    "mixture": Mixture((Gaussian((5, 5)), noise.SaltPepper()), (0.5, 0.5)),
    "fixed": Fixed(Gaussian((5, 5))),
}


def gray(value=0.5, shape=(2, 1, 128, 128)):
    return np.full(shape, value, dtype=np.float32)


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_noise_keeps_shape_and_dtype_and_repeats(name, channels):
    picture = np.random.default_rng(0).random((3, channels, 20, 33), dtype=np.float32)
    first, again = (EXAMPLES[name](picture, np.random.default_rng(7)) for _ in range(2))
    assert first.shape == picture.shape
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    other = EXAMPLES[name](picture, np.random.default_rng(8))
    assert np.array_equal(first, other) == (name == "fixed")


@pytest.mark.parametrize("name", NOISES)
def test_every_noise_takes_torch(name):
    picture = torch.rand(2, 3, 17, 24, generator=torch.Generator().manual_seed(0))
    first, again = (EXAMPLES[name](picture, torch.Generator().manual_seed(7)) for _ in range(2))
    assert isinstance(first, torch.Tensor)
    assert first.shape == picture.shape
    assert first.dtype == torch.float32
    assert torch.equal(first, again)


def test_gaussian_has_the_sigma_it_says():
    noisy = Gaussian((25, 25))(gray(), np.random.default_rng(0))
    assert np.std(noisy - 0.5) * 255 == pytest.approx(25, rel=0.02)


def test_gaussian_draws_a_level_for_each_picture():
    noisy = Gaussian((0, 50))(gray(shape=(64, 1, 64, 64)), np.random.default_rng(0))
    levels = (noisy - 0.5).std(axis=(1, 2, 3)) * 255
    assert levels.min() < 8
    assert levels.max() > 42


def test_report_000_noise_is_biased():
    noisy = noise.BiasedGaussian(clip=False)(gray(0.0), np.random.default_rng(0))
    assert noisy.mean() == pytest.approx(0.25, abs=0.01)
    assert noisy.std() == pytest.approx(0.35, rel=0.02)


@pytest.mark.parametrize("value", [0.1, 0.9])
def test_poisson_gaussian_variance_grows_with_the_signal(value):
    noisy = noise.PoissonGaussian((0.01, 0.01), (0.02, 0.02))(gray(value), np.random.default_rng(0))
    assert noisy.var() == pytest.approx(0.01 * value + 0.02**2, rel=0.05)


def test_correlated_noise_has_its_sigma_and_a_neighbor_like_itself():
    noisy = noise.Correlated((25, 25), (0.7, 0.7))(gray(), np.random.default_rng(0)) - 0.5
    assert noisy.std() * 255 == pytest.approx(25, rel=0.02)
    assert np.corrcoef(noisy[..., 1:].ravel(), noisy[..., :-1].ravel())[0, 1] > 0.4


def test_noise_of_a_mosaic_is_coarser_in_red_and_blue_than_in_green():
    noise = Demosaiced((40, 40))(np.zeros((1, 3, 256, 256)), np.random.default_rng(0))[0]
    likeness = [(c[:, 1:] * c[:, :-1]).mean() / c.var() for c in noise]
    assert likeness[0] > likeness[1] + 0.05
    assert likeness[2] > likeness[1] + 0.05
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.02
    assert noise.std() * 255 < 40


def test_grain_is_gray_and_strongest_in_the_middle_tones():
    tones = np.repeat([0.0, 0.1, 0.5, 1.0], 64)[None, None, None, :] * np.ones((1, 3, 256, 1))
    noise = (Grain((20, 20), (0.6, 0.6))(tones, np.random.default_rng(0)) - tones)[0] * 255
    np.testing.assert_allclose(noise[0], noise[2], atol=1e-9)
    black, dark, middle, white = (noise[0, :, k : k + 64].std() for k in (0, 64, 128, 192))
    assert black == white == 0
    assert 10 < dark < 14
    assert 18 < middle < 22


def test_salt_pepper_changes_the_amount_it_says():
    noisy = noise.SaltPepper((0.2, 0.2))(gray(shape=(2, 3, 128, 128)), np.random.default_rng(0))
    assert (noisy != 0.5).mean() == pytest.approx(0.2, abs=0.01)
    assert (noisy[:, 0] == noisy[:, 2]).all()


@pytest.mark.parametrize("block", [False, True])
def test_mask_takes_the_amount_it_says(block):
    keep = Mask((0.25, 0.25), block)(np.ones((4, 3, 100, 100), dtype=np.float32), np.random.default_rng(0))
    assert keep.mean() == pytest.approx(0.75, abs=0.02)


def test_jpeg_agrees_with_pillow_and_is_worse_at_lower_quality():
    picture = np.random.default_rng(0).random((1, 3, 32, 32), dtype=np.float32)
    errors = [np.abs(noise.Jpeg((q, q))(picture, np.random.default_rng(0)) - picture).mean() for q in (95, 30)]
    assert errors[0] < errors[1]


def test_blur_keeps_the_mean_and_mirrors_at_the_edge():
    ramp = np.linspace(0, 1, 32, dtype=np.float32).reshape(1, 1, 1, 32).repeat(3, axis=2)
    blurred = noise.gaussian_blur(ramp, 1.0)
    np.testing.assert_allclose(blurred[..., 8:-8], ramp[..., 8:-8], atol=1e-5)
    assert noise.gaussian_blur(gray(0.3), 2.5) == pytest.approx(gray(0.3), abs=1e-6)


def test_blur_takes_pictures_smaller_than_its_reach():
    assert noise.gaussian_blur(gray(0.3, (1, 1, 1, 2)), 3.0) == pytest.approx(gray(0.3, (1, 1, 1, 2)), abs=1e-6)


@pytest.mark.parametrize("tensors", [False, True])
def test_fixed_noise_belongs_to_the_picture_not_to_its_batch(tensors):
    picture = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    pictures = torch.from_numpy(picture).contiguous(memory_format=torch.channels_last) if tensors else picture
    fixed = Fixed(Gaussian((25, 25)))
    batch = np.asarray(fixed(pictures, None))
    np.testing.assert_array_equal(batch[1:2], np.asarray(fixed(pictures[1:2], None)))
    assert not np.array_equal(batch[0] - picture[0], batch[1] - picture[1])
    assert not np.array_equal(batch, np.asarray(Fixed(Gaussian((25, 25)), seed=1)(pictures, None)))


def test_mixture_follows_its_weights():
    parts = (Gaussian((0, 0)), Gaussian((50, 50)))
    noisy = Mixture(parts, (0.25, 0.75))(gray(shape=(400, 1, 4, 4)), np.random.default_rng(0))
    untouched = (noisy == 0.5).all(axis=(1, 2, 3)).mean()
    assert untouched == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (Gaussian, {"sigma": (30.0, 5.0)}),
        (Gaussian, {"sigma": (-3.0, 5.0)}),
        (noise.Jpeg, {"quality": (50.0, 500.0)}),
        (Mask, {"amount": (0.5, 1.5)}),
    ],
)
def test_senseless_ranges_are_refused(kind, setting):
    with pytest.raises(RecipeError, match="low <= high"):
        kind(**setting)


@pytest.mark.parametrize("weights", [(1.0,), (1.0, 2.0, 3.0), (0.0, 0.0), (-1.0, 2.0)])
def test_weights_that_choose_no_part_are_refused(weights):
    with pytest.raises(RecipeError, match="2 parts and weights"):
        Mixture((Gaussian(), noise.Jpeg()), weights)


def test_a_seed_below_0_is_refused():
    with pytest.raises(RecipeError, match="seed is -1"):
        Fixed(Gaussian(), -1)


def test_a_mixture_of_masks_says_what_each_hides():
    masks = Mixture((Mask((0.5, 0.5)), Mask((0.25, 0.25), block=True)))
    picture = gray(shape=(60, 1, 16, 16)) + 0.1
    kept = masks.keep(picture, np.random.default_rng(0))
    hidden = 1 - kept.mean(axis=(1, 2, 3))
    assert kept.shape == (60, 1, 16, 16)
    assert ((np.abs(hidden - 0.5) < 0.15) ^ (np.abs(hidden - 0.25) < 0.1)).all()
    assert (masks(picture, np.random.default_rng(0)) == picture * kept).all()
