import numpy as np
import pytest

from hillotype.color import Lab
from hillotype.errors import PictureError
from hillotype.restore.hints import Hint, path_lengths, read_hint, spread_hints

GRAY = np.zeros((2, 64, 96), np.float32)


def two_halves():
    """The lightness of a dark half and a bright half, 64 x 96."""
    light = np.full((64, 96), 0.3, np.float32)
    light[:, 48:] = 0.8
    return light


def chroma_of(color):
    rgb = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)], np.float32)
    return Lab().split(rgb.reshape(1, 3, 1, 1))[1].ravel()


@pytest.mark.parametrize(
    ("text", "shares"),
    [("120,80,#2f6b3a", (0.805, 0.6025)), ("40%, 15%, darkgreen", (0.15, 0.4)), ("0,0,rgb(1, 2, 3)", (0.005, 0.0025))],
)
def test_hints_are_read_in_pixels_and_shares(text, shares):
    assert read_hint(text).shares(100, 200) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "X,Y,COLOR"),
        ("1,2", "X,Y,COLOR"),
        ("a,2,red", "x and y"),
        ("1,2 %%,red", "x and y"),
        ("1,2,reddish", "no color"),
        ("1,2,#12345", "no color"),
    ],
)
def test_what_is_no_hint_is_refused(text, words):
    with pytest.raises(PictureError, match=words):
        read_hint(text)


@pytest.mark.parametrize("point", [(96, 5), (5, 64), (-1, 5), ("101%", 5), (5, "-1%"), (float("nan"), 5)])
def test_a_hint_outside_is_refused(point):
    with pytest.raises(PictureError, match="outside the picture of 96 x 64"):
        spread_hints(two_halves(), GRAY, [Hint(*point, "red")], (64, 96))


def test_without_hints_the_guess_stays():
    guess = np.random.default_rng(0).normal(0, 0.2, GRAY.shape).astype(np.float32)
    np.testing.assert_array_equal(spread_hints(two_halves(), guess, [], (64, 96)), guess)


@pytest.mark.parametrize("scale", [1, 7])
def test_a_hint_has_its_color_at_its_point_whatever_the_size(scale):
    hints = [Hint(20 * scale, 30 * scale, "#2f6b3a"), Hint(70 * scale, 30 * scale, "#c03050")]
    mixed = spread_hints(two_halves(), GRAY, hints, (64 * scale, 96 * scale))
    np.testing.assert_allclose(mixed[:, 30, 20], chroma_of("#2f6b3a"), atol=0.01)
    np.testing.assert_allclose(mixed[:, 30, 70], chroma_of("#c03050"), atol=0.01)


def test_a_hint_fills_its_side_of_an_edge_and_little_of_the_other():
    mixed = spread_hints(two_halves(), GRAY, [Hint(20, 30, "#c03050")], (64, 96))
    share = mixed[0] / chroma_of("#c03050")[0]
    assert share[:, 4:44].min() > 0.5
    assert share[:, 52:].max() < 0.1


def test_two_hints_meet_at_the_edge():
    mixed = spread_hints(two_halves(), GRAY, [Hint(20, 30, "#ff0000"), Hint(70, 30, "#0000ff")], (64, 96))
    nearer_red = np.hypot(*(mixed - chroma_of("#ff0000")[:, None, None])) < np.hypot(
        *(mixed - chroma_of("#0000ff")[:, None, None])
    )
    assert nearer_red[:, :47].all()
    assert not nearer_red[:, 49:].any()


def test_no_color_is_mixed_that_lies_not_between():
    rng = np.random.default_rng(1)
    light = rng.random((40, 60), dtype=np.float32)
    hints = [Hint(x, y, "#2f6b3a") for x, y in rng.integers(0, 40, (5, 2))] + [Hint("90%", "90%", "#603a2f")]
    mixed = spread_hints(light, np.zeros((2, 40, 60), np.float32), hints, (40, 60))
    ends = np.stack([chroma_of("#2f6b3a"), chroma_of("#603a2f"), np.zeros(2)])
    for plane, values in zip(mixed, ends.T, strict=True):
        assert plane.min() >= values.min() - 1e-4
        assert plane.max() <= values.max() + 1e-4


def test_points_of_a_stroke_do_not_outweigh_another_color():
    lone = Hint(80, 32, "#0000ff")
    flat = np.full((64, 96), 0.5, np.float32)
    stroke = [Hint(10, y, "#ff0000") for y in range(20, 44)]
    point, many = (spread_hints(flat, GRAY, [lone, *red], (64, 96)) for red in (stroke[12:13], stroke))
    assert np.abs(point[:, 32] - many[:, 32]).max() < 0.02


def test_paths_go_around_walls():
    light = np.zeros((9, 9), np.float32)
    light[:8, 4] = 1.0  # a wall with a gap below
    lengths = path_lengths(light, np.array([[0, 0]]))
    assert lengths[0, 0] == 0
    assert lengths[0, 8] == pytest.approx(0.24, abs=1e-4)  # 8 down, 8 across, 8 up
    assert lengths[0, 4] == pytest.approx(1.04, abs=1e-4)
