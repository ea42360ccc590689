"""What a recipe takes of its sources: no more of a class than it asks for."""

import numpy as np
import pytest
from PIL import Image

from hillotype.data import class_of
from hillotype.errors import DataError
from hillotype.train.batches import load_named_split, load_training
from hillotype.train.config import build_task


@pytest.fixture
def classes(tmp_path):
    """Nine pictures of cats and three of dogs."""
    rng = np.random.default_rng(0)
    for label, count in (("cat", 9), ("dog", 3)):
        (tmp_path / label).mkdir()
        for number in range(count):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / label / f"{number}.png")
    return tmp_path


def names(run):
    return [name for name, _ in load_named_split(run, "train")]


def take(tiny, folder, **data):
    source = {"name": f"folder:{folder}", "fractions": [1.0, 0.0, 0.0]}
    return tiny(data={"sources": [source], "augment": {"crop": 8}} | data)


def test_at_most_so_many_of_a_class(tiny, classes):
    taken = [class_of(name) for name in names(take(tiny, classes, per_class=4))]
    assert (taken.count("cat"), taken.count("dog")) == (4, 3)
    assert set(names(take(tiny, classes, per_class=2))) < set(names(take(tiny, classes, per_class=4)))


def test_limit_holds_over_all_classes(tiny, classes):
    assert len(names(take(tiny, classes, per_class=4, limit=5))) == 5


def test_pictures_without_a_class_cannot_be_balanced(tiny, classes):
    with pytest.raises(DataError, match="of no class"):
        names(take(tiny, classes / "dog", per_class=1))


def learn_from_noise(tiny, folder, **data):
    source = {"name": f"folder:{folder}"}
    run = tiny(task={"name": "self_denoise"}, data={"sources": [source], "augment": {"crop": 8}} | data)
    return load_training(run, build_task(run))


def test_without_truth_nothing_is_kept_for_a_test(tiny, classes):
    train, held_out = learn_from_noise(tiny, classes)
    assert len(train) + len({id(pixels) for pixels in held_out}) in (12, 24)


def test_a_single_noisy_picture_trains_and_validates(tiny, tmp_path):
    Image.fromarray(np.zeros((8, 9, 3), np.uint8)).save(tmp_path / "one.png")
    train, held_out = learn_from_noise(tiny, tmp_path)
    assert len(train) == 1
    assert len(held_out) == 64  # places to look at
    assert held_out[-1] is train[0]


def test_noisy_pictures_are_not_enlarged(tiny, classes):
    with pytest.raises(DataError, match=r"\.png and 11 more: under 16 pixels a side.*lower data\.augment\.crop"):
        learn_from_noise(tiny, classes, augment={"crop": 16})
