"""Sources, splits and loading: the same pictures from a folder and a zip, and clear refusals."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from hillotype.data import load_pictures, open_source, split_names
from hillotype.errors import DataError


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("b.png", "a.png", "inner/c.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(path)
    (tmp_path / "photos" / "notes.txt").write_text("not a picture")
    return tmp_path / "photos"


@pytest.fixture
def archive(folder, tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        for picture in folder.rglob("*.png"):
            file.write(picture, picture.relative_to(folder).as_posix())
    return path


def test_folder_and_zip_hold_the_same(folder, archive):
    one, other = open_source(f"folder:{folder}"), open_source(f"zip:{archive}")
    assert one.names == other.names == ["a.png", "b.png", "inner/c.png"]
    for name in one.names:
        np.testing.assert_array_equal(np.asarray(one.open(name)), np.asarray(other.open(name)))


def test_a_bare_path_is_taken_for_what_it_is(folder, archive):
    assert open_source(str(folder)).names == open_source(str(archive)).names


def test_a_folder_inside_a_zip(archive):
    assert open_source(f"zip:{archive}/inner").names == ["c.png"]


def test_relative_names_are_looked_up_in_the_data_folder(archive, monkeypatch, tmp_path):
    monkeypatch.setenv("HILLOTYPE_DATA", str(tmp_path))
    assert len(open_source("zip:photos.zip").names) == 3


@pytest.mark.parametrize("name", ["folder:nowhere", "zip:nowhere.zip", "nowhere"])
def test_a_missing_source_is_named(name, monkeypatch):
    monkeypatch.delenv("HILLOTYPE_DATA", raising=False)
    with pytest.raises(DataError, match=r"nowhere.*HILLOTYPE_DATA is not set"):
        open_source(name)


def test_an_empty_folder_and_a_broken_zip_are_refused(tmp_path):
    with pytest.raises(DataError, match="no pictures"):
        open_source(f"folder:{tmp_path}")
    (tmp_path / "bad.zip").write_bytes(b"PK no zip")
    with pytest.raises(DataError, match="not a readable zip"):
        open_source(f"zip:{tmp_path / 'bad.zip'}")


def test_a_broken_picture_is_named(folder):
    (folder / "z.jpg").write_bytes(b"\xff\xd8\xff\xe0 no")
    with pytest.raises(DataError, match=r"z\.jpg"):
        load_pictures(open_source(str(folder)), ["z.jpg"])


def test_damaged_archives_and_bombs_are_named_too(folder, archive, monkeypatch):
    data = bytearray(archive.read_bytes())
    place = data.index(b"\x89PNG") + 60
    data[place] ^= 255
    archive.write_bytes(data)
    source = open_source(str(archive))
    with pytest.raises(DataError, match=r"photos\.zip/.*\.png: not a readable picture .*CRC"):
        load_pictures(source, source.names)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match=r"a\.png: not a readable picture"):
        load_pictures(open_source(str(folder)), ["a.png"])


def test_an_empty_name_is_refused():
    for name in ("", "folder:", "zip:"):
        with pytest.raises(DataError, match="names no folder"):
            open_source(name)


def test_splits_are_disjoint_whole_and_of_the_right_size():
    names = [f"{number}.jpg" for number in range(4000)]
    parts = [split_names(names, split) for split in ("train", "validation", "test")]
    assert sorted(name for part in parts for name in part) == sorted(names)
    for part, share in zip(parts, (0.8, 0.05, 0.15), strict=True):
        assert len(part) / len(names) == pytest.approx(share, abs=0.02)


def test_a_split_does_not_depend_on_the_other_pictures():
    names = [f"{number}.jpg" for number in range(400)]
    few = set(split_names(names[::3], "test"))
    assert few == set(split_names(names, "test")) & set(names[::3])


def test_bad_fractions_are_refused():
    with pytest.raises(DataError, match="sum 1"):
        split_names(["a"], "train", (0.5, 0.1, 0.1))
    with pytest.raises(DataError, match="unknown"):
        split_names(["a"], "exam")


def test_loading_reduces_and_makes_gray(folder):
    source = open_source(str(folder))
    assert load_pictures(source, source.names)[0].shape == (30, 40, 3)
    assert load_pictures(source, source.names, short_side=15)[0].shape == (15, 20, 3)
    assert load_pictures(source, source.names, reduce=0.5, gray=True)[0].shape == (15, 20, 1)


def test_the_gray_filter_leaves_color(folder):
    Image.new("RGB", (30, 30), (90, 91, 92)).save(folder / "gray.png")
    source = open_source(str(folder))
    assert len(load_pictures(source, source.names, min_spread=4)) == 3
    with pytest.raises(DataError, match="none of 1"):
        load_pictures(source, ["gray.png"], min_spread=4)
