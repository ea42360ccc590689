import numpy as np
import pytest
import torch

from hillotype.models import Autoencoder, build
from hillotype.studies.linear_autoencoder import decoder_columns, principal_cosines


def test_cosines_of_the_same_space_in_another_basis_are_1():
    rows = np.random.default_rng(0).normal(size=(3, 20))
    turned = np.array([[1.0, 2, 0], [0, 1, 1], [3, 0, 1]]) @ rows
    assert principal_cosines(rows, turned) == pytest.approx([1, 1, 1])


def test_cosines_tell_shared_from_other_directions():
    axes = np.eye(4)
    assert principal_cosines(axes[:2], axes[1:3]) == pytest.approx([1, 0])
    halfway = np.array([[1.0, 0, 0, 1]])
    assert principal_cosines(axes[:1], halfway) == pytest.approx([np.sqrt(0.5)])


def test_decoder_columns_are_the_weights_of_the_decoder():
    model = build("linear", in_channels=1, out_channels=1, side=4, latent=3)
    assert isinstance(model, Autoencoder)
    with torch.no_grad():
        model.decode(torch.zeros(1, 3))
        for parameter in model.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(0))
    columns = decoder_columns(model, 3)
    code = np.array([0.5, -1.0, 2.0])
    with torch.no_grad():
        moved = model.decode(torch.tensor(code[None], dtype=torch.float32)) - model.decode(torch.zeros(1, 3))
    np.testing.assert_allclose(code @ columns, np.asarray(moved).ravel(), atol=1e-5)
