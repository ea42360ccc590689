import numpy as np
import pytest
from PIL import Image

from hillotype.errors import PictureError
from hillotype.latent.sheet import check_name, square, write_film, write_sheet


@pytest.fixture
def gray():
    """Six gray pictures of 10x12 pixels, each of one level."""
    return np.broadcast_to(np.linspace(0, 1, 6, dtype=np.float32)[:, None, None, None], (6, 1, 10, 12))


@pytest.mark.parametrize(("suffix", "kind"), [("png", "PNG"), ("webp", "WEBP"), ("jpg", "JPEG"), ("JPEG", "JPEG")])
def test_a_sheet_is_of_the_format_that_its_name_says(gray, tmp_path, suffix, kind):
    write_sheet([("", gray)], tmp_path / f"a.{suffix}", scale=2)
    with Image.open(tmp_path / f"a.{suffix}") as sheet:
        assert sheet.format == kind
        assert sheet.size == (6 * (2 * 12 + 2), 2 * 10 + 2)


def test_pictures_stand_in_their_rows_enlarged_by_whole_factors(gray, tmp_path):
    write_sheet([("first", gray), ("second row", gray[::-1][:2])], tmp_path / "a.png")
    pixels = np.asarray(Image.open(tmp_path / "a.png"))[..., 0]
    cell_height, cell_width = 10 * 7 + 2, 12 * 7 + 2  # 84 // 12
    margin = pixels.shape[1] - 6 * cell_width
    assert margin > 40  # room for the names
    assert pixels.shape[0] == 2 * cell_height
    for column, level in enumerate((0, 51, 102, 153, 204, 255)):
        cell = pixels[1 : cell_height - 1, margin + column * cell_width + 1 : margin + (column + 1) * cell_width - 1]
        assert (cell == level).all()
    assert pixels[cell_height + 20, margin + cell_width + 20] == 204
    assert (pixels[:cell_height, :margin] < 100).any()  # the name


def test_color_stays(tmp_path):
    red = np.zeros((1, 3, 90, 90), np.float32)
    red[:, 0] = 1
    write_sheet([("", red)], tmp_path / "a.png")
    pixels = np.asarray(Image.open(tmp_path / "a.png"))
    assert pixels.shape == (92, 92, 3)
    assert (pixels[1:-1, 1:-1] == (255, 0, 0)).all()


def test_a_square_of_pictures(gray):
    assert [len(row) for _, row in square(np.concatenate([gray, gray]))] == [4, 4, 4]
    assert [len(row) for _, row in square(gray)] == [3, 3]
    assert [len(row) for _, row in square(gray[:1])] == [1]


@pytest.mark.parametrize(("back", "count"), [(True, 10), (False, 6)])
@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_a_film_plays_there_and_back(gray, tmp_path, name, back, count):
    write_film(gray, tmp_path / name, rate=10, there_and_back=back)
    with Image.open(tmp_path / name) as film:
        assert film.n_frames == count
        assert film.size == (12 * 16 + 2, 10 * 16 + 2)
        assert film.info["loop"] == 0
        levels = []
        for frame in range(count):
            film.seek(frame)
            levels.append(film.convert("L").getpixel((90, 80)))
    expected = [0, 51, 102, 153, 204, 255, *([204, 153, 102, 51] if back else [])]
    np.testing.assert_allclose(levels, expected, atol=1)


def test_what_is_there_is_replaced_and_folders_are_made(gray, tmp_path):
    path = tmp_path / "new" / "folder" / "a.png"
    write_sheet([("", gray)], path)
    before = path.read_bytes()
    write_sheet([("", gray[:2])], path)
    assert path.read_bytes() != before
    assert [each.name for each in path.parent.iterdir()] == ["a.png"]


def test_the_same_pictures_are_the_same_file(gray, tmp_path):
    for name in ("a", "b"):
        write_sheet([("x", gray)], tmp_path / f"{name}.png")
        write_film(gray, tmp_path / f"{name}.gif")
    for suffix in ("png", "gif"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "film", "says"),
    [
        ("a.tiff", False, "no format of a sheet; let its name end in .png"),
        ("a", False, "no format of a sheet"),
        ("a.gif", False, "no format of a sheet"),
        ("a.png", True, "no format of a film; let its name end in .gif, .webp"),
    ],
)
def test_other_formats_are_refused(tmp_path, name, film, says):
    with pytest.raises(PictureError, match=says):
        check_name(tmp_path / name, film=film)


def test_a_picture_given_is_not_written_over(gray, tmp_path):
    write_sheet([("", gray)], tmp_path / "a.png")
    with pytest.raises(PictureError, match="one of the pictures given"):
        check_name(tmp_path / "a.png", beside=[tmp_path / "none.png", tmp_path / "." / "a.png"])
    check_name(tmp_path / "a.png", beside=[tmp_path / "none.png"])


def test_nothing_to_show_and_too_much_of_it(gray, tmp_path):
    with pytest.raises(PictureError, match="no picture to show"):
        write_sheet([("", gray[:0])], tmp_path / "a.png")
    with pytest.raises(PictureError, match="ask for fewer"):
        write_sheet([("", np.repeat(gray, 40, axis=0))], tmp_path / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(PictureError, match="choose another name or folder"):
        write_sheet([("", gray)], tmp_path / "b.png")
    assert not (tmp_path / "a.png").exists()
