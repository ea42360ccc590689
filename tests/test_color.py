"""Color spaces: against scikit-image and Pillow, on numpy and torch, and as inverses of themselves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from hillotype.color import (
    COLOR_SPACES,
    ColorSpace,
    color_space,
    lab_to_rgb,
    linear_to_srgb,
    neutral_chroma,
    rgb_to_gray,
    rgb_to_lab,
    rgb_to_ycbcr,
    srgb_to_linear,
    ycbcr_to_rgb,
)
from hillotype.errors import PictureError, RecipeError

SPACES = list(COLOR_SPACES.values())
BACKENDS = {"numpy": np.asarray, "torch": torch.from_numpy}
every_space = pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
every_backend = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS.keys())

pictures = arrays(np.uint8, st.tuples(st.integers(1, 2), st.just(3), st.integers(1, 4), st.integers(1, 4))).map(
    lambda values: values.astype(np.float32) / 255
)


def cube(dtype=np.float32, steps=18):
    """The colors of the sRGB cube on a grid, corners and faces included: (1, 3, steps^2, steps)."""
    axis = np.linspace(0, 1, steps)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))
    return grid.reshape(1, 3, steps * steps, steps).astype(dtype)


def channels_last(x):
    return np.moveaxis(np.asarray(x), 1, -1)


@every_backend
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lab_agrees_with_scikit_image(backend, dtype):
    rgb = cube(dtype)
    expected = rgb2lab(channels_last(cube(np.float64)))
    lab = rgb_to_lab(backend(rgb))
    assert np.abs(channels_last(lab) - expected).max() < 1e-3
    back = lab_to_rgb(backend(np.moveaxis(expected, -1, 1).astype(dtype)))
    assert np.abs(channels_last(back) - lab2rgb(expected)).max() < 1e-4


def test_white_and_black_are_neutral_in_lab():
    white = rgb_to_lab(np.ones((1, 3, 1, 1), np.float32)).ravel()
    black = rgb_to_lab(np.zeros((1, 3, 1, 1), np.float32)).ravel()
    np.testing.assert_allclose(white, [100, 0, 0], atol=1e-2)
    np.testing.assert_allclose(black, [0, 0, 0], atol=1e-4)


def test_ycbcr_agrees_with_pillow():
    rgb = np.round(cube(np.float64) * 255).astype(np.uint8)
    expected = np.asarray(Image.fromarray(channels_last(rgb)[0]).convert("YCbCr"), dtype=np.float64)
    ycbcr = channels_last(rgb_to_ycbcr(rgb / 255.0))[0] * 255 + [0, 128, 128]
    assert np.abs(ycbcr.clip(0, 255) - expected).max() < 1.001
    np.testing.assert_allclose(ycbcr_to_rgb(rgb_to_ycbcr(rgb / 255.0)), rgb / 255.0, atol=1e-12)


def test_gray_agrees_with_pillow():
    rgb = np.round(cube(np.float64) * 255).astype(np.uint8)
    expected = np.asarray(Image.fromarray(channels_last(rgb)[0]).convert("L"), dtype=np.float64)
    assert np.abs(rgb_to_gray(rgb / 255.0)[0, 0] * 255 - expected).max() < 1.001


@given(st.floats(-0.2, 1.2))
def test_transfer_curve_inverts(value):
    values = np.array([value])
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=1e-6)


@every_space
@every_backend
@given(rgb=pictures)
def test_join_inverts_split(space: ColorSpace, backend, rgb):
    x = backend(rgb)
    luma, chroma = space.split(x)
    n, _, height, width = rgb.shape
    assert tuple(luma.shape) == (n, 1, height, width)
    assert tuple(chroma.shape) == (n, space.chroma_channels, height, width)
    assert float(luma.min()) >= -1e-6
    assert float(luma.max()) <= 1 + 1e-6
    assert float(abs(space.join(luma, chroma) - x).max()) <= 1e-5


@every_space
@every_backend
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cube_survives_and_namespace_and_dtype_stay(space, backend, dtype):
    x = backend(cube(dtype))
    luma, chroma = space.split(x)
    joined = space.join(luma, chroma)
    assert type(luma) is type(chroma) is type(joined) is type(x)
    assert luma.dtype == chroma.dtype == joined.dtype == x.dtype
    assert float(abs(joined - x).max()) <= 1e-5


RANGES = {
    "rgb": ([0, 0, 0], [1, 1, 1]),
    "lab": ([-0.784, -0.981], [0.894, 0.860]),
    "ycbcr": ([-1, -1], [1, 1]),
    "ratio": ([0, 0, 0], [3.35, 1.71, 8.78]),
    "difference": ([-0.701, -0.413, -0.886], [0.701, 0.413, 0.886]),
}


@every_space
def test_chroma_keeps_its_stated_range(space):
    _, chroma = space.split(cube(steps=32))
    low, high = RANGES[space.name]
    assert (chroma.min(axis=(0, 2, 3)) >= np.array(low) - 1e-5).all()
    assert (chroma.max(axis=(0, 2, 3)) <= np.array(high) + 1e-5).all()


@every_space
def test_numpy_and_torch_agree(space):
    rgb = cube()
    for ours, theirs in zip(space.split(rgb), space.split(torch.from_numpy(rgb)), strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-6)


@every_space
def test_gradients_are_finite_over_the_whole_cube(space):
    x = torch.from_numpy(cube()).requires_grad_()
    luma, chroma = space.split(x)
    (luma.sum() + (chroma**2).sum()).backward()
    assert torch.isfinite(x.grad).all()

    luma = luma.detach().requires_grad_()
    chroma = chroma.detach().requires_grad_()
    (space.join(luma, chroma) ** 2).sum().backward()
    assert torch.isfinite(chroma.grad).all()
    assert luma.grad is None or torch.isfinite(luma.grad).all()


@every_space
def test_gradient_is_that_of_finite_differences(space):
    x = torch.rand(1, 3, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.autograd.gradcheck(lambda rgb: space.split(rgb), x.requires_grad_())
    luma, chroma = (part.detach().requires_grad_() for part in space.split(x))
    assert torch.autograd.gradcheck(space.join, (luma, chroma))


@every_space
def test_join_stays_finite_for_chroma_that_no_color_has(space):
    rng = np.random.default_rng(0)
    luma = rng.uniform(0, 1, (2, 1, 8, 8)).astype(np.float32)
    chroma = rng.uniform(-3, 3, (2, space.chroma_channels, 8, 8)).astype(np.float32)
    assert np.isfinite(space.join(luma, chroma)).all()


@every_space
@every_backend
def test_neutral_chroma_is_gray(space, backend):
    luma = backend(np.linspace(0, 1, 16, dtype=np.float32).reshape(1, 1, 4, 4))
    gray = np.asarray(space.join(luma, neutral_chroma(space, luma)))
    assert np.abs(gray - gray.mean(axis=1, keepdims=True)).max() < 1e-4
    again = space.split(backend(gray))[0]
    assert float(abs(again - luma).max()) < 1e-4


@every_space
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(space, dtype):
    x = torch.from_numpy(cube()).to(dtype)
    luma, chroma = space.split(x)
    joined = space.join(luma, chroma)
    assert luma.dtype == chroma.dtype == joined.dtype == torch.float32
    assert float((joined - x.float()).abs().max()) <= 1e-5


def test_wrong_arrays_are_refused():
    with pytest.raises(PictureError, match="uint8"):
        rgb_to_lab(np.zeros((1, 3, 2, 2), np.uint8))
    with pytest.raises(PictureError, match=r"\(N, 3, H, W\)"):
        rgb_to_gray(np.zeros((1, 2, 2, 3), np.float32))
    with pytest.raises(PictureError, match=r"\(N, 2, H, W\)"):
        color_space("lab").join(np.zeros((1, 1, 2, 2)), np.zeros((1, 3, 2, 2)))
    with pytest.raises(PictureError, match=r"\(N, 1, H, W\)"):
        color_space("difference").join(np.zeros((1, 3, 2, 2)), np.zeros((1, 3, 2, 2)))


def test_registry_finds_by_name_and_names_the_choices():
    assert all(color_space(space.name) is space for space in SPACES)
    with pytest.raises(RecipeError, match="choose one of rgb, lab, ycbcr, ratio, difference"):
        color_space("hsv")
