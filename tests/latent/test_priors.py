import numpy as np
import pytest
from scipy.stats import multivariate_normal

from hillotype.errors import RecipeError
from hillotype.latent.coder import open_coder
from hillotype.latent.priors import Mixture, Normal, StandardNormal, check_prior, fit_prior


@pytest.fixture(scope="module")
def clusters():
    """600 codes of 2 numbers about (-4, 0) and (4, 1), a third and two thirds of them."""
    rng = np.random.default_rng(0)
    first = rng.normal((-4, 0), (0.5, 1), (200, 2))
    return np.concatenate([first, rng.normal((4, 1), (1, 0.3), (400, 2))]).astype(np.float32)


def test_a_standard_normal_has_its_density():
    codes = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    expected = multivariate_normal(np.zeros(3)).logpdf(codes)
    np.testing.assert_allclose(StandardNormal(3).log_density(codes), expected, rtol=1e-6)


def test_a_normal_has_the_codes_mean_covariance_and_density(clusters):
    prior = Normal.fit(clusters)
    exact = multivariate_normal(clusters.mean(axis=0), np.cov(clusters, rowvar=False))
    np.testing.assert_allclose(prior.log_density(clusters), exact.logpdf(clusters), rtol=1e-4)
    drawn = prior.sample(20_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), np.cov(clusters, rowvar=False), rtol=0.05, atol=0.05)


def test_a_mixture_finds_the_clusters(clusters):
    prior = Mixture.fit(clusters, parts=2)
    order = np.argsort([part.mean[0] for part in prior.parts])
    np.testing.assert_allclose(prior.weights[order], [1 / 3, 2 / 3], atol=0.01)
    np.testing.assert_allclose([prior.parts[at].mean for at in order], [(-4, 0), (4, 1)], atol=0.2)
    assert prior.log_density(clusters).mean() > Normal.fit(clusters).log_density(clusters).mean() + 0.5


def test_a_mixtures_density_sums_to_one(clusters):
    axis = np.linspace(-12, 12, 241)
    plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    density = np.exp(Mixture.fit(clusters, parts=3).log_density(plane))
    assert density.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)


def test_draws_of_a_mixture_have_its_weights_in_random_order(clusters):
    drawn = Mixture.fit(clusters, parts=2).sample(4000, np.random.default_rng(0))
    left = drawn[:, 0] < 0
    assert left.mean() == pytest.approx(1 / 3, abs=0.03)
    assert 0.25 < left[:500].mean() < 0.42  # not one part after the other


@pytest.mark.parametrize("prior", ["standard", "normal", "mixture"])
def test_draws_are_float32_and_of_the_generator(clusters, prior):
    fitted = {"standard": lambda: StandardNormal(2), "normal": lambda: Normal.fit(clusters)}
    drawing = fitted.get(prior, lambda: Mixture.fit(clusters, seed=5))
    first, second = (drawing().sample(7, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (7, 2)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_numbers_that_never_move_are_no_trouble(clusters):
    still = np.concatenate([clusters, np.zeros((len(clusters), 1), np.float32)], axis=1)
    for prior in (Normal.fit(still), Mixture.fit(still)):
        assert np.isfinite(prior.log_density(still)).all()
        assert np.abs(prior.sample(50, np.random.default_rng(0))[:, 2]).max() < 0.1
    alike = Normal.fit(np.ones((4, 2), np.float32))
    np.testing.assert_allclose(alike.sample(3, np.random.default_rng(0)), 1, atol=1e-4)


def test_few_codes_get_few_parts(clusters):
    assert len(Mixture.fit(clusters[:2]).parts) == 1
    assert len(Mixture.fit(clusters[:12]).parts) == 4
    assert len(Mixture.fit(clusters).parts) == 10


def test_codes_of_one_number():
    codes = np.random.default_rng(0).normal(2, 3, (100, 1)).astype(np.float32)
    assert Normal.fit(codes).factor[0, 0] == pytest.approx(codes.std(ddof=1), rel=1e-4)


def test_priors_by_name(dense, vae, clusters):
    plain, variational = open_coder(dense), open_coder(vae)
    assert fit_prior("own", variational, np.zeros((0, 3))) == StandardNormal(3)
    assert isinstance(fit_prior("normal", plain, clusters), Normal)
    assert isinstance(fit_prior("mixture", variational, clusters), Mixture)
    with pytest.raises(RecipeError, match=r"tiny-dense: has no prior of its own.*normal or mixture"):
        fit_prior("own", plain, clusters)
    with pytest.raises(RecipeError, match="prior 'flat': unknown; use one of own, normal, mixture"):
        check_prior("flat", plain)


@pytest.mark.parametrize("codes", [np.zeros((1, 2)), np.zeros(5), np.full((4, 2), np.nan), np.zeros((2, 5000))])
def test_codes_that_nothing_can_be_fitted_to(codes):
    for fit in (Normal.fit, Mixture.fit):
        with pytest.raises(RecipeError, match=r"give more|leave these out|smaller code"):
            fit(codes)


def test_codes_of_another_length(clusters):
    for prior in (StandardNormal(3), Normal.fit(np.eye(3)), Mixture.fit(np.eye(3))):
        with pytest.raises(RecipeError, match=r"codes of shape \(600, 2\).*\(N, 3\)"):
            prior.log_density(clusters)


def test_a_mixture_has_parts(clusters):
    with pytest.raises(RecipeError, match="0 parts; use at least 1"):
        Mixture.fit(clusters, parts=0)
