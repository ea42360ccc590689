"""Which files are films, by their names and by how they begin."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FILM_SUFFIXES: Final = frozenset(
    f".{name}"
    for name in "3gp asf avi flv m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf ogv vob webm wmv".split()  # noqa: SIM905
)
"""Suffixes of files that hold films."""

WRITTEN_SUFFIXES: Final = (".mp4", ".m4v", ".mov", ".mkv")
"""Those that films are written in."""

_STILL_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"avis", b"jxl ", b"jp2 ", b"crx ")
_STARTS: Final = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"FLV\x01",
)
_TS_PACKET: Final = 188  # bytes, each packet of an MPEG transport stream starts with 0x47


def is_film_name(path: Path | str) -> bool:
    """Tells whether a file's suffix is one of films, in either case; the file is not opened."""
    return Path(path).suffix.lower() in FILM_SUFFIXES


def is_written(path: Path) -> bool:
    """Tells whether films are written under such a name."""
    return path.suffix.lower() in WRITTEN_SUFFIXES


def starts_as_film(path: Path) -> bool:
    """Tells whether a file begins as films do; false for what is no file or cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return False
        with path.open("rb") as file:
            head = file.read(2 * _TS_PACKET)
    except (OSError, ValueError):
        return False
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return head[8:12] not in _STILL_BRANDS
    if head[:4] == b"RIFF":
        return head[8:12] == b"AVI "
    return head.startswith(_STARTS) or head[:1] == head[_TS_PACKET : _TS_PACKET + 1] == b"G"
