"""What to say where an optional part of the package is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from hillotype.errors import HillotypeError


@contextmanager
def needs_extra(extra: str, why: str) -> Iterator[None]:
    """Turn a missing library of an extra into the line that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise HillotypeError(f"{error.name} is not installed: {why}; run `pip install 'hillotype[{extra}]'`") from error


def needs_train_extra() -> AbstractContextManager[None]:
    """Turn a missing library of the make half into the line that installs it."""
    return needs_extra("train", "training and evaluation need more than restoring")
