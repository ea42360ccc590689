"""Baselines: principal components, regression and filling in, on pictures whose answer is known."""

import numpy as np
import pytest

from hillotype.studies.baselines import ComponentRegression, Components, best_count, ridge
from hillotype.studies.scores import errors


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def flat(rng):
    """Pictures (200, 1, 6, 6) in a subspace of three dimensions."""
    codes, axes = rng.random((200, 3)), rng.random((3, 36)) / 3
    return (codes @ axes).astype(np.float32).reshape(200, 1, 6, 6)


@pytest.mark.parametrize("count", [20, 200])
def test_components_find_the_subspace(flat, count):
    components = Components.fit(flat[:count])
    assert errors(components.reconstruct(flat, 3), flat).max() < 1e-10
    assert components.error(flat, flat, 1) > components.error(flat, flat, 2)
    assert components.codes(flat, 2).shape == (200, 2)


def test_ridge_undoes_a_linear_damage(flat):
    seen = flat * 0.5 + 0.1
    answers = ridge(seen[:150], flat[:150], seen[150:], penalty=1e-9)
    assert errors(answers, flat[150:]).max() < 1e-6


def test_best_count_draws_the_picture_and_not_the_noise(flat, rng):
    noisy = flat + rng.normal(0, 0.05, flat.shape).astype(np.float32)
    assert best_count(Components.fit(noisy), noisy[:50], flat[:50], (1, 3, 30)) == 3


def test_a_regression_finds_the_half_that_is_missing(flat):
    guess = ComponentRegression.fit(flat[:150, :, :3], flat[:150, :, 3:], 3)
    answers = guess(flat[150:, :, :3])
    assert answers.shape == (50, 1, 3, 6)
    few, all_three = (errors(guess(flat[150:, :, :3], k), flat[150:, :, 3:]).mean() for k in (1, 3))
    assert all_three < 1e-4 < few


def test_a_regression_without_components_answers_the_mean(flat):
    guess = ComponentRegression.fit(flat[:150, :, :3], flat[:150, :, 3:], 3)
    assert guess(flat[150:, :, :3], 0)[0] == pytest.approx(flat[:150, :, 3:].mean(axis=0), abs=1e-6)
