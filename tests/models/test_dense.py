"""Dense and linear autoencoders."""

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models import build
from hillotype.models.dense import Dense, Linear
from hillotype.models.pca import Pca

CIFAR = {"side": 32, "widths": (1500, 1200, 900, 600, 900, 1200, 1500)}


def test_the_nets_of_report_000_have_their_parameters():
    assert count(Dense()) == 1_146_484
    assert count(Dense(3, 3, **CIFAR)) == 16_066_872


def test_the_code_is_the_narrowest_layer_and_passes_the_activation():
    code = Dense(side=8, widths=(20, 5, 30)).encode(torch.randn(9, 1, 8, 8))
    assert code.shape == (9, 5)
    assert code.min() == 0


def test_a_linear_autoencoder_has_a_matrix_and_a_bias_each_way():
    model = Linear(3, 1, side=10, latent=7)
    assert count(model) == (3 * 100 + 1) * 7 + (7 + 1) * 100
    one, two = torch.randn(2, 1, 3, 10, 10)
    torch.testing.assert_close(model(one + two) + model(0 * one), model(one) + model(two), rtol=1e-4, atol=1e-5)


def test_a_trained_linear_autoencoder_spans_the_principal_components():
    torch.manual_seed(0)
    pictures = (torch.randn(200, 3) * torch.tensor([3.0, 2.0, 0.5])) @ torch.randn(3, 16) + 0.4
    pictures = pictures.reshape(-1, 1, 4, 4)
    model, bound = Linear(side=4, latent=2), Pca(side=4, latent=2).fit(pictures)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(600):
        loss = (model(pictures) - pictures).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = (bound(pictures) - pictures).square().mean().item()
    assert best * 0.9999 < loss.item() < best * 1.01
    basis = torch.linalg.qr(model.decoder[0].weight)[0]
    assert torch.linalg.svdvals(bound.components @ basis).min() > 0.999


def test_activations_are_chosen_by_name():
    assert Dense(output="linear").output_range == (float("-inf"), float("inf"))
    assert Dense(output="tanh").output_range == (-1, 1)
    with pytest.raises(RecipeError, match="activation 'softmax': unknown"):
        Dense(activation="softmax")


@pytest.mark.parametrize("settings", [{"side": 0}, {"widths": ()}, {"widths": (5, 0)}])
def test_sizes_that_cannot_be_are_refused(settings):
    with pytest.raises(RecipeError, match="must be at least 1"):
        build("dense", in_channels=1, out_channels=1, **settings)
    with pytest.raises(RecipeError, match="linear: latent is 0"):
        Linear(latent=0)
