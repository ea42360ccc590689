import numpy as np
import pytest

from hillotype.restore.reduce import reduced, working_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [((3000, 4000), (256, 341)), ((256, 256), (256, 256)), ((1, 1), (256, 256)), ((100, 50), (512, 256))],
)
def test_working_size_keeps_the_aspect(size, expected):
    assert working_size(*size, 256) == expected


@pytest.mark.parametrize("size", [(1, 20000), (20000, 1), (300, 9000)])
def test_working_size_of_elongated_pictures_is_bounded(size):
    small = working_size(*size, 256)
    assert max(small) == 6 * 256
    assert min(small) >= 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("size", [(1, 1), (7, 90), (333, 517)])
def test_a_ramp_stays_a_ramp(dtype, size):
    rows, columns = np.mgrid[: size[0], : size[1]]
    ramp = ((rows + 0.5) / size[0] + (columns + 0.5) / size[1]) / 2
    scale = 1 if dtype == np.float32 else np.iinfo(dtype).max
    small = reduced((ramp * scale).astype(dtype)[..., None], (20, 31))
    rows, columns = np.mgrid[:20, :31]
    expected = ((rows + 0.5) / 20 + (columns + 0.5) / 31) / 2
    assert small.shape == (20, 31, 1)
    if min(size) > 31:
        np.testing.assert_allclose(small[2:-2, 2:-2, 0], expected[2:-2, 2:-2], atol=0.01)


@pytest.mark.parametrize("size", [(333, 517), (100, 41), (21, 1000)])
def test_squares_cut_off_at_the_border_weigh_no_less(size):
    flat = np.full((*size, 3), 200, np.uint8)
    np.testing.assert_allclose(reduced(flat, (20, 10)), 200 / 255, atol=1e-6)
