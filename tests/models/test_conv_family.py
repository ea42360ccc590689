"""The architectures of report 004."""

from itertools import product

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models.conv_family import ConvFamily

GRID = list(product((5, 3), (1, 2, 4), (3, 5), (1, 2, 4)))


def test_the_net_of_the_assignment_has_its_parameters_and_its_code():
    assert count(ConvFamily()) == 4_911
    assert ConvFamily().encode(torch.rand(1, 3, 32, 32)).shape == (1, 16, 8, 8)


def test_the_other_numbers_of_channels_and_layers_are_counted_by_hand():
    assert count(ConvFamily(layers=3)) == (27 * 8 + 8) + (72 * 16 + 16) + (144 * 3 + 3)
    assert count(ConvFamily(factor=1)) == (27 * 4 + 4) + (36 * 6 + 6) + (54 * 8 + 8) + (72 * 6 + 6) + (54 * 3 + 3)
    assert count(ConvFamily(layers=3, factor=4, kernel=5)) == (75 * 16 + 16) + (400 * 32 + 32) + (800 * 3 + 3)


def test_all_36_keep_the_size_of_cifar():
    assert len(GRID) == 36
    for layers, factor, kernel, compression in GRID:
        model = ConvFamily(layers=layers, factor=factor, kernel=kernel, compression=compression)
        picture = torch.rand(1, 3, 32, 32)
        side = 32 // compression**2
        assert model.encode(picture).shape == (1, 8 * factor, side, side)
        assert model(picture).shape == picture.shape


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"layers": 4}, "layers is 4; it must be 5, or 3"),
        ({"kernel": 4}, "kernel is 4; it must be odd"),
        ({"compression": 0}, "compression is 0"),
        ({"factor": 0}, "factor is 0"),
        ({"output": "softmax"}, "activation 'softmax': unknown"),
        ({"activation": "gelu2"}, "activation 'gelu2': unknown"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, problem):
    with pytest.raises(RecipeError, match=problem):
        ConvFamily(**settings)
