from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hillotype.errors import PictureError, RecipeError
from hillotype.latent.coder import open_coder
from hillotype.latent.fill import (
    KINDS,
    ComponentsFill,
    ProjectionFill,
    fill_with_mean,
    fill_with_model,
    make_mask,
    mark,
    missing_error,
    read_mask,
)
from hillotype.latent.pictures import read_split
from hillotype.train.config import make_run, read_recipe
from hillotype.train.loop import fit
from hillotype.train.trained import open_run


@pytest.fixture(scope="module")
def train(dense):
    return read_split(dense.run, "train").pixels


@pytest.fixture(scope="module")
def test(dense):
    return read_split(dense.run, "test").pixels


@pytest.fixture(scope="module")
def inpainter(dense, tmp_path_factory):
    values = dense.run.model_dump(mode="json", exclude_none=True)
    values |= {
        "name": "inpainter",
        "task": {"name": "inpaint"},
        "model": {"name": "unet", "widths": [8], "blocks": [1], "output": "sigmoid"},
    }
    values["optimization"]["steps"] = 30
    folder = tmp_path_factory.mktemp("inpaint")
    fit(make_run(values), folder)
    return open_run(folder)


@pytest.mark.parametrize("recipe", sorted((Path(__file__).parents[2] / "recipes" / "latent").glob("*.toml")))
def test_recipes_of_the_latent_space_can_be_trained(recipe):
    assert read_recipe(recipe).name == recipe.stem


@pytest.mark.parametrize("kind", KINDS)
def test_masks_leave_out_the_share_and_differ_by_picture(kind):
    known, again = (make_mask(kind, 20, 30, 40, 0.3, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(known, again)
    assert known.shape == (20, 1, 30, 40)
    assert set(np.unique(known)) == {0.0, 1.0}
    assert known.dtype == np.float32
    assert 1 - known.mean() == pytest.approx(0.3, abs=0.04)
    assert not np.array_equal(known[0], known[1])


@pytest.mark.parametrize(
    ("kind", "share", "words"),
    [
        ("holes", 0.5, "unknown"),
        ("pixels", 1.0, "between 0 and 1"),
        ("pixels", 1e-4, "no pixel missing; give a larger one"),
        ("block", 1e-4, "no pixel missing; give a larger one"),
        ("pixels", 0.9999, "no pixel known; give a smaller one"),
    ],
)
def test_a_mask_that_cannot_be_is_refused(kind, share, words):
    with pytest.raises(RecipeError, match=words):
        make_mask(kind, 1, 8, 8, share, np.random.default_rng(0))


def test_a_mask_is_read_from_a_picture(tmp_path):
    pixels = np.full((6, 8), 255, np.uint8)
    pixels[:2] = 0
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    known = read_mask(tmp_path / "mask.png", 3, 6, 8)
    assert known.shape == (3, 1, 6, 8)
    assert np.array_equal(known[2, 0], pixels / 255)
    with pytest.raises(RecipeError, match=r"mask of 8x6 pixels, but the pictures are 12x12"):
        read_mask(tmp_path / "mask.png", 3, 12, 12)
    with pytest.raises(PictureError, match="no such file"):
        read_mask(tmp_path / "none.png", 3, 6, 8)


@pytest.mark.parametrize(("level", "words"), [(0, "nothing is known"), (255, "nothing is missing")])
def test_a_mask_of_one_color_is_refused(level, words, tmp_path):
    Image.fromarray(np.full((6, 8), level, np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(RecipeError, match=words):
        read_mask(tmp_path / "mask.png", 1, 6, 8)


def test_known_pixels_stay_and_missing_ones_are_not_looked_at(dense, train, test, inpainter):
    known = make_mask("block", len(test), 12, 12, 0.25, np.random.default_rng(0))
    other = np.where(known > 0.5, test, 1 - test)
    fillers = (
        lambda pictures, known: fill_with_mean(train.mean(axis=0), pictures, known),
        ComponentsFill.fit(train),
        ProjectionFill.fit(open_coder(dense), train),
        lambda pictures, known: fill_with_model(inpainter, pictures, known),
    )
    for filler in fillers:
        answers = filler(test, known)
        assert answers.shape == test.shape
        assert answers.dtype == np.float32
        assert (answers[known > 0.5] == test[known > 0.5]).all()
        assert np.array_equal(answers, filler(other, known))
        assert 0 <= answers.min() <= answers.max() <= 1


@pytest.mark.parametrize("name", ["dense", "vae"])
def test_components_and_projection_beat_the_mean(name, train, test, request):
    coder = open_coder(request.getfixturevalue(name))
    known = make_mask("pixels", len(test), 12, 12, 0.5, np.random.default_rng(0))
    mean = missing_error(fill_with_mean(train.mean(axis=0), test, known), test, known).mean()
    for filler in (ComponentsFill.fit(train), ProjectionFill.fit(coder, train)):
        assert missing_error(filler(test, known), test, known).mean() < 0.7 * mean


def test_components_recover_what_they_can_draw():
    rng = np.random.default_rng(0)
    patterns = rng.random((3, 1, 8, 8))
    pictures = np.einsum("nk,kchw->nchw", rng.dirichlet([1, 1, 1], 60), patterns).astype(np.float32)
    known = make_mask("pixels", 60, 8, 8, 0.5, rng)
    answers = ComponentsFill.fit(pictures, 2)(pictures, known)
    assert np.abs(answers - pictures).max() < 1e-2


def test_the_error_is_of_missing_elements_alone():
    truths = np.zeros((2, 3, 2, 2), np.float32)
    known = np.ones((2, 1, 2, 2), np.float32)
    known[0, 0, 0] = 0
    answers = truths + np.where(known > 0.5, 9, 0.5)
    assert missing_error(answers, truths, known).tolist() == [0.25, 0]


def test_missing_pixels_are_marked_in_color(test):
    known = make_mask("pixels", len(test), 12, 12, 0.5, np.random.default_rng(0))
    marked = mark(test, known)
    assert marked.shape == (len(test), 3, 12, 12)
    assert np.array_equal(marked[:, :1][known > 0.5], test[known > 0.5])
    assert np.ptp(marked, axis=1)[known[:, 0] < 0.5].min() > 0.3


def test_masks_and_models_that_do_not_fit_are_refused(dense, test, inpainter):
    known = make_mask("pixels", len(test), 8, 8, 0.5, np.random.default_rng(0))
    with pytest.raises(RecipeError, match="mask of shape"):
        fill_with_mean(test[0], test, known)
    with pytest.raises(RecipeError, match="mask of shape"):
        fill_with_model(inpainter, test, known)
    with pytest.raises(RecipeError, match="trained to reconstruct, not to fill in"):
        fill_with_model(dense, test, np.ones((len(test), 1, 12, 12), np.float32))
