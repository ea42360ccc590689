"""Loading: prepared pictures, in step with their names, with what is damaged named."""

import numpy as np
import pytest
from PIL import Image

from hillotype.data import Preparation, load_named_pictures, load_pictures, open_source
from hillotype.errors import DataError


def test_pictures_are_prepared(photos):
    source = open_source(str(photos))
    pictures = load_pictures(source, source.names, Preparation(short_side=32, gray=True))
    assert [picture.shape for picture in pictures] == [(32, 40, 1)] * 12


def test_names_stay_with_their_pictures_through_the_gray_filter(tmp_path):
    for value in range(6):
        Image.new("RGB", (8, 8), (value, 90, 90 if value % 2 else 200)).save(tmp_path / f"{value}.png")
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "1.5.png")
    source = open_source(str(tmp_path))
    pictures = load_named_pictures(source, source.names[::-1], Preparation(min_spread=10))
    assert list(pictures) == ["5.png", "4.png", "3.png", "2.png", "1.png", "0.png"]
    assert [int(pixels[0, 0, 0]) for pixels in pictures.values()] == [5, 4, 3, 2, 1, 0]
    with pytest.raises(DataError, match="none of 1 pictures"):
        load_pictures(source, ["1.5.png"], Preparation(min_spread=10))


def test_sets_in_memory_are_loaded_as_their_pictures_are_opened(mnist, cifar10):
    for name, gray in (("mnist", True), ("mnist", False), ("cifar10", False), ("cifar10", True)):
        source = open_source(name)
        pictures = load_named_pictures(source, source.names, Preparation(gray=gray, pad=2))
        for picture_name, pixels in pictures.items():
            image = source.open(picture_name).convert("L" if gray else "RGB")
            np.testing.assert_array_equal(pixels[2:-2, 2:-2].squeeze(), np.asarray(image))


def test_a_broken_picture_is_named(tmp_path):
    (tmp_path / "z.jpg").write_bytes(b"\xff\xd8\xff\xe0 no")
    with pytest.raises(DataError, match=r"z\.jpg"):
        load_pictures(open_source(str(tmp_path)), ["z.jpg"])
