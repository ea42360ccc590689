"""The skip net of report 001, against its listing, and at the sizes that the report's cannot take."""

import pytest
import torch
from tests.models.conftest import count
from torch.nn.functional import conv2d, conv_transpose2d

from hillotype.models.color_autoencoder import ColorAutoEncoder


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return ColorAutoEncoder().eval()


def listed(net, x):
    """The report's forward pass, with its paddings."""

    def down(layer, x, padding):
        return conv2d(x, layer.weight, layer.bias, stride=2, padding=padding).relu()

    def up(layer, x, padding, more):
        return conv_transpose2d(x, layer.weight, layer.bias, 2, padding, more)

    first = down(net.down1, x, 0)
    second = down(net.down2, first, 1)
    third = down(net.down3, second, 1)
    features = up(net.up1, down(net.down4, third, 1), 1, 0).relu()
    features = up(net.up2, torch.cat((features, third), dim=1), 1, 0).relu()
    features = up(net.up3, torch.cat((features, second), dim=1), 1, 1).relu()
    return up(net.up4, torch.cat((features, first), dim=1), 0, 1).sigmoid()


def test_it_has_the_parameters_of_the_report(model):
    assert count(model) == 3_470_659


@pytest.mark.parametrize("side", [22, 38])
def test_at_sizes_16k_and_6_it_is_the_net_of_the_report(model, side):
    picture = torch.rand(1, 1, side, side)
    torch.testing.assert_close(model(picture), listed(model, picture))


def test_it_takes_every_size_from_16_up(model):
    for height in range(16, 33):
        assert model(torch.rand(1, 1, height, 49 - height)).shape == (1, 3, height, 49 - height)
