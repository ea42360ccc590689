"""Metrics: against scikit-image, published pairs and closed forms, on numpy and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter, sobel
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from hillotype.errors import DataError
from hillotype.metrics import (
    bleed,
    bootstrap_interval,
    ciede2000,
    colorfulness,
    delta_e2000,
    delta_e2000_map,
    finite_psnr,
    mse,
    psnr,
    ssim,
)

PAIR_METRICS = [mse, psnr, ssim, delta_e2000, bleed]
every_pair_metric = pytest.mark.parametrize("metric", PAIR_METRICS, ids=lambda metric: metric.__name__)

# L*, a*, b* twice, and the difference: 20 of the 34 pairs of Sharma et al. 2005, table 1.
SHARMA_PAIRS = np.array(
    [
        [50.0, 2.6772, -79.7751, 50.0, 0.0, -82.7485, 2.0425],
        [50.0, 3.1571, -77.2803, 50.0, 0.0, -82.7485, 2.8615],
        [50.0, 2.8361, -74.0200, 50.0, 0.0, -82.7485, 3.4412],
        [50.0, -1.3802, -84.2814, 50.0, 0.0, -82.7485, 1.0000],
        [50.0, 0.0, 0.0, 50.0, -1.0, 2.0, 2.3669],
        [50.0, -1.0, 2.0, 50.0, 0.0, 0.0, 2.3669],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0009, 7.1792],
        [50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0011, 7.2195],
        [50.0, -0.0010, 2.4900, 50.0, 0.0009, -2.4900, 4.8045],
        [50.0, -0.0010, 2.4900, 50.0, 0.0011, -2.4900, 4.7461],
        [50.0, 2.5, 0.0, 50.0, 0.0, -2.5, 4.3065],
        [50.0, 2.5, 0.0, 73.0, 25.0, -18.0, 27.1492],
        [50.0, 2.5, 0.0, 61.0, -5.0, 29.0, 22.8977],
        [50.0, 2.5, 0.0, 56.0, -27.0, -3.0, 31.9030],
        [50.0, 2.5, 0.0, 50.0, 3.1736, 0.5854, 1.0000],
        [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
        [22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373],
        [90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441],
        [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
        [2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082],
    ]
)


def pair(dtype=np.float32, shape=(3, 3, 40, 52), seed=0):
    """Two pictures that are alike: smooth ramps with noise, and the same with more of it."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.1, 0.9, shape[-1]) * np.linspace(0.4, 1, shape[-2])[:, None]
    reference = (ramp + rng.normal(0, 0.1, shape)).clip(0, 1)
    picture = (reference + rng.normal(0, 0.08, shape)).clip(0, 1)
    return picture.astype(dtype), reference.astype(dtype)


def steps(offset=0.0):
    """One picture with a vertical luma edge in the middle, reddened by `offset` from 20 pixels right of it."""
    picture = np.full((1, 3, 64, 96), 0.3, np.float32)
    picture[..., 48:] = 0.7
    picture[:, 0, :, 68:] += offset
    return picture


@every_pair_metric
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_value_a_picture_in_the_same_namespace(metric, dtype):
    picture, reference = pair(dtype)
    values = metric(picture, reference)
    tensors = metric(torch.from_numpy(picture), torch.from_numpy(reference))
    assert isinstance(values, np.ndarray)
    assert isinstance(tensors, torch.Tensor)
    assert values.dtype == tensors.numpy().dtype == dtype
    assert values.shape == tuple(tensors.shape) == (3,)
    np.testing.assert_allclose(values, tensors.numpy(), rtol=1e-4 if dtype == np.float32 else 1e-9)
    alone = np.concatenate([metric(picture[k : k + 1], reference[k : k + 1]) for k in range(3)])
    np.testing.assert_allclose(values, alone, rtol=1e-5)


@every_pair_metric
def test_equal_pictures_score_the_best_value(metric):
    _, reference = pair()
    best = {psnr: np.inf, ssim: 1.0}.get(metric, 0.0)
    np.testing.assert_allclose(metric(reference, reference), best, atol=1e-6)


@every_pair_metric
def test_half_precision_is_computed_in_float32(metric):
    picture, reference = (torch.from_numpy(x).to(torch.bfloat16) for x in pair())
    values = metric(picture, reference)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, metric(picture.float(), reference.float()))


@every_pair_metric
def test_unusable_pictures_are_refused(metric):
    picture, reference = pair()
    with pytest.raises(DataError, match="one shape"):
        metric(picture, reference[:, :, :-1])
    with pytest.raises(DataError, match=r"\(N, .*, H, W\)"):
        metric(picture[0], reference[0])
    with pytest.raises(DataError, match="none of them 0"):
        metric(picture[:0], reference[:0])
    with pytest.raises(DataError, match="uint8"):
        metric((picture * 255).astype(np.uint8), (reference * 255).astype(np.uint8))
    for broken in (np.nan, np.inf):
        picture[1, 2, 3, 4] = broken
        with pytest.raises(DataError, match="finite"):
            metric(picture, reference)
        with pytest.raises(DataError, match="finite"):
            metric(reference, picture)


@pytest.mark.parametrize("metric", [delta_e2000, bleed])
def test_color_metrics_refuse_gray_pictures(metric):
    gray = np.zeros((1, 1, 16, 16), np.float32)
    with pytest.raises(DataError, match=r"\(N, 3, H, W\)"):
        metric(gray, gray)
    with pytest.raises(DataError, match=r"\(N, 3, H, W\)"):
        colorfulness(gray)


def test_mse_and_psnr_of_a_known_error():
    reference = np.full((2, 1, 5, 7), 0.5)
    picture = reference + np.array([0.1, 0.01]).reshape(2, 1, 1, 1)
    np.testing.assert_allclose(mse(picture, reference), [1e-2, 1e-4])
    np.testing.assert_allclose(psnr(picture, reference), [20, 40])


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_what_is_exact_counts_100_db(kind):
    reference = np.full((3, 1, 5, 7), 0.5, np.float32)
    picture = reference + np.array([0.1, 1e-6, 0], np.float32).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(finite_psnr(kind(picture), kind(reference)), [20, 100, 100], rtol=1e-4)


def test_psnr_agrees_with_scikit_image():
    picture, reference = pair()
    expected = [peak_signal_noise_ratio(r, p, data_range=1) for p, r in zip(picture, reference, strict=True)]
    np.testing.assert_allclose(psnr(picture, reference), expected, rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_agrees_with_scikit_image(channels):
    # Its mean leaves out a border of 5 pixels, where its window would leave the picture: the valid borders.
    picture, reference = pair(np.float64, (2, channels, 40, 52))
    expected = [
        structural_similarity(
            p, r, channel_axis=0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1
        )
        for p, r in zip(picture, reference, strict=True)
    ]
    np.testing.assert_allclose(ssim(picture, reference), expected, rtol=1e-9)
    single = ssim(picture.astype(np.float32), reference.astype(np.float32))
    np.testing.assert_allclose(single, expected, rtol=1e-4)


def test_ssim_of_bright_flat_pictures_keeps_its_precision_in_float32():
    picture, reference = pair(np.float64, (1, 1, 40, 52))
    picture, reference = 0.95 + 0.01 * picture, 0.95 + 0.01 * reference
    single = ssim(picture.astype(np.float32), reference.astype(np.float32))
    np.testing.assert_allclose(single, ssim(picture, reference), atol=1e-3)


def test_ssim_refuses_pictures_smaller_than_its_window():
    small = np.zeros((1, 3, 11, 10), np.float32)
    with pytest.raises(DataError, match="at least 11 x 11"):
        ssim(small, small)
    np.testing.assert_allclose(ssim(np.zeros((1, 3, 11, 11)), np.zeros((1, 3, 11, 11))), 1)


@pytest.mark.parametrize("backend", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_ciede2000_of_the_published_pairs(backend):
    lab = SHARMA_PAIRS[:, :3].reshape(-1, 3, 1, 1)
    other = SHARMA_PAIRS[:, 3:6].reshape(-1, 3, 1, 1)
    for first, second in ((lab, other), (other, lab)):
        difference = np.asarray(ciede2000(backend(first.copy()), backend(second.copy())))
        np.testing.assert_allclose(difference.ravel(), SHARMA_PAIRS[:, 6], atol=1e-4)


def test_delta_e2000_agrees_with_scikit_image():
    picture, reference = pair()
    labs = (rgb2lab(np.moveaxis(x.astype(np.float64), 1, -1)) for x in (picture, reference))
    expected = deltaE_ciede2000(*labs)
    np.testing.assert_allclose(delta_e2000_map(picture, reference)[:, 0], expected, atol=2e-3)
    np.testing.assert_allclose(delta_e2000(picture, reference), expected.mean(axis=(1, 2)), rtol=1e-5)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_delta_e2000_is_finite_and_symmetric(values):
    first, second = np.array(values).reshape(2, 1, 3, 1, 1)
    there, back = delta_e2000(first, second), delta_e2000(second, first)
    assert np.isfinite(there).all()
    np.testing.assert_allclose(there, back, atol=1e-6)


def test_colorfulness_of_known_pictures():
    gray = np.random.default_rng(0).uniform(0, 1, (1, 1, 8, 8)).repeat(3, axis=1)
    red = np.zeros((1, 3, 8, 8))
    red[:, 0] = 1
    half = red.copy()
    half[..., 4:] = 0
    mean = 0.3 * np.hypot(255, 127.5)
    np.testing.assert_allclose(
        colorfulness(np.concatenate([gray, red, half])), [0, mean, mean / 2 + np.hypot(255, 127.5) / 2], atol=1e-9
    )
    tensor = torch.from_numpy(half)
    np.testing.assert_allclose(colorfulness(tensor).numpy(), colorfulness(half))


def test_bleed_counts_chroma_errors_near_edges_only():
    reference = steps()
    far = steps(offset=0.1)
    near = reference.copy()
    near[:, 0, :, 46:48] += 0.1
    assert bleed(far, reference)[0] == pytest.approx(0, abs=1e-4)
    assert bleed(near, reference)[0] > 1


def test_bleed_ignores_luma_errors_and_pictures_without_edges():
    reference = steps()
    assert bleed(reference * 0.8, reference)[0] < 0.01
    flat = np.full((1, 3, 32, 32), 0.5, np.float32)
    tinted = flat + np.array([0.1, 0, 0], np.float32).reshape(1, 3, 1, 1)
    assert bleed(tinted, flat)[0] == 0


def test_bleed_agrees_with_scipy():
    picture, reference = pair(np.float64, (1, 3, 40, 52))
    lab, lab_reference = (rgb2lab(np.moveaxis(x[0], 0, -1)) for x in (picture, reference))
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    smooth = np.pad(lab_reference[..., 0], 2, mode="edge")
    for axis in (0, 1):
        smooth = np.apply_along_axis(np.convolve, axis, smooth, kernel, mode="valid")
    steepness = np.hypot(sobel(smooth, 0, mode="nearest"), sobel(smooth, 1, mode="nearest")) / 8
    edges = steepness >= np.sort(steepness.ravel())[-104]
    band = maximum_filter(edges, size=9)
    expected = np.abs(lab - lab_reference)[..., 1:][band].mean()
    np.testing.assert_allclose(bleed(picture, reference), expected, rtol=1e-6)


def test_bootstrap_interval_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(3, 1, 400)
    low, high = bootstrap_interval(values, rng=np.random.default_rng(2))
    reach = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - reach, abs=0.02)
    assert high == pytest.approx(values.mean() + reach, abs=0.02)
    assert (low, high) == bootstrap_interval(values, rng=np.random.default_rng(2))
    narrow = bootstrap_interval(values, rng=np.random.default_rng(2), level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_bootstrap_interval_of_few_or_bad_values():
    rng = np.random.default_rng(0)
    assert bootstrap_interval([2.5], rng=rng, draws=10) == (2.5, 2.5)
    with pytest.raises(DataError, match="finite"):
        bootstrap_interval([], rng=rng)
    with pytest.raises(DataError, match="finite"):
        bootstrap_interval([1.0, np.inf], rng=rng)
