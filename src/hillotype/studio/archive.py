"""All results as one ZIP file, made while it is sent."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hillotype.studio.names import free_name

_CHUNK = 1 << 20


def zip_stream(files: Sequence[tuple[str, Path]]) -> Iterator[bytes]:
    """Yields a ZIP of files under these names, not compressed, since pictures are; one that is gone is left out."""
    out = _Pipe()
    taken: set[str] = set()
    with zipfile.ZipFile(out, "w") as archive:
        for name, path in files:
            free = free_name(name, taken)
            taken.add(free.casefold())
            yield from _add(archive, out, free, path)
    yield out.take()


def _add(archive: zipfile.ZipFile, out: _Pipe, name: str, path: Path) -> Iterator[bytes]:
    try:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        source = path.open("rb")
    except FileNotFoundError:
        return
    with source, archive.open(info, "w") as entry:
        while chunk := source.read(_CHUNK):
            entry.write(chunk)
            yield out.take()


class _Pipe:
    """What is written to it is taken out again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken
