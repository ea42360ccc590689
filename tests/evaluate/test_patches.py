"""Patches: cutting and pasting, sampling, and what their covariance says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hillotype.errors import DataError
from hillotype.evaluate.patches import PATCH, conditional_gain, cut, paste, principal_components, sample


@given(channels=st.integers(1, 3), height=st.integers(1, 30), width=st.integers(1, 30), stride=st.integers(1, PATCH))
def test_paste_inverts_cut_at_any_size(channels, height, width, stride):
    picture = np.random.default_rng(0).random((channels, height, width), dtype=np.float32)
    patches, grid = cut(picture, stride)
    assert patches.shape == (channels * PATCH**2, grid[0] * grid[1])
    np.testing.assert_allclose(paste(patches, grid, stride, (height, width)), picture, atol=1e-6)


def test_patches_are_those_of_the_picture():
    picture = np.arange(2 * 20 * 24, dtype=np.float32).reshape(2, 20, 24)
    patches, (rows, columns) = cut(picture, 4)
    assert (rows, columns) == (4, 5)
    np.testing.assert_array_equal(patches[:, 1 * columns + 2].reshape(2, 8, 8), picture[:, 4:12, 8:16])


def test_sample_holds_some_pictures_out():
    pictures = [np.full((1, 16, 16 + k), k, np.float32) for k in range(10)]
    patches, held_out = sample(iter(pictures), np.random.default_rng(0))
    assert [int(picture[0, 0, 0]) for picture in held_out] == [1, 6]
    assert set(np.unique(patches)) == {0, 2, 3, 4, 5, 7, 8, 9}
    assert patches.shape[1] == PATCH**2


def test_unusable_pictures_are_refused():
    rng = np.random.default_rng(0)
    large, small, color = (np.zeros(shape, np.float32) for shape in ((1, 9, 9), (1, 7, 30), (3, 9, 9)))
    for too_few in ([], [large], [large, small, small]):
        with pytest.raises(DataError, match="at least 2"):
            sample(too_few, rng)
    with pytest.raises(DataError, match="channels"):
        sample([large, large, color], rng)


def test_principal_components_are_in_order_and_orthonormal():
    patches = np.random.default_rng(0).normal(0, np.arange(1, 9), (500, 8)).astype(np.float32)
    mean, components, variances = principal_components(patches)
    np.testing.assert_allclose(mean, patches.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(components @ components.T, np.eye(8), atol=1e-5)
    assert (np.diff(variances) <= 0).all()


def test_gain_at_full_rank_is_linear_regression():
    rng = np.random.default_rng(0)
    known = rng.normal(0, 1, (4000, 3))
    other = known @ rng.normal(0, 1, (3, 2)) + rng.normal(0, 0.5, (4000, 2))
    values = np.concatenate([known, other], axis=1).astype(np.float32)
    mean, components, variances = principal_components(values)
    centered = values - mean
    expected = np.linalg.lstsq(centered[:, :3], centered[:, 3:], rcond=None)[0].T
    np.testing.assert_allclose(conditional_gain(components, variances, 5, 3), expected, atol=1e-4)
    # Without a component nothing ties the values together.
    np.testing.assert_allclose(conditional_gain(components, variances, 0, 3), 0, atol=1e-6)
