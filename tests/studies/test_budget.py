"""A newly registered autoencoder takes part in the comparison; what cannot is told with a reason."""

import numpy as np
import pytest
import torch
from torch import nn

from hillotype.models import MODELS, Autoencoder, ImageModel
from hillotype.studies.baselines import Components
from hillotype.studies.bench import Bench
from hillotype.studies.budget import candidates, compare_registered, components_error


class Toy(Autoencoder):
    """Half the size and back."""

    def __init__(self, in_channels=3, out_channels=3, *, side=16):
        super().__init__()
        self.size = (side, side)
        self.down = nn.Conv2d(in_channels, 4, 2, stride=2)
        self.up = nn.ConvTranspose2d(4, out_channels, 2, stride=2)

    def encode(self, x):
        assert x.shape[-2:] == self.size
        return self.down(x)

    def decode(self, code):
        return self.up(code)


class Fitted(Toy):
    """Answers with the mean of what it was fitted to."""

    def __init__(self, in_channels=3, out_channels=3):
        super().__init__(in_channels, out_channels, side=32)
        self.requires_grad_(False)

    def fit(self, pictures):
        self.mean = pictures.mean()

    def decode(self, code):
        return torch.full((len(code), 3, 32, 32), float(getattr(self, "mean", 0.0)))


class Narrow(Toy):
    """Has no way to answer with three channels."""

    def __init__(self, in_channels=3, out_channels=3):
        super().__init__(in_channels, 1, side=32)


class Failing(Toy):
    """Takes other pictures only."""

    def encode(self, x):
        raise RuntimeError("the sizes of these tensors do not fit\nmore about it")


@pytest.fixture
def registry(monkeypatch):
    for name in list(MODELS):
        monkeypatch.delitem(MODELS, name)
    for name, kind in {"toy": Toy, "fitted": Fitted, "narrow": Narrow, "failing": Failing, "other": ImageModel}.items():
        monkeypatch.setitem(MODELS, name, kind)


def test_every_shipped_autoencoder_takes_part_or_says_why():
    able, unable = candidates()
    assert set(able) | set(unable) == set(MODELS)
    assert {"conv", "conv_family", "dense", "linear", "pca", "vae"} <= set(able)
    assert able["dense"] == {"side": 32}
    assert "no autoencoder" in unable["unet"]


def test_a_new_model_needs_no_other_edit(registry):
    able, unable = candidates()
    assert able == {"toy": {"side": 32}, "fitted": {}}
    assert unable["failing"] == "the sizes of these tensors do not fit"
    assert "(1, 32, 32)" in unable["narrow"]
    assert "no autoencoder" in unable["other"]


def test_what_takes_part_is_trained_or_fitted_and_measured(registry, toy, tmp_path):
    recipe = (tmp_path / "recipes" / "toy" / "net.toml").read_text().replace("= 16", "= 32")
    recipe = recipe.replace('name = "denoise"', 'name = "reconstruct"').replace("noise =", "# noise =")
    (tmp_path / "recipes" / "toy" / "registered.toml").write_text(recipe)
    bench = Bench("toy", tmp_path / "out")
    bench.open_out()
    train, test = np.random.default_rng(0).random((2, 20, 3, 32, 32), dtype=np.float32)
    entries, section = compare_registered(bench, train, test, Components.fit(train))
    found = {each.name: each for each in entries}
    assert (found["toy"].code, found["toy"].parameters) == (4 * 16 * 16, 52 + 51)
    assert (found["fitted"].parameters, found["fitted"].seconds) == (0, 0.0)
    assert found["fitted"].error == pytest.approx(1 / 12, rel=0.02)
    assert [run.name for run in bench.runs] == ["registered-toy"]
    page = "".join(section.parts)
    assert all(name in page for name in ("toy", "fitted", "narrow", "failing", "other"))


def test_components_have_no_error_to_tell_for_a_code_as_large_as_a_picture():
    pictures = np.random.default_rng(0).random((30, 1, 4, 4), dtype=np.float32)
    components = Components.fit(pictures)
    assert components_error(components, 16, pictures) is None
    assert 0 < components_error(components, 15, pictures) < components_error(components, 2, pictures)
