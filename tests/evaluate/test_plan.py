"""What a model is tested on: never pictures that it was trained on, unless they are asked for."""

import shutil

import numpy as np
import pytest
from PIL import Image

from hillotype.errors import DataError
from hillotype.evaluate.plan import note_on_seen, read_test_pictures, trained_splits
from hillotype.modelfile import Card


def card_of(*sources, task="denoise"):
    recipe = {"task": {"name": task}, "data": {"sources": sources}}
    return Card(name="net", task="denoise", in_channels=3, out_channels=3, training={"recipe": recipe})


def first_pixels(pictures):
    return {tuple(picture[:, 0, 0]) for picture in pictures}


def test_the_splits_are_those_of_the_training(photos):
    card = card_of({"name": f"folder:{photos}", "fractions": [0.5, 0.0, 0.5]})
    seen = read_test_pictures(card, str(photos), split="train")
    kept = read_test_pictures(card, f"{photos}/", split="test")
    assert len(seen) + len(kept) == 12
    assert not first_pixels(seen) & first_pixels(kept)
    assert len(read_test_pictures(card_of(), str(photos), split="train")) != len(seen)


def test_nothing_is_tested_where_a_model_was_trained_on_all(photos):
    card = card_of({"name": f"folder:{photos}", "fractions": [0.9, 0.1, 0.0]})
    with pytest.raises(DataError, match="no pictures in its test split; net was trained on the others"):
        read_test_pictures(card, str(photos), split="test")


@pytest.mark.parametrize(
    ("fractions", "split", "said"),
    [
        ([0.5, 0.0, 0.5], "all", "--split test has those it never saw"),
        ([0.5, 0.0, 0.5], "train", "--split test has those it never saw"),
        ([0.5, 0.5, 0.0], "all", "--split validation has those that did no more than choose its weights"),
        ([1.0, 0.0, 0.0], "all", "no others of them are left"),
        ([0.0, 0.0, 1.0], "all", ""),
        ([0.5, 0.0, 0.5], "test", ""),
    ],
)
def test_where_a_model_has_seen_the_pictures_a_split_that_is_there_is_named(photos, fractions, split, said):
    note = note_on_seen(card_of({"name": f"folder:{photos}", "fractions": fractions}), str(photos), split)
    assert said in note
    assert bool(note) == bool(said)


def test_what_learns_without_truth_has_seen_the_test_split_too(photos):
    card = card_of({"name": str(photos), "fractions": [0.4, 0.3, 0.3]}, task="self_denoise")
    for split in ("all", "train", "test"):
        assert "--split validation" in note_on_seen(card, str(photos), split)
    assert note_on_seen(card, str(photos), "validation") == ""
    assert note_on_seen(card_of({"name": "elsewhere"}), str(photos), "all") == ""


@pytest.mark.parametrize(
    ("trained", "measured", "seen", "not_seen"),
    [
        ("zip:a.zip/train", "a.zip/train/", ["1", "2"], []),
        ("folder:b", "b", ["1", "2"], []),
        ("folder:b", "./c/../b", ["1", "2"], []),
        ("zip:a.zip", "zip:a.zip/train", ["1", "2"], []),
        ("zip:a.zip/train", "zip:a.zip", ["train/1"], ["training/1", "1"]),
        ("zip:a.zip/train", "zip:a.zip/test", [], ["1"]),
        ("mnist", "mnist/train/7", ["1", "2"], []),
        ("mnist/train", "mnist", ["train/7/1"], ["test/7/1"]),
    ],
)
def test_a_source_is_known_by_any_of_its_names_and_its_parts_by_theirs(
    trained, measured, seen, not_seen, tmp_path, monkeypatch
):
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    monkeypatch.chdir(tmp_path)
    card = card_of({"name": trained, "fractions": [1, 0, 0]})
    assert trained_splits(card, measured, seen + not_seen) == dict.fromkeys(seen, "train")


def test_a_part_of_what_trained_is_split_as_the_whole_was(photos):
    inside = photos.parent
    card = card_of({"name": str(inside), "fractions": [0.5, 0.0, 0.5]})
    kept = read_test_pictures(card, str(photos), split="test")
    seen = read_test_pictures(card, str(photos), split="train")
    assert len(seen) + len(kept) == 12
    assert kept
    assert not first_pixels(seen) & first_pixels(kept)
    assert "--split test has those it never saw" in note_on_seen(card, str(photos), "all")
    assert note_on_seen(card, str(photos), "test") == ""


def test_what_lies_beside_what_trained_was_never_seen(photos, tmp_path):
    for name in ("a", "b"):
        shutil.copytree(photos, tmp_path / name)
    card = card_of({"name": str(tmp_path / "a"), "fractions": [0.5, 0.5, 0]})
    assert len(read_test_pictures(card, str(tmp_path), split="test")) == 12
    assert "--split test" in note_on_seen(card, str(tmp_path), "all")


def test_pictures_are_floats_of_the_models_channels(photos):
    pictures = read_test_pictures(card_of(), str(photos), limit=2)
    assert [picture.shape for picture in pictures] == [(3, 64, 80)] * 2
    assert all(picture.dtype == np.float32 and 0 <= picture.min() <= picture.max() <= 1 for picture in pictures)


def test_a_picture_too_small_to_be_measured_is_named(tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    Image.new("RGB", (20, 1)).save(tmp_path / "dot.png")
    with pytest.raises(DataError, match=r"dot\.png: 20x1 pixels, and SSIM needs 11x11; remove it"):
        read_test_pictures(card_of(), str(tmp_path))
