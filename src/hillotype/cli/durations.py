"""Durations as people write them."""

from __future__ import annotations

import re

import typer

_FORM = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)


def seconds(text: str) -> float:
    """Return the seconds of `10s`, `90`, `1m30s` or `1h`; a command line with something else is a usage error."""
    found = _FORM.fullmatch(text.strip())
    total = (
        sum(float(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0
    )
    if total <= 0:
        raise typer.BadParameter(f"{text!r} is no time; write `10s`, `90` or `1m30s`")
    return total
