import os

import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_tiny_colorizer

import hillotype
from hillotype.color import LAB_CHROMA_SCALE, rgb_to_lab
from hillotype.errors import DataError, ModelFileError
from hillotype.evaluate.plan import read_test_pictures
from hillotype.restore.certainty import UNSURE, certainty_map
from hillotype.restore.reduce import reduced


def test_a_map_is_white_where_sure_and_black_where_not():
    doubt = np.array([[0, UNSURE / 2], [UNSURE, 3 * UNSURE]], np.float32)
    np.testing.assert_array_equal(np.asarray(certainty_map(doubt, 2, 2)), [[255, 128], [0, 0]])
    assert certainty_map(doubt, 30, 50).size == (50, 30)


@pytest.mark.parametrize("size", [(1, 1), (90, 120), (3, 400)])
def test_doubt_is_told_of_every_picture(tiny_zoo, size):
    colorize = hillotype.load("colorize")
    gray = np.random.default_rng(0).random(size).astype(np.float32)
    doubt = colorize.doubt(gray[..., None])
    assert doubt.shape == colorize.predict(gray[..., None])[0].shape
    assert np.isfinite(doubt).all()
    np.testing.assert_array_equal(colorize.doubt(gray), doubt)
    for picture in (gray, Image.fromarray((gray * 255).astype(np.uint8))):
        assert colorize.certainty(picture).size == size[::-1]
        assert colorize.certainty(picture).mode == "L"


def test_wishes_do_not_change_what_the_model_knows(tiny_zoo):
    gray = np.full((40, 50), 0.5, np.float32)
    colorize = hillotype.load("colorize")
    assert colorize.certainty(gray) == colorize.given(hillotype.restore.wishes.Wishes(vividness=3)).certainty(gray)


def test_a_model_that_does_not_tell_its_doubt_colorizes_all_the_same(tmp_path):
    colorize = hillotype.load(write_tiny_colorizer(tmp_path / "old.onnx", doubt=False))
    gray = np.full((40, 50), 0.5, np.float32)
    assert colorize(gray).shape == (40, 50, 3)
    with pytest.raises(ModelFileError, match="does not tell where it guesses"):
        colorize.certainty(gray)


def kept_from_training(card):
    """Photographs of the colorizer's own validation splits."""
    for name in ("nips17", "imagenet1000"):
        for picture in read_test_pictures(card, f"zip:photos-{name}-256.zip", split="validation"):
            yield picture.transpose(1, 2, 0)


@pytest.mark.skipif(not os.environ.get("HILLOTYPE_DATA"), reason="needs photographs: set HILLOTYPE_DATA")
def test_where_doubt_is_larger_so_is_the_error():
    colorize, stated, made = hillotype.load("colorize"), [], []
    try:
        pictures = list(kept_from_training(colorize.model.card))
    except DataError as error:
        pytest.skip(str(error))
    for picture in pictures:
        light, chroma = colorize.predict(picture)
        truth = rgb_to_lab(reduced(picture, light.shape).transpose(2, 0, 1)[None])[0, 1:]
        stated.append(colorize.doubt(picture).ravel())
        made.append(np.linalg.norm(chroma * LAB_CHROMA_SCALE - truth, axis=0).ravel())
    order = np.argsort(np.concatenate(stated))
    errors = [part.mean() for part in np.array_split(np.concatenate(made)[order], 5)]
    assert errors == sorted(errors)
    assert errors[-1] > 2 * errors[0]
