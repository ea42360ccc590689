"""The models of the package itself; these tests skip while the package has none."""

import numpy as np
import pytest

import hillotype
from hillotype.color import rgb_to_lab
from hillotype.modelfile import load_model, read_card, zoo
from hillotype.pictures import Picture
from hillotype.restore.loading import CHOICES
from hillotype.restore.tiles import run_tiled

pytestmark = pytest.mark.skipif(
    not {model for choice in CHOICES.values() for model in choice.models} <= set(zoo()),
    reason="the models of the package are not trained yet",
)


def scene(height, width, channels):
    rows, columns = np.mgrid[:height, :width] / 100
    shades = [0.5 + 0.3 * np.sin(3 * rows + k) * np.cos(2 * columns - k) for k in range(channels)]
    picture = np.stack(shades, axis=-1) + np.random.default_rng(0).normal(0, 0.06, (height, width, channels))
    return np.clip(picture, 0, 1).astype(np.float32)


@pytest.mark.parametrize("name", [*CHOICES["denoise"].models, *CHOICES["denoise-fast"].models])
def test_tiles_equal_the_whole(name):
    model = load_model(name)
    picture = scene(300, 420, model.card.in_channels)
    tiled = run_tiled(model, picture, region_side=2 * model.card.halo + 64)
    assert np.abs(tiled - run_tiled(model, picture, region_side=4096)).max() < 1e-5


@pytest.mark.parametrize("task", ["denoise", "denoise-fast"])
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_goes(task, channels):
    clean = scene(200, 200, channels) * 0
    rows, columns = np.mgrid[:200, :200] / 100
    clean += (0.5 + 0.2 * np.sin(3 * rows) * np.cos(2 * columns))[..., None].astype(np.float32)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 0.1, clean.shape), 0, 1)
    before, after = (np.mean((picture - clean) ** 2) for picture in (noisy, hillotype.load(task)(noisy)))
    assert after < before / 10


def test_color_comes_and_lightness_stays():
    gray = np.round(scene(300, 200, 1) * 255).astype(np.uint8)
    colored = hillotype.load("colorize").restore(Picture(gray)).pixels
    before, after = (
        rgb_to_lab(pixels.transpose(2, 0, 1)[None] / 255.0)[0, 0] for pixels in (np.repeat(gray, 3, axis=2), colored)
    )
    assert np.abs(after - before).max() <= 0.5
    assert np.ptp(colored.astype(int), axis=2).mean() > 0.5


@pytest.mark.parametrize("name", list(zoo()))
def test_cards_tell_everything(name):
    card = read_card(zoo()[name])
    assert card.name == name
    assert card.summary
    assert card.parameters > 0
    assert card.data_licence
    assert card.training
    assert card.code_version
