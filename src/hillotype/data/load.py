"""Reads the pictures of a source into memory, prepared as a recipe asks."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from hillotype.data.images import to_pixels
from hillotype.data.prepare import Preparation
from hillotype.data.readers import ArraySource, Source
from hillotype.errors import DataError

_AS_THEY_ARE = Preparation()


def load_pictures(source: Source, names: Sequence[str], preparation: Preparation = _AS_THEY_ARE) -> list[np.ndarray]:
    """Returns the named pictures as (H, W, C) uint8 arrays, C = 1 if they are made gray, else 3.

    Args:
        source: where the pictures are.
        names: which of them, each once.
        preparation: what is done to each; those that its gray filter leaves out are missing.

    Raises:
        DataError: a picture cannot be read, or none is left.
    """
    return list(load_named_pictures(source, names, preparation).values())


def load_named_pictures(
    source: Source, names: Sequence[str], preparation: Preparation = _AS_THEY_ARE
) -> dict[str, np.ndarray]:
    """Returns what `load_pictures` does, each picture with its name, in the order of `names`."""
    prepared = zip(names, _prepared(source, names, preparation), strict=True)
    kept = {name: pixels for name, pixels in prepared if pixels is not None}
    if not kept:
        raise DataError(f"none of {len(names)} pictures is left after the split and the gray filter; relax them")
    return kept


def _prepared(source: Source, names: Sequence[str], preparation: Preparation) -> Iterator[np.ndarray | None]:
    if isinstance(source, ArraySource):  # small and decoded: handing one to a thread takes longer than preparing it
        yield from (preparation(source.pixels(name)) for name in names)
        return
    with ThreadPoolExecutor() as pool:
        yield from pool.map(lambda name: preparation(to_pixels(source.open(name))), names)
