import dataclasses

import numpy as np
import pytest
import torch

from hillotype.errors import RecipeError
from hillotype.latent.coder import Coder, open_coder
from hillotype.latent.pictures import read_split
from hillotype.models import build
from hillotype.tasks import Colorize


@pytest.fixture(scope="module")
def pictures(dense):
    return read_split(dense.run, "test").pixels


@pytest.mark.parametrize("name", ["dense", "vae"])
def test_codes_are_flat_and_always_the_same(name, request, pictures):
    trained = request.getfixturevalue(name)
    coder = open_coder(trained)
    codes = coder.encode(pictures)
    assert (codes.shape, codes.dtype, coder.size) == ((len(pictures), 3), np.float32, 3)
    np.testing.assert_array_equal(codes, coder.encode(pictures))
    np.testing.assert_allclose(coder.reconstruct(pictures), trained.answer(trained.observe(pictures)), atol=1e-6)


@pytest.mark.parametrize("name", ["dense", "vae"])
def test_a_trained_one_keeps_more_than_the_mean_picture(name, request, pictures):
    coder = open_coder(request.getfixturevalue(name))
    error = np.square(coder.reconstruct(pictures) - pictures).mean()
    assert error < np.square(pictures.mean(axis=0) - pictures).mean()


def test_many_pictures_are_done_in_batches(dense, pictures):
    coder = open_coder(dense)
    many = np.tile(pictures, (30, 1, 1, 1))
    np.testing.assert_allclose(coder.encode(many)[-len(pictures) :], coder.encode(pictures), atol=1e-5)
    assert coder.reconstruct(many).shape == many.shape


def test_only_a_generative_model_has_a_posterior(dense, vae, pictures):
    coder = open_coder(vae)
    means, logvars = coder.posterior(pictures)
    np.testing.assert_array_equal(means, coder.encode(pictures))
    assert logvars.shape == means.shape
    assert coder.generative is vae.model
    assert open_coder(dense).generative is None
    with pytest.raises(RecipeError, match="no posterior; train a `vae`"):
        open_coder(dense).posterior(pictures)


def test_codes_with_places_are_flat_here_too():
    torch.manual_seed(0)
    model = build("pooled_conv", in_channels=1, out_channels=1, filters=[4, 2])
    coder = Coder.of("pooled", model, (1, 10, 10))
    assert (coder.code_shape, coder.size) == ((2, 3, 3), 18)
    picture = np.random.default_rng(0).random((2, 1, 10, 10), dtype=np.float32)
    again = coder.decode(coder.encode(picture))
    assert again.shape == picture.shape  # 12x12 as decoded, cut to size
    with torch.no_grad():
        np.testing.assert_allclose(again, model(torch.from_numpy(picture)).numpy().clip(0, 1), atol=1e-6)


def test_the_shift_of_a_task_is_taken_off_and_put_back(dense, pictures):
    plain = open_coder(dense)
    shifted = dataclasses.replace(plain, shift=0.25)
    np.testing.assert_allclose(shifted.encode(pictures), plain.encode(pictures - 0.25), atol=1e-5)
    codes = plain.encode(pictures)
    np.testing.assert_allclose(shifted.decode(codes), (plain.decode(codes) + 0.25).clip(0, 1), atol=1e-6)


def test_principal_components_are_exact_when_there_are_enough(pictures):
    coder = Coder.pca(pictures, 1000)
    assert coder.size == pictures[0].size
    np.testing.assert_allclose(coder.reconstruct(pictures), pictures, atol=1e-4)
    few = [np.square(Coder.pca(pictures, size).reconstruct(pictures) - pictures).mean() for size in (1, 2, 4)]
    assert few[0] > few[1] > few[2]
    with pytest.raises(RecipeError, match="12x11; give square ones"):
        Coder.pca(pictures[..., :11], 2)


def test_a_model_without_a_code_is_refused_with_the_reason(skip):
    with pytest.raises(RecipeError, match=r"'residual_unet' has no code.*skips carry the picture past it.*train"):
        open_coder(skip)


def test_a_colorizer_is_refused(dense):
    with pytest.raises(RecipeError, match="was trained to colorize, so its codes are not of whole pictures"):
        open_coder(dataclasses.replace(dense, task=Colorize()))


def test_wrong_shapes_and_nan_are_one_line(dense, pictures):
    coder, broken = open_coder(dense), pictures.copy()
    broken[3, 0, 5, 5] = np.nan
    for mistake, says in (
        (lambda: coder.encode(pictures[..., :11]), r"pictures of shape \(1, 12, 11\).*made for \(1, 12, 12\)"),
        (lambda: coder.encode(broken), "number 3 of the pictures holds NaN"),
        (lambda: coder.decode(np.zeros((2, 4), np.float32)), r"codes of shape \(2, 4\), but it has codes of 3 numbers"),
        (lambda: coder.decode(np.zeros(3, np.float32)), "codes of 3 numbers"),
        (lambda: coder.decode(np.full((1, 3), np.inf, np.float32)), "number 0 of the codes holds NaN or infinity"),
    ):
        with pytest.raises(RecipeError, match=says) as caught:
            mistake()
        assert "\n" not in str(caught.value)
