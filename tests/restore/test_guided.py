import numpy as np
import pytest

from hillotype.restore.guided import box_mean, local_slopes, raised


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
    plane = np.random.default_rng(0).random(small, dtype=np.float32)
    whole = raised(plane, full, slice(0, full[0]))
    strips = [raised(plane, full, slice(top, min(top + 4, full[0]))) for top in range(0, full[0], 4)]
    np.testing.assert_allclose(np.concatenate(strips), whole, atol=1e-5)
