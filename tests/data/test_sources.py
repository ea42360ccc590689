"""Sources and splits: the same pictures whatever holds them, and clear refusals."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.conftest import LABELS, picture_bytes, write_tar

from hillotype.data import class_of, load_pictures, open_source, split_names
from hillotype.errors import DataError

REAL_DATA = os.environ.get("HILLOTYPE_DATA")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("b.png", "a.png", "inner/c.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(path)
    for name in ("notes.txt", "__MACOSX/._a.png", ".thumbnails/a.png"):
        (tmp_path / "photos" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "photos" / name).write_text("not a picture")
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


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_shades(tmp_path, suffix):
    shades = np.linspace(0, 65535, 256).reshape(16, 16).astype(np.uint16)
    Image.fromarray(shades).save(tmp_path / f"scan.{suffix}")
    seen = np.asarray(open_source(f"folder:{tmp_path}").open(f"scan.{suffix}"))
    np.testing.assert_array_equal(seen, np.arange(256).reshape(16, 16))


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


def test_a_file_that_is_no_picture_is_named_without_an_address_in_memory(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"none")
    source = open_source(str(tmp_path))
    with pytest.raises(DataError, match=r"a\.jpg: not a readable picture \(damaged, or of an unknown format\)"):
        load_pictures(source, source.names)


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


def test_mnist_has_splits_classes_and_the_official_numbers(mnist):
    whole = open_source("mnist")
    assert whole.names == [
        *("test/3/00000", "test/7/00001"),
        *("train/0/00001", "train/1/00004", "train/3/00000", "train/3/00002", "train/9/00003"),
    ]
    assert whole.origin == mnist
    assert whole.open("train/9/00003").mode == "L"
    for name in whole.names:
        assert (np.asarray(whole.open(name)) == int(name[-5:])).all()


@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_a_part_leaves_its_name_out(mnist, cifar10, dataset):
    whole = open_source(dataset)
    for part in ("train", "test", whole.names[-1].rpartition("/")[0]):
        source = open_source(f"{dataset}/{part}")
        assert source.names == [name.removeprefix(f"{part}/") for name in whole.names if name.startswith(f"{part}/")]
        for name in source.names:
            assert source.open(name).tobytes() == whole.open(f"{part}/{name}").tobytes()


def test_labels_are_read_off_the_names(mnist, cifar10):
    in_order = sorted(open_source("mnist/train").names, key=lambda name: name.rpartition("/")[2])
    assert [int(class_of(name)) for name in in_order] == LABELS["train"]
    assert class_of("train/ship/00012.png") == "ship"
    assert {class_of(name) for name in open_source("cifar10/test").names} == {"cat", "horse"}
    with pytest.raises(DataError, match=r"00012: in no folder, so of no class"):
        class_of("00012")


def test_fashion_has_words_for_classes(mnist, data_root):
    mnist.rename(data_root / "fashion-mnist")
    assert open_source("fashion-mnist/test").names == ["dress/00000", "sneaker/00001"]


def test_both_forms_of_cifar10_have_the_same_names(cifar10, data_root):
    official = open_source("cifar10/train")
    with zipfile.ZipFile(data_root / "cifar10-part.zip", "w") as archive:
        for name in official.names[1:]:
            file = io.BytesIO()
            official.open(name).save(file, "PNG")
            archive.writestr(f"train/{name}.png", file.getvalue())
    cifar10.unlink()
    part = open_source("cifar10/train")
    assert part.origin.name == "cifar10-part.zip"
    assert part.names == official.names[1:]
    assert part.open(part.names[0]).tobytes() == official.open(part.names[0]).tobytes()


def test_both_forms_of_lfw_have_the_same_names(data_root):
    faces = {f"{person}/{person}_0001": color for person, color in (("Ann_Lee", "red"), ("Bo", "blue"))}
    write_tar(data_root / "lfw.tgz", {f"lfw/{name}.jpg": picture_bytes(color) for name, color in faces.items()})
    with zipfile.ZipFile(data_root / "lfw-64.zip", "w") as archive:
        for name, color in faces.items():
            archive.writestr(f"{name}.webp", picture_bytes(color, "WEBP"))
    for form in ("lfw.tgz", "lfw-64.zip"):
        source = open_source("lfw")
        assert source.origin.name == form
        assert source.names == list(faces)
        assert class_of(source.names[0]) == "Ann_Lee"
        assert np.asarray(source.open("Bo/Bo_0001"))[0, 0].argmax() == 2
        assert open_source("lfw/Bo").names == ["Bo_0001"]
        with pytest.raises(DataError, match=r"Nobody/: no pictures in it; check the name"):
            open_source("lfw/Nobody")
        source.origin.unlink()


def test_a_damaged_tar_of_faces_is_named(data_root):
    path = data_root / "lfw.tgz"
    write_tar(path, {"lfw/Bo/Bo_0001.jpg": picture_bytes("red")})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"lfw\.tgz: damaged"):
        open_source("lfw")


@pytest.mark.parametrize("name", ["mnist/exam", "mnist/train/12", "cifar10/train/shop", "cifar10/ship", "mnist/7"])
def test_an_unknown_part_is_refused_before_anything_is_looked_for(name):
    with pytest.raises(DataError, match=rf"{name}: no such part; give .* with a class: (0|airplane), "):
        open_source(name)


def test_labels_beyond_the_classes_are_damage(mnist):
    labels = mnist / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0a")
    with pytest.raises(DataError, match="label 10, but there are 10 classes"):
        open_source("mnist/test")
    with pytest.raises(DataError, match="no pictures of mnist/train/5"):
        open_source("mnist/train/5")


@pytest.mark.parametrize("name", ["mnist/test", "fashion-mnist", "cifar10/train/ship", "lfw"])
def test_a_set_that_is_not_to_be_had_says_where_to_put_it(name):
    with pytest.raises(DataError, match=r"no connection to .*by other means and save it as .*cache"):
        open_source(name)


def test_the_sets_at_hand_are_whole(monkeypatch):
    if not REAL_DATA or not (Path(REAL_DATA) / "mnist").is_dir():
        pytest.skip("HILLOTYPE_DATA names no folder with mnist/")
    monkeypatch.setenv("HILLOTYPE_DATA", REAL_DATA)
    test = open_source("mnist/test")
    assert len(test.names) == 10_000
    assert "7/00000" in test.names


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
