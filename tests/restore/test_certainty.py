import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_tiny_colorizer

import hillotype
from hillotype.errors import ModelFileError
from hillotype.restore.certainty import UNSURE, certainty_map


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
