"""The layers against Keras's padding, written out."""

import pytest
import torch
from torch.nn import functional

from hillotype.errors import RecipeError
from hillotype.models import layers


def test_halving_is_the_mirror_image_of_keras():
    picture, layer = torch.rand(2, 3, 8, 12), layers.convolution(3, 5, stride=2)
    padded = functional.pad(picture.flip(2, 3), (0, 1, 0, 1))
    keras = functional.conv2d(padded, layer.weight.flip(2, 3), layer.bias, stride=2)
    torch.testing.assert_close(layer(picture), keras.flip(2, 3), rtol=1e-5, atol=1e-6)


def test_doubling_is_the_mirror_image_of_keras():
    features, layer = torch.rand(2, 3, 4, 6), layers.transposed(3, 5, stride=2)
    whole = functional.conv_transpose2d(features.flip(2, 3), layer.weight.flip(2, 3), layer.bias, stride=2)
    torch.testing.assert_close(layer(features), whole[..., :8, :12].flip(2, 3), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_bias_added_apart_has_the_answers_and_the_gradients_of_torch(training):
    layer = layers.transposed(3, 5, stride=2).train(training)
    torch.nn.init.normal_(layer.bias)
    plain = torch.nn.ConvTranspose2d(3, 5, 3, stride=2, padding=1, output_padding=1)
    plain.load_state_dict(layer.state_dict())
    features, pulls = torch.rand(2, 3, 4, 6), torch.rand(2, 5, 8, 12)
    for net in (layer, plain):
        net(features).backward(pulls)
    torch.testing.assert_close(layer(features), plain(features))
    for ours, theirs in zip(layer.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


def test_weights_start_within_the_limits_of_glorot():
    net = torch.nn.Sequential(torch.nn.Linear(300, 500), layers.transposed(20, 30))
    layers.start_as_keras(net)
    for layer, inputs, outputs in zip(net, (300, 180), (500, 270), strict=True):
        limit = (6 / (inputs + outputs)) ** 0.5
        assert 0.95 * limit < layer.weight.abs().max() <= limit
        assert not layer.bias.any()


def test_sizes_that_cannot_be_are_named():
    with pytest.raises(RecipeError, match="net: latent is 0; it must be at least 1"):
        layers.check_positive("net", side=4, latent=0)
    for side in (0, 28, -16):
        with pytest.raises(RecipeError, match=f"net: side {side} is no multiple of 16"):
            layers.check_side("net", side, 16)
