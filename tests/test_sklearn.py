import pickle
import re
import sys
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from hillotype.sklearn import AutoencoderTransformer, Denoiser, training

SMALL = {"hidden": (16,), "epochs": 3, "random_state": 0}
ESTIMATORS = [
    AutoencoderTransformer(**SMALL),
    AutoencoderTransformer(hidden=(), random_state=0),
    AutoencoderTransformer(beta=0.5, noise=0.1, activation="tanh", **SMALL),
    Denoiser(**SMALL),
]
each = pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)


@pytest.fixture(scope="module")
def digits():
    """1797 digits of 8x8 pixels in [0, 16], three parts to learn from and one to test with."""
    return train_test_split(*load_digits(return_X_y=True), random_state=0)


@pytest.fixture(scope="module")
def samples():
    """Samples on a curve, (200, 6)."""
    rng = np.random.default_rng(0)
    along = rng.uniform(-2, 2, (200, 1))
    return np.hstack([along, along**2, np.sin(2 * along)]) @ rng.normal(size=(3, 6)) + 0.01 * rng.normal(size=(200, 6))


def squared_error(answer, truth):
    return float(((answer - truth) ** 2).mean())


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("size", [2, 10])
def test_the_linear_autoencoder_equals_pca(size):
    pixels = load_digits().data
    pca = PCA(size).fit(pixels)
    linear = AutoencoderTransformer(size, hidden=(), random_state=0).fit(pixels)
    error = squared_error(pca.inverse_transform(pca.transform(pixels)), pixels)
    assert 1 - 1e-9 <= -linear.score(pixels) / error <= 1.001
    assert np.cos(subspace_angles(linear.decoder_.weights[0], pca.components_.T)).min() >= 0.9999


def test_l_bfgs_that_is_cut_short_says_so(samples, monkeypatch):
    monkeypatch.setattr(training, "_MOST_EVALUATIONS", 3)
    with pytest.warns(ConvergenceWarning, match="not converged in 3 evaluations"):
        AutoencoderTransformer(hidden=(), random_state=0).fit(samples)


def test_a_deep_one_is_better_than_pca_on_digits_it_has_not_seen(digits):
    train, test, *_ = digits
    pca = PCA(2).fit(train)
    deep = AutoencoderTransformer(hidden=(128, 64), epochs=40, random_state=0).fit(train.astype(np.float32))
    assert -deep.score(test) < 0.75 * squared_error(pca.inverse_transform(pca.transform(test)), test)
    assert deep.loss_curve_[-1] < 0.5 * deep.loss_curve_[0]


def test_the_weight_of_the_divergence_pulls_codes_to_the_prior(samples):
    free, held = (
        AutoencoderTransformer(1, beta=beta, hidden=(32,), epochs=100, random_state=0).fit(samples)
        for beta in (1.0, 100.0)
    )
    assert 0.7 < free.transform(samples).std() < 1.1
    assert held.transform(samples).std() < 0.1
    assert -free.score(samples) < 0.6 * -held.score(samples)
    np.testing.assert_array_equal(free.transform(samples), free.transform(samples))  # the mean, not a draw


def test_a_denoising_autoencoder_errs_less_on_noisy_samples(digits):
    train, test, *_ = digits
    noisy = test + np.random.default_rng(0).normal(0, 4, test.shape)
    plain, denoising = (
        AutoencoderTransformer(32, hidden=(128,), noise=noise, epochs=20, random_state=0).fit(train)
        for noise in (0.0, 4.0)
    )
    errors = [squared_error(coder.inverse_transform(coder.transform(noisy)), test) for coder in (plain, denoising)]
    assert errors[1] < 0.7 * errors[0]


def test_a_grid_search_puts_it_in_the_place_of_pca(digits):
    train, test, train_classes, test_classes = digits
    pipeline = make_pipeline(PCA(), KNeighborsClassifier(5))
    coders = [PCA(2), AutoencoderTransformer(2, hidden=(), random_state=0), AutoencoderTransformer(random_state=0)]
    coders[2].set_params(hidden=(128, 64), epochs=30, learning_rate=5e-3)
    search = GridSearchCV(pipeline, {"pca": coders}, cv=2).fit(train, train_classes)
    of_pca, of_linear, of_deep = search.cv_results_["mean_test_score"]
    assert of_linear == pytest.approx(of_pca, abs=0.05)
    assert of_deep > of_pca + 0.1
    assert search.best_params_["pca"].hidden == (128, 64)
    assert search.score(test, test_classes) > of_pca


def test_a_search_by_its_own_score_takes_the_smallest_error(samples):
    search = GridSearchCV(AutoencoderTransformer(hidden=(), random_state=0), {"n_components": [1, 2]}, cv=2)
    assert search.fit(samples).best_params_ == {"n_components": 2}
    assert search.best_score_ < 0


@each
def test_a_copy_by_pickle_answers_alike(estimator, samples):
    fitted = clone(estimator).fit(samples)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(samples), fitted.transform(samples))
    assert again.score(samples) == fitted.score(samples)


@each
def test_a_clone_fitted_again_is_equal_to_the_last_bit(estimator, samples):
    state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first = clone(estimator).fit(samples)
    assert joblib.hash(clone(first).fit(samples)) == joblib.hash(first)  # so a Pipeline's memory knows it again
    assert joblib.hash(clone(first).set_params(random_state=1).fit(samples)) != joblib.hash(first)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


@each
def test_any_range_and_both_precisions_will_do(estimator, samples):
    plain = clone(estimator).fit(samples)
    wide = clone(estimator).set_params(noise=estimator.noise and 1e6 * estimator.noise).fit(1e6 * samples - 3e6)
    assert wide.score(1e6 * samples - 3e6) == pytest.approx(1e12 * plain.score(samples), rel=1e-6)
    single = clone(estimator).fit(samples.astype(np.float32))
    assert single.transform(samples).dtype == np.float32
    assert single.score(samples) == pytest.approx(plain.score(samples), rel=1e-3)


def test_samples_that_are_all_alike_are_given_back():
    alike = np.full((5, 3), 7.0)
    coder = AutoencoderTransformer(2, hidden=(), random_state=0).fit(alike)
    np.testing.assert_allclose(coder.inverse_transform(coder.transform(alike)), alike)


def test_codes_have_names(samples):
    coder = AutoencoderTransformer(2, **SMALL).fit(samples)
    assert list(coder.get_feature_names_out()) == ["autoencodertransformer0", "autoencodertransformer1"]
    assert list(Denoiser(**SMALL).fit(samples).get_feature_names_out()) == [f"x{n}" for n in range(6)]


def test_data_frames_go_in_and_come_out(samples):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(samples, columns=list("abcdef"), index=range(10, 210))
    codes = AutoencoderTransformer(1, **SMALL).set_output(transform="pandas").fit_transform(frame)
    assert list(codes.columns) == ["autoencodertransformer0"]
    assert list(codes.index) == list(frame.index)


def test_it_prints_the_loss_of_each_epoch_if_asked(samples, capsys):
    coder = AutoencoderTransformer(verbose=True, **SMALL).fit(samples)
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"epoch 3 of 3, loss {coder.loss_curve_[-1]:.5g}")


@pytest.mark.parametrize("size", [1, 3])
def test_codes_of_another_length_are_refused(samples, size):
    coder = AutoencoderTransformer(2, **SMALL).fit(samples)
    with pytest.raises(ValueError, match=f"codes of {size} numbers, but it was fitted to make codes of 2; give what"):
        coder.inverse_transform(np.zeros((4, size)))
    coder.set_params(n_components=size)  # what it has learned stays as it is
    assert coder.transform(samples).shape == (200, 2)


@each
def test_what_is_no_number_is_refused(estimator, samples):
    broken = samples.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        clone(estimator).fit(broken)
    with pytest.raises(ValueError, match="contains NaN"):
        clone(estimator).fit(samples).transform(broken)
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        clone(estimator).fit(csr_array(samples))
    with pytest.raises(NotFittedError):
        clone(estimator).score(samples)


def test_codes_that_are_no_numbers_are_refused(samples):
    with pytest.raises(ValueError, match="contains NaN"):
        AutoencoderTransformer(2, **SMALL).fit(samples).inverse_transform([[np.nan, 0]])


@pytest.mark.parametrize(
    ("settings", "error", "line"),
    [
        ({"n_components": 0}, ValueError, "n_components == 0, must be >= 1"),
        ({"n_components": 1.5}, TypeError, "n_components must be an instance of int"),
        ({"hidden": 128}, TypeError, r"hidden is 128; it must be a sequence of layer widths, as \(256, 128\)"),
        ({"hidden": (8, 0)}, ValueError, "each width of hidden == 0, must be >= 1"),
        ({"activation": "gelu"}, ValueError, "activation is 'gelu'; it must be one of linear, relu, sigmoid, tanh"),
        ({"noise": -1}, ValueError, "noise == -1, must be >= 0"),
        ({"beta": -1}, ValueError, "beta == -1, must be >= 0"),
        ({"epochs": 0}, ValueError, "epochs == 0, must be >= 1"),
        ({"batch_size": "all"}, TypeError, "batch_size must be an instance of int"),
        ({"learning_rate": 0}, ValueError, "learning_rate == 0, must be > 0"),
        ({"learning_rate": np.nan}, ValueError, "learning_rate == nan, must be finite"),
        ({"noise": np.nan}, ValueError, "noise == nan, must be finite"),
        ({"beta": np.inf}, ValueError, "beta == inf, must be finite"),
        (
            {"learning_rate": 1e200},
            ValueError,
            "AutoencoderTransformer: the loss is .* in epoch .; lower learning_rate",
        ),
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused_by_fit(samples, settings, error, line):
    with pytest.raises(error, match=line):
        AutoencoderTransformer(**(SMALL | settings)).fit(samples)


def test_a_denoiser_learns_from_clean_digits_and_beats_the_best_pca(digits):
    train, test, *_ = digits
    noisy = test + np.random.default_rng(0).normal(0, 4, test.shape)
    denoiser = Denoiser(noise=4.0, epochs=15, random_state=0).fit(train.astype(np.float32))
    bases = [PCA(size).fit(train) for size in (4, 8, 12, 16, 24, 32)]
    by_pca = min(squared_error(pca.inverse_transform(pca.transform(noisy)), test) for pca in bases)
    assert -denoiser.score(noisy, test) < 0.9 * by_pca < squared_error(noisy, test)
    assert denoiser.score(test) == pytest.approx(denoiser.score(noisy, test), rel=0.05)  # with noise of its own
    np.testing.assert_array_equal(denoiser.predict(noisy), denoiser.transform(noisy))


def test_a_denoiser_learns_from_noisy_and_clean_digits(digits):
    train, test, *_ = digits
    rng = np.random.default_rng(0)
    seen, unseen = (np.where(rng.random(part.shape) < 0.3, 0, part) for part in (train, test))
    denoiser = Denoiser(epochs=15, random_state=0).fit(seen, train)
    assert -denoiser.score(unseen, test) < 0.5 * squared_error(unseen, test)
    np.testing.assert_allclose(denoiser.mean_, train.mean(axis=0))


def test_labels_are_not_clean_samples(digits):
    train, test, train_classes, test_classes = digits
    denoiser = Denoiser(hidden=(64,), epochs=5, random_state=0)
    pipeline = make_pipeline(denoiser, KNeighborsClassifier(3)).fit(train, train_classes)
    assert pipeline.score(test, test_classes) > 0.9
    alone = clone(denoiser).fit(train)
    np.testing.assert_array_equal(pipeline[0].transform(test), alone.transform(test))
    assert alone.score(test, test_classes) == alone.score(test)


def test_clean_samples_of_another_shape_are_refused(samples):
    line = r"Denoiser: y of shape \(200, 5\), X of \(200, 6\); give y the clean sample of each noisy one"
    with pytest.raises(ValueError, match=line):
        Denoiser(**SMALL).fit(samples, samples[:, :5])
    with pytest.raises(ValueError, match="y contains NaN"):
        Denoiser(**SMALL).fit(samples, np.full_like(samples, np.nan))
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        Denoiser(**SMALL).fit(samples, csr_array(samples))


def test_a_missing_library_is_named_with_the_line_that_installs_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("hillotype.sklearn")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"torch is not installed: .* run `pip install 'hillotype\[train\]'`"):
        import_module("hillotype.sklearn")


def test_the_examples_of_its_page_run():
    page = (Path(__file__).parents[1] / "docs" / "sklearn.md").read_text("utf-8")
    names = {}
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(compile(code, "sklearn.md", "exec"), names)
