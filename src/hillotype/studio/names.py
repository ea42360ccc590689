"""File names that clients send, made harmless: they are shown and offered for download, never opened."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from pathlib import PurePosixPath

_FORBIDDEN = re.compile(r'[<>:"|?*]')
_LONGEST, _DEEPEST = 120, 8
_PAST = {"restore": "restored", "denoise": "denoised", "colorize": "colorized"}


def safe_name(name: str) -> str:
    """Returns a relative name such as `album/a.jpg`, without what systems forbid or what leads elsewhere.

    Control and formatting characters go, and parts that are empty or all dots; so do drives and leading slashes.
    """
    visible = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C")
    parts = [_FORBIDDEN.sub("_", part)[-_LONGEST:].strip(" .") for part in visible.replace("\\", "/").split("/")]
    return "/".join([part for part in parts if part][-_DEEPEST:]) or "picture"


def result_name(name: str, task: str, suffix: str, *, part: bool = False) -> str:
    """Returns what a result is called: `album/a.jpg` restored is `album/a-restored.jpg`; a part of a film says so."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{_PAST[task]}{'-preview' if part else ''}{suffix}"))


def free_name(name: str, taken: Container[str]) -> str:
    """Returns the name, or with a number in it where it is taken already, in letters of either case."""
    path, number = PurePosixPath(name), 1
    while name.casefold() in taken:
        number += 1
        name = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
    return name
