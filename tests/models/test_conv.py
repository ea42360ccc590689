"""Convolutional autoencoders with a dense code, and the pooled one."""

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models.conv import Conv, PooledConv


def test_the_nets_of_the_reports_have_their_parameters():
    assert count(Conv()) == 4_411_443
    assert count(Conv().encoder) == 1_737_474
    assert count(Conv(filters=(64, 128, 256))) == 3_431_811
    assert count(Conv(1, 1, filters=(32, 64, 128), latent=2)) == 343_043
    assert count(PooledConv()) == 185_795


def test_the_code_is_dense_and_linear():
    code = Conv(filters=(4, 8), latent=6).encode(torch.randn(5, 1, 32, 32))
    assert code.shape == (5, 6)
    assert code.min() < 0 < code.max()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"side": 28}, "conv: side 28 is no multiple of 16"),
        ({"latent": 0}, "conv: latent is 0"),
        ({"filters": ()}, "conv: filters is 0"),
        ({"output": "step"}, "activation 'step': unknown"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, problem):
    with pytest.raises(RecipeError, match=problem):
        Conv(**settings)


def test_the_pooled_code_of_a_report_picture_has_19_by_19_places():
    model = PooledConv(filters=(4, 4, 8))
    picture = torch.rand(1, 1, 150, 150)
    assert model.encode(picture).shape == (1, 8, 19, 19)
    assert model.decode(model.encode(picture)).shape == (1, 3, 152, 152)
    assert model(picture).shape == (1, 3, 150, 150)


def test_the_pooled_net_takes_any_size():
    model = PooledConv(filters=(4, 4))
    for height, width in ((1, 1), (2, 7), (16, 21)):
        assert model(torch.rand(1, 1, height, width)).shape == (1, 3, height, width)
    with pytest.raises(RecipeError, match="pooled_conv: filters"):
        PooledConv(filters=())
