import numpy as np
import pytest
from PIL import Image

from hillotype.restore.guided import box_mean, local_slopes, prefiltered, raised, sharpened


def test_box_mean_is_cut_off_at_the_borders():
    plane = np.arange(12, dtype=np.float32).reshape(3, 4)
    means = box_mean(plane, 1)
    assert means[0, 0] == pytest.approx(plane[:2, :2].mean())
    assert means[1, 2] == pytest.approx(plane[:3, 1:4].mean())
    assert means[2, 3] == pytest.approx(plane[1:, 2:].mean())


@pytest.mark.parametrize("radius", [0, 2, 9])
def test_box_mean_takes_any_radius(radius):
    planes = np.random.default_rng(0).random((2, 5, 7), dtype=np.float32)
    means = box_mean(planes, radius)
    for row, column in np.ndindex(5, 7):
        rows, columns = (slice(max(0, place - radius), place + radius + 1) for place in (row, column))
        np.testing.assert_allclose(means[:, row, column], planes[:, rows, columns].mean(axis=(1, 2)), rtol=1e-5)


def test_slopes_of_a_line_are_found_and_flat_windows_have_none():
    guide = np.random.default_rng(0).random((20, 30), dtype=np.float32)
    slopes = local_slopes(guide, np.stack([3 * guide + 1, -2 * guide]), radius=2, epsilon=1e-6)
    np.testing.assert_allclose(slopes[0], 3, atol=1e-2)
    np.testing.assert_allclose(slopes[1], -2, atol=1e-2)
    flat = local_slopes(np.full((9, 9), 0.5, np.float32), guide[None, :9, :9], radius=2, epsilon=1e-3)
    assert np.abs(flat).max() < 1e-3


@pytest.mark.parametrize(("small", "full"), [((5, 7), (53, 71)), ((1, 1), (9, 4)), ((3, 40), (11, 41))])
def test_strips_join_without_seams(small, full):
    planes = np.random.default_rng(0).random((2, *small), dtype=np.float32)
    whole = raised(planes, full, slice(0, full[0]))
    strips = [raised(planes, full, slice(top, min(top + 4, full[0]))) for top in range(0, full[0], 4)]
    np.testing.assert_allclose(np.concatenate(strips, axis=1), whole, atol=1e-6)
    for plane, raised_plane in zip(planes, whole, strict=True):
        by_pillow = Image.fromarray(plane).resize(full[::-1], Image.Resampling.BILINEAR)
        np.testing.assert_allclose(raised_plane, by_pillow, atol=1e-5)


def smooth_step(width: int) -> np.ndarray:
    """A lightness (24, width) with a steep edge in its middle."""
    return np.tile(1 / (1 + np.exp(-2.0 * (np.arange(width) - width / 2 + 0.5))), (24, 1)).astype(np.float32)


def test_planes_smoother_than_the_guide_get_its_edges_and_flat_ones_stay():
    guide = smooth_step(32)
    smooth = box_mean(guide, 1)[None]
    sharp = sharpened(guide, smooth, radius=1, epsilon=1e-4, limit=1.0)
    assert np.abs(sharp - guide).mean() < 0.2 * np.abs(smooth - guide).mean()
    flat = np.full((2, 24, 32), 0.3, np.float32)
    np.testing.assert_allclose(sharpened(guide, flat, radius=1, epsilon=1e-3, limit=0.1), flat, atol=1e-4)


@pytest.mark.parametrize("scale", [2, 5])
def test_a_prefiltered_plane_keeps_its_means_when_it_is_raised(scale):
    plane = box_mean(np.random.default_rng(0).random((20, 30), dtype=np.float32), 1)
    size = (20 * scale, 30 * scale)

    def blur(small):
        means = raised(small[None], size, slice(0, size[0])).reshape(20, scale, 30, scale).mean(axis=(1, 3))
        return np.abs(means - plane).mean()

    assert blur(prefiltered(plane, scale)) < 0.4 * blur(plane)


@pytest.mark.parametrize("scale", [1, 0.5])
def test_what_is_not_raised_is_not_prefiltered(scale):
    plane = np.random.default_rng(0).random((2, 5, 7), dtype=np.float32)
    np.testing.assert_array_equal(prefiltered(plane, scale), plane)
