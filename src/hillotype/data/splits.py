"""Which pictures train, which validate and which test: decided by the picture's name alone."""

import hashlib
from collections.abc import Sequence

from hillotype.errors import DataError

SPLITS = ("train", "validation", "test")
"""The three sets; their fractions are given in this order."""

FRACTIONS = (0.8, 0.05, 0.15)
"""The default share of each set."""


def split_names(names: Sequence[str], split: str, fractions: Sequence[float] = FRACTIONS) -> list[str]:
    """Returns the names that belong to `split` ("train", "validation", "test" or "all"), in their order.

    A name's place is its SHA-256 read as a number in [0, 1): it depends on no other picture, so a set that grows
    keeps what it had where it was.

    Raises:
        DataError: an unknown split, or fractions that are not three numbers of sum 1.
    """
    if split == "all":
        return list(names)
    if split not in SPLITS:
        raise DataError(f"split {split!r}: unknown; use one of {', '.join(SPLITS)} or all")
    if len(fractions) != len(SPLITS) or abs(sum(fractions) - 1) > 1e-6 or min(fractions) < 0:
        raise DataError(f"split fractions {list(fractions)}: must be three numbers >= 0 of sum 1")
    position = SPLITS.index(split)
    low, high = sum(fractions[:position]), sum(fractions[: position + 1])
    return [name for name in names if low <= _place(name) < high or (high > 1 - 1e-6 and _place(name) >= high)]


def sample_names(names: Sequence[str], most: int | None) -> list[str]:
    """Returns at most so many of the names, in their order: fewer are a part of more, whatever else is there."""
    if most is None or len(names) <= most:
        return list(names)
    chosen = set(sorted(names, key=lambda name: _place(f"sample {name}"))[:most])
    return [name for name in names if name in chosen]


def _place(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
