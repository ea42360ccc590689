import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from hillotype.errors import RecipeError
from hillotype.latent import anomaly
from hillotype.latent.anomaly import area, auc, fit_scores, reconstruction_error, reconstruction_probability, roc
from hillotype.latent.bound import cross_entropy
from hillotype.latent.coder import open_coder
from hillotype.latent.pictures import read_split


@pytest.fixture(scope="module")
def strange():
    """Pictures unlike any blob: noise."""
    return np.random.default_rng(0).random((15, 1, 12, 12), dtype=np.float32)


@pytest.mark.parametrize("name", ["dense", "vae"])
def test_every_score_finds_noise_strange_among_blobs(name, strange, request):
    trained = request.getfixturevalue(name)
    train, validation, test = (read_split(trained.run, split).pixels for split in ("train", "validation", "test"))
    scores = fit_scores(open_coder(trained), train, validation)
    assert ("reconstruction probability" in scores) == (name == "vae")
    areas = {each: auc(score(test), score(strange)) for each, score in scores.items()}
    assert all(areas[each] > 0.9 for each in ("reconstruction error", "relative error", "combined")), areas
    assert all(score(test).shape == (len(test),) and score(test).dtype == np.float64 for score in scores.values())


def test_scores_are_the_same_each_time(vae, strange):
    train = read_split(vae.run, "train").pixels
    one, again = (fit_scores(open_coder(vae), train, train, seed=4) for _ in range(2))
    assert all(np.array_equal(one[name](strange), again[name](strange)) for name in one)


def test_reconstruction_error_is_the_mean_square(dense, strange):
    coder = open_coder(dense)
    expected = ((coder.reconstruct(strange) - strange) ** 2).mean(axis=(1, 2, 3))
    assert reconstruction_error(coder, strange) == pytest.approx(expected, rel=1e-5)


def test_relative_error_is_the_share_of_variance_lost(dense, strange):
    coder = open_coder(dense)
    lost = ((coder.reconstruct(strange) - strange) ** 2).mean(axis=(1, 2, 3)) / strange.var(axis=(1, 2, 3))
    assert np.exp(anomaly.relative_error(coder, strange)) == pytest.approx(lost, rel=1e-3)
    assert np.isfinite(anomaly.relative_error(coder, np.zeros((1, 1, 12, 12), np.float32))).all()


def test_a_corrected_score_does_not_tell_contrast(strange):
    def score(pictures):
        return 3 * anomaly.contrast(pictures) + pictures[:, 0, 0, 0]

    gains = np.random.default_rng(1).uniform(0.1, 1, (200, 1, 1, 1)).astype(np.float32)
    pictures = gains * np.random.default_rng(2).random((200, 1, 12, 12), dtype=np.float32)
    values = anomaly.corrected(score, pictures)(pictures)
    assert abs(np.corrcoef(values, anomaly.contrast(pictures))[0, 1]) < 1e-6
    assert np.isfinite(anomaly.corrected(score, np.ones_like(strange))(strange)).all()


def test_reconstruction_probability_is_near_that_of_the_mean_code(vae):
    coder, pictures = open_coder(vae), read_split(vae.run, "test").pixels
    drawn = reconstruction_probability(coder, pictures, torch.Generator().manual_seed(0), draws=30)
    mean = cross_entropy(coder.reconstruct(pictures), pictures)
    assert (drawn >= mean - 1).all()
    assert np.corrcoef(drawn, mean)[0, 1] > 0.9


def test_an_autoencoder_without_a_posterior_has_no_reconstruction_probability(dense, strange):
    with pytest.raises(RecipeError, match="no posterior"):
        reconstruction_probability(open_coder(dense), strange, torch.Generator())


def test_the_area_agrees_with_scikit_learn_ties_included():
    rng = np.random.default_rng(0)
    normal, strange = rng.integers(0, 6, 70).astype(float), rng.integers(2, 9, 30).astype(float)
    truth = np.repeat([0, 1], [70, 30])
    expected = roc_auc_score(truth, np.concatenate([normal, strange]))
    assert auc(normal, strange) == pytest.approx(expected, abs=1e-12)
    assert np.trapezoid(*reversed(roc(normal, strange))) == pytest.approx(expected, abs=1e-12)


def test_the_curve_goes_from_none_to_all():
    false, true = roc(np.array([0.0, 1.0, 2.0]), np.array([1.5, 3.0]))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()


def test_the_interval_holds_the_area_and_narrows_with_more_pictures():
    rng = np.random.default_rng(0)
    few, many = (area(rng.normal(size=n), rng.normal(1, 1, n), np.random.default_rng(1)) for n in (30, 3000))
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low
    assert many.value == pytest.approx(0.76, abs=0.02)  # of two normals, one standard deviation apart


def test_the_threshold_is_passed_by_the_share_of_normal_pictures():
    scores = np.arange(100.0)
    assert (scores > anomaly.threshold(scores, 0.05)).sum() == 5


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(RecipeError, match="between 0 and 1"):
        anomaly.threshold(np.arange(3.0), share)


def test_pictures_of_one_kind_only_are_refused_in_one_line():
    some, none = np.arange(3.0), np.zeros(0)
    for measure in (auc, roc):
        with pytest.raises(RecipeError, match="no strange pictures"):
            measure(some, none)
        with pytest.raises(RecipeError, match="no normal pictures"):
            measure(none, some)
    with pytest.raises(RecipeError, match="NaN"):
        auc(some, np.array([np.nan]))
