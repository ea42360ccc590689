from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hillotype.errors import RecipeError
from hillotype.latent.walk import combine, linear, parse_weights, path, slerp, traverse

A, B, C = np.array([[1, 0, 0], [0, 2, 0], [3, 3, 3]], np.float32)


@pytest.mark.parametrize("walk", [linear, slerp])
def test_a_walk_begins_and_ends_where_it_should(walk):
    codes = walk(A, B, 5)
    assert codes.shape == (5, 3)
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes[[0, -1]], [A, B], atol=1e-6)


def test_the_middle_of_a_line_and_of_an_arc():
    np.testing.assert_allclose(linear(A, B, 3)[1], [0.5, 1, 0])
    np.testing.assert_allclose(slerp(A, B / 2, 3)[1], [np.sqrt(0.5), np.sqrt(0.5), 0], rtol=1e-6)


def test_an_arc_keeps_its_distance_from_zero_and_its_speed():
    rng = np.random.default_rng(0)
    ends = rng.normal(size=(2, 50))
    ends /= np.linalg.norm(ends, axis=1, keepdims=True)
    arc = slerp(*ends, 9)
    np.testing.assert_allclose(np.linalg.norm(arc, axis=1), 1, rtol=1e-5)
    steps = np.linalg.norm(np.diff(arc, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)


@pytest.mark.parametrize("end", [A * 3, -A, A * 0, A + 1e-7])
def test_where_there_is_no_arc_there_is_a_line(end):
    np.testing.assert_array_equal(slerp(A, end, 4), linear(A, end, 4))


def test_a_path_has_a_leg_less_than_stops():
    legs = path(np.stack([A, B, C]), 4, "slerp")
    assert [leg.shape for leg in legs] == [(4, 3), (4, 3)]
    np.testing.assert_allclose(legs[0][-1], legs[1][0], atol=1e-6)


@pytest.mark.parametrize(
    ("expression", "weights"),
    [
        ("a + b", [1, 1, 0]),
        ("a - b + c", [1, -1, 1]),
        ("0.5*a + 0.5*b", [0.5, 0.5, 0]),
        (" - a+ .25 b-2c ", [-1, 0.25, -2]),
        ("a + a", [2, 0, 0]),
        ("1. * c", [0, 0, 1]),
    ],
)
def test_expressions(expression, weights):
    np.testing.assert_array_equal(parse_weights(expression, 3), weights)
    np.testing.assert_allclose(combine(np.stack([A, B, C]), expression)[0], weights @ np.stack([A, B, C]))


@pytest.mark.parametrize(
    "expression", ["", " ", "a b", "ab", "a +", "a ** b", "a * b", "(a + b)/2", "A + B", "3", "é", "a;b"]
)
def test_what_is_no_expression_is_said_from_where_it_is_none(expression):
    with pytest.raises(RecipeError, match=r"not understood from .* on; join letters"):
        parse_weights(expression, 3)


@given(st.text(alphabet="abcd+-*. 012", max_size=12))
def test_any_text_is_weights_or_an_error(text):
    with suppress(RecipeError):
        assert np.isfinite(parse_weights(text, 3)).all()


def test_a_letter_beyond_the_pictures():
    with pytest.raises(RecipeError, match="there is no c; 2 pictures were given: a, b"):
        combine(np.stack([A, B]), "a + c")


@pytest.mark.parametrize("factor", ["1000001", "9" * 50, "9" * 400])
def test_a_factor_that_no_code_can_hold_is_named(factor):
    with pytest.raises(RecipeError, match=rf"factor {factor}; give at most 1,000,000"):
        combine(np.stack([A, B]), f"a + {factor}*b")


def test_one_number_changes_and_the_others_stay():
    codes = traverse(C, 1, [-1, 0, 1])
    np.testing.assert_array_equal(codes, [[3, -1, 3], [3, 0, 3], [3, 1, 3]])
    np.testing.assert_array_equal(C, 3)


@pytest.mark.parametrize(
    ("walk", "says"),
    [
        (lambda: linear(A, B, 1), "1 steps"),
        (lambda: slerp(A, B[:2], 5), "one length"),
        (lambda: path(A[None], 5), "fewer than two"),
        (lambda: path(np.stack([A, B]), 5, "round"), "use one of linear, slerp"),
        (lambda: traverse(A, 3, [0]), "dimension 3: a code has the numbers 0 to 2"),
        (lambda: traverse(A, -1, [0]), "dimension -1"),
    ],
)
def test_mistakes_are_one_line(walk, says):
    with pytest.raises(RecipeError, match=says) as caught:
        walk()
    assert "\n" not in str(caught.value)
