"""Walks among codes: from one to another, sums of several, and one number at a time."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hillotype.errors import RecipeError
from hillotype.latent.coder import Codes

WAYS = ("linear", "slerp")
"""The ways that `path` knows by name."""

LETTERS = string.ascii_lowercase
"""What expressions call the codes, in order."""

_TERM = re.compile(r"\s*([+-])?\s*(?:(\d+\.?\d*|\.\d+)\s*\*?\s*)?([a-z])\s*")
_LARGEST_FACTOR = 1e6  # codes stay finite
_PARALLEL = 1e-4  # sine of the angle below which an arc is a line


def linear(a: np.ndarray, b: np.ndarray, steps: int) -> Codes:
    """Returns `steps` codes (steps, D) at equal distances on the line from code `a` (D,) to code `b`, both included.

    Raises:
        RecipeError: fewer than two steps, or codes of different lengths.
    """
    share = _shares(a, b, steps)
    return np.asarray((1 - share) * a + share * b, dtype=np.float32)


def slerp(a: np.ndarray, b: np.ndarray, steps: int) -> Codes:
    """Returns `steps` codes (steps, D) at equal angles on the arc about 0 from code `a` (D,) to code `b`.

    In many dimensions nearly all of a normal prior lies at the same distance from 0, where lines do not stay (White
    2016, Sampling Generative Networks, https://arxiv.org/abs/1609.04468). Codes that point the same or the opposite
    way, and a code of zeros, have no such arc: these are joined by a line.

    Raises:
        RecipeError: as for `linear`.
    """
    share = _shares(a, b, steps)
    lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
    cosine = float(np.dot(a, b)) / lengths if lengths > 0 else 1.0
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < _PARALLEL:
        return linear(a, b, steps)
    arc = np.sin((1 - share) * angle) * a + np.sin(share * angle) * b
    return np.asarray(arc / np.sin(angle), dtype=np.float32)


def path(stops: Codes, steps: int, how: str = "linear") -> list[Codes]:
    """Returns the legs of a walk from stop to stop (K, D), each of `steps` codes (steps, D), both ends included.

    Raises:
        RecipeError: fewer than two stops or steps, or an unknown way.
    """
    if len(stops) < 2:
        raise RecipeError("a walk goes from one picture to another, and there are fewer than two; give one more")
    if how not in WAYS:
        raise RecipeError(f"way {how!r}: unknown; use one of {', '.join(WAYS)}")
    walk = linear if how == "linear" else slerp
    return [walk(a, b, steps) for a, b in pairwise(stops)]


def combine(codes: Codes, expression: str) -> Codes:
    """Returns the code (1, D) that an expression such as "a + b", "a - b + c" or "0.5*a + 0.5*b" makes of codes (K, D).

    Report 003 makes new pictures so: `a + b`, the sum as it is, without a factor.

    Raises:
        RecipeError: an expression that is none, or a letter without a code.
    """
    return (parse_weights(expression, len(codes)) @ codes.astype(np.float64))[None].astype(np.float32)


def parse_weights(expression: str, count: int) -> np.ndarray:
    """Returns the factors (count,) that an expression gives the codes a, b, c and so on.

    It is terms joined by + and -, each a letter or a number times a letter: `a - 0.5*b`.

    Raises:
        RecipeError: something else in it, a letter beyond `count`, or a factor beyond a million.
    """
    factors, at = np.zeros(count), 0
    while at < len(expression) or not at:
        term = _TERM.match(expression, at)
        if term is None or (at and not term[1]):
            rest = expression[at:].strip()
            raise RecipeError(
                f"{expression!r}: not understood from {rest!r} on; join letters by + and -, as a + b or 0.5*a + 0.5*b"
            )
        place = LETTERS.index(term[3])
        if place >= count:
            known = ", ".join(LETTERS[:count])
            raise RecipeError(f"{expression!r}: there is no {term[3]}; {count} pictures were given: {known}")
        if term[2] and float(term[2]) > _LARGEST_FACTOR:
            raise RecipeError(f"{expression!r}: factor {term[2]}; give at most {_LARGEST_FACTOR:,.0f}, as 0.5*a")
        factors[place] += float(f"{term[1] or '+'}{term[2] or 1}")
        at = term.end()
    return factors


def traverse(code: np.ndarray, dimension: int, values: Sequence[float] | np.ndarray) -> Codes:
    """Returns the code (D,) once for each value (N, D), with its number `dimension` set to that value.

    Raises:
        RecipeError: the code has no such number.
    """
    if not 0 <= dimension < len(code):
        raise RecipeError(f"dimension {dimension}: a code has the numbers 0 to {len(code) - 1}; choose one of them")
    codes = np.repeat(np.asarray(code, np.float32)[None], len(values), axis=0)
    codes[:, dimension] = values
    return codes


def _shares(a: np.ndarray, b: np.ndarray, steps: int) -> np.ndarray:
    """Shares of `b`, from 0 to 1, (steps, 1)."""
    if a.ndim != 1 or a.shape != b.shape:
        raise RecipeError(f"codes of shapes {a.shape} and {b.shape}: a walk joins codes (D,) of one length")
    if steps < 2:
        raise RecipeError(f"{steps} steps: a walk has its two ends at least; use 2 or more")
    return np.linspace(0, 1, steps)[:, None]
