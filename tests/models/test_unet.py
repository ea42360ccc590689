"""The U-Net for small pictures."""

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models.unet import UNet

SMALL = {"widths": (8, 12, 16), "blocks": (1, 1, 1)}


def test_it_has_its_parameters():
    assert count(UNet()) == 1_119_050
    unshuffled = UNet(1, 1, widths=(32, 64, 128), blocks=(1, 1, 2), unshuffle=True, residual=True)
    assert count(unshuffled) == 829_828


@pytest.mark.parametrize("unshuffle", [False, True])
def test_it_takes_any_size(unshuffle):
    model = UNet(3, 2, unshuffle=unshuffle, **SMALL)
    for height, width in ((1, 1), (3, 7), (14, 9)):
        shape = (height * model.multiple, width * model.multiple)
        assert model(torch.rand(2, 3, *shape)).shape == (2, 2, *shape)


def test_its_answer_starts_near_nothing_or_near_the_picture():
    torch.manual_seed(0)
    picture = torch.rand(4, 1, 28, 28)
    assert UNet(1, 2, **SMALL)(picture).abs().max() < 0.2
    assert (UNet(1, 1, unshuffle=True, residual=True, **SMALL)(picture) - picture).abs().max() < 0.2


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"residual": True}, "1 channels in, 2 out"),
        ({"residual": True, "out_channels": 1, "output": "tanh"}, "a sum with the picture needs output linear"),
        ({"blocks": (1,)}, "must pair up"),
        ({"widths": (), "blocks": ()}, "widths is 0"),
        ({"output": "softmax"}, "activation 'softmax': unknown"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, problem):
    with pytest.raises(RecipeError, match=problem):
        UNet(**settings)
