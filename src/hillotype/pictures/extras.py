"""What to say where the readers of rarer formats are not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hillotype.errors import PictureError


@contextmanager
def needs_formats_extra(kind: str) -> Iterator[None]:
    """Turns a missing library into the line that installs it.

    Raises:
        PictureError: The library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise PictureError(
            f"{kind} needs {error.name}, which is not installed; run `pip install 'hillotype[formats]'`"
        ) from error
