"""The chunks of a PNG file (PNG 1.2, 3.2, https://www.w3.org/TR/png/), without the whole file in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from hillotype.errors import PictureError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PIECE_BYTES: Final = 1 << 18
_TRUNCATED: Final = "the file ends early (truncated); copy it again from its source"


@dataclass(frozen=True)
class Chunk:
    """A chunk of a file: its type, and where its content starts and how long it is, in bytes."""

    kind: bytes
    start: int
    length: int

    @property
    def critical(self) -> bool:
        """Whether the pixels cannot be read without it."""
        return self.kind[:1].isupper()

    def pieces(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yields the content in pieces; the file stands behind it afterwards.

        Raises:
            PictureError: If the file ends before.
        """
        file.seek(self.start)
        left = self.length
        while left:
            piece = file.read(min(left, _PIECE_BYTES))
            if not piece:
                raise PictureError(_TRUNCATED)
            left -= len(piece)
            yield piece

    def content(self, file: IO[bytes]) -> bytes:
        """Returns all of the content."""
        return b"".join(self.pieces(file))


def chunks_of(file: IO[bytes]) -> Iterator[Chunk]:
    """Yields the chunks of a file whose checksums are right; critical ones (and all lengths) must be whole.

    Raises:
        PictureError: If the file ends before IEND, or a critical chunk fails its checksum.
    """
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            raise PictureError(_TRUNCATED)
        length, kind = struct.unpack(">I4s", head)
        chunk = Chunk(kind, place + 8, length)
        checksum = zlib.crc32(kind)
        for piece in chunk.pieces(file):
            checksum = zlib.crc32(piece, checksum)
        stored = file.read(4)
        if len(stored) < 4:
            raise PictureError(_TRUNCATED)
        if checksum == int.from_bytes(stored, "big"):
            yield chunk
        elif chunk.critical:
            raise PictureError(f"damaged (checksum of its {kind!r} chunk); copy it again from its source")
        place += 12 + length


def to_chunk(kind: bytes, content: bytes) -> bytes:
    """Returns a chunk as it stands in a file: length, type, content, checksum."""
    return b"".join(
        [struct.pack(">I4s", len(content), kind), content, struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))]
    )
