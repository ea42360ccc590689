import numpy as np
import pytest
from PIL import Image

from hillotype.errors import DataError, PictureError, RecipeError
from hillotype.latent.pictures import read_pictures, read_source, read_split


@pytest.fixture(scope="module")
def run(dense):
    return dense.run


def with_data(run, **changes):
    return run.model_copy(update={"data": run.data.model_copy(update=changes)})


def test_splits_share_no_picture_and_have_labels(run):
    splits = [read_split(run, split) for split in ("train", "validation", "test")]
    names = [name for each in splits for name in each.names]
    assert len(names) == len(set(names)) == 40
    for each in splits:
        assert each.pixels.shape == (len(each), 1, 12, 12)
        assert each.pixels.dtype == np.float32
        assert each.pixels.min() >= 0
        assert each.pixels.max() <= 1
    assert set(splits[0].labels) == {"left", "right"}


def test_fewer_are_spread_evenly(run):
    every, few = read_split(run, "train"), read_split(run, "train", 6)
    assert len(few) == 6
    assert few.names[0] == every.names[0]
    assert set(few.labels) == {"left", "right"}  # a set lies sorted by class
    assert len(read_split(run, "train", 1000)) == len(every)


def test_a_source_is_prepared_as_the_run_is(run, blobs):
    right = read_source(run, f"folder:{blobs}/right")
    assert len(right) == 20
    assert len(read_source(run, f"folder:{blobs}/right", 5)) == 5
    pixels = np.asarray(Image.open(blobs / "right" / "07.png"), np.float32) / 255
    np.testing.assert_allclose(right.pixels[right.names.index("07.png"), 0], pixels, atol=1e-6)
    with pytest.raises(DataError, match="in no folder, so of no class"):
        right.labels  # noqa: B018


def test_pictures_by_number_and_by_file(run, blobs):
    split = read_split(run, "test")
    chosen = read_pictures(run, ["2", str(blobs / "left" / "04.png"), "0"])
    assert chosen.names == [split.names[2], str(blobs / "left" / "04.png"), split.names[0]]
    np.testing.assert_array_equal(chosen.pixels[[0, 2]], split.pixels[[2, 0]])
    one = read_pictures(run, [str(blobs / split.names[2])])
    np.testing.assert_array_equal(one.pixels[0], split.pixels[2])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1", "I;16"])
def test_files_of_other_kinds_become_what_the_model_takes(run, tmp_path, mode):
    deep, plain = (Image.fromarray(np.full((12, 12), np.iinfo(kind).max, kind)) for kind in (np.uint16, np.uint8))
    image = deep if mode == deep.mode else plain.convert(mode)
    image.save(tmp_path / "a.png")
    picture = read_pictures(run, [str(tmp_path / "a.png")])
    assert picture.pixels.shape == (1, 1, 12, 12)
    np.testing.assert_allclose(picture.pixels, 1)


def test_any_size_will_do_where_the_recipe_says_what_becomes_of_it(run, tmp_path):
    Image.fromarray(np.full((50, 30), 128, np.uint8)).save(tmp_path / "large.png")
    with pytest.raises(DataError, match=r"30x50 pixels, but the model takes 12x12; resize it.*--set data.side=12"):
        read_pictures(run, [str(tmp_path / "large.png")])
    for data in ({"side": 12}, {"side": 8, "pad": 2}, {"short_side": 12}):
        assert read_pictures(with_data(run, **data), [str(tmp_path / "large.png")]).pixels.shape == (1, 1, 12, 12)


def test_mistakes_are_one_line(run, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    gray = with_data(run, gray=False, min_spread=5.0)
    Image.fromarray(np.full((12, 12), 128, np.uint8)).save(tmp_path / "gray.png")
    count = len(read_split(run, "test"))
    empty = run.data.sources[0].model_copy(update={"fractions": (0.9, 0.1, 0.0)})
    for mistake, kind, says in (
        (lambda: read_pictures(run, [str(count)]), DataError, f"picture {count}: .* 0 to {count - 1}; choose"),
        (lambda: read_pictures(run, ["none.png"]), PictureError, "there is no such file"),
        (lambda: read_pictures(run, [str(tmp_path)]), PictureError, "this is a folder"),
        (lambda: read_pictures(run, [str(tmp_path / "text.png")]), PictureError, "this is no picture"),
        (lambda: read_pictures(gray, [str(tmp_path / "gray.png")]), DataError, "too gray for this run"),
        (lambda: read_pictures(with_data(run, sources=(empty,)), ["0"]), RecipeError, "no pictures in the test split"),
        (lambda: read_source(run, f"folder:{tmp_path}/none"), DataError, "no such folder or zip"),
    ):
        with pytest.raises(kind, match=says) as caught:
            mistake()
        assert "\n" not in str(caught.value)
