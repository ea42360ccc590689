import numpy as np
import pytest
import torch

from hillotype.latent.bound import bound, cross_entropy
from hillotype.models import Generative, build


@pytest.fixture
def pictures():
    return np.random.default_rng(0).random((6, 1, 8, 8)).astype(np.float32)


def test_cross_entropy_is_least_for_the_truth(pictures):
    assert (cross_entropy(pictures, pictures) < cross_entropy(pictures * 0.8 + 0.1, pictures)).all()
    assert cross_entropy(np.full_like(pictures, 0.5), pictures) == pytest.approx([64 * np.log(2)] * 6)


def test_cross_entropy_of_certain_and_wrong_answers_is_finite(pictures):
    assert np.isfinite(cross_entropy(np.zeros_like(pictures), np.ones_like(pictures))).all()
    assert cross_entropy(np.round(pictures), np.round(pictures)) == pytest.approx([0] * 6, abs=1e-3)


def test_bound_adds_the_divergence_of_the_posterior(pictures):
    model = build("vae", in_channels=1, out_channels=1, side=8, filters=(4,), strides=(2,), latent=3, norm=False)
    assert isinstance(model, Generative)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    entropies, divergences = bound(model, pictures, torch.Generator().manual_seed(0))
    assert divergences == pytest.approx([0] * 6)
    assert entropies == pytest.approx([64 * np.log(2)] * 6)
    with torch.no_grad():
        model.mean.bias[0] = 2.0
    assert bound(model, pictures, torch.Generator().manual_seed(0))[1] == pytest.approx([2.0] * 6)
