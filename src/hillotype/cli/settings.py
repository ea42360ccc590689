"""`--set KEY=VALUE`: settings of recipes from the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from hillotype.errors import RecipeError


def read_settings(texts: Sequence[str] | None) -> dict[str, Any]:
    """Read KEY=VALUE texts to values by dotted key; a value is read as TOML, or as text where it is not TOML.

    Raises:
        RecipeError: a text without a key or a sign.
    """
    return dict(_setting(text) for text in texts or ())


def _setting(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise RecipeError(f"--set {text}: must be KEY=VALUE, as optimization.steps=500")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value
