"""The variational autoencoders."""

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models.vae import Vae

REPORT_001 = {"filters": (32, 64, 128), "strides": (2, 2, 2), "latent": 2, "norm": False}


def test_report_003s_has_its_parameters_as_keras_counts():
    model = Vae()
    trained = sum(p.numel() for p in model.trained_parameters())
    statistics = sum(b.numel() for name, b in model.named_buffers() if not name.endswith("num_batches_tracked"))
    assert (trained, trained + statistics) == (12_795_651, 12_796_483)


def test_the_one_without_norms_takes_other_sizes():
    assert count(Vae(1, 1, **REPORT_001)) == 328_965
    model = Vae(1, 1, side=24, **REPORT_001)
    assert model.sample(2, torch.Generator().manual_seed(0)).shape == (2, 1, 24, 24)


def test_it_reproduces_what_a_sigmoid_can_reach_only_with_the_right_output():
    assert Vae(filters=(4,), strides=(2,), latent=3).output_range == (0, 1)
    assert Vae(filters=(4,), strides=(2,), latent=3, output="linear").output_range[0] < -0.5


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"filters": (8, 8)}, r"filters \[8, 8\] and strides \[1, 2, 2, 1\] must pair up"),
        ({"side": 30}, "side 30 is no multiple of 4"),
        ({"latent": 0}, "latent is 0"),
        ({"filters": (), "strides": ()}, "filters is 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, problem):
    with pytest.raises(RecipeError, match=f"vae: {problem}"):
        Vae(**settings)
