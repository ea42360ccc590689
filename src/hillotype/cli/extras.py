"""What to say where an optional part of the package is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hillotype.errors import HillotypeError


@contextmanager
def needs_train_extra() -> Iterator[None]:
    """Turn a missing library of the make half into the line that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise HillotypeError(
            f"{error.name} is not installed: training and evaluation need more than restoring; "
            "run `pip install 'hillotype[train]'`"
        ) from error
