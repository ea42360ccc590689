"""EXIF, XMP, IPTC beside the pixels: which way is up, what a TIFF says of itself, what a profile is for."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.pictures.picture import Picture
from hillotype.pictures.rows import Rows, bands, new_sheet

EXIF_PREFIX = b"Exif\x00\x00"
ORIENTATION, EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 0x0112, 0x8769, 0x8825, 0xA005
X_RESOLUTION, Y_RESOLUTION = 0x011A, 0x011B
PIXEL_WIDTH, PIXEL_HEIGHT = 0xA002, 0xA003
IPTC_RESOURCE = 0x0404
"""The number of the image resource that holds IPTC records."""

# The tags of a TIFF directory that tell of the photograph; the others tell how its pixels are stored.
DESCRIPTIVE_TAGS = (
    *(0x010D, 0x010E, 0x010F, 0x0110, ORIENTATION, 0x011D, 0x0131, 0x0132, 0x013B, 0x013C),
    *(0x4746, 0x4749, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
)
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>)\s*)([1-8])(?=\s*[\"'<])")


def with_exif_prefix(exif: bytes | None) -> bytes | None:
    """Returns EXIF bytes with their customary prefix, and None for none."""
    if not exif:
        return None
    return exif if exif.startswith(EXIF_PREFIX) else EXIF_PREFIX + exif


def profile_space(icc: bytes | None) -> str | None:
    """The color space of an ICC profile's device side ("RGB", "GRAY", "CMYK", ...), from its header."""
    return icc[16:20].decode("latin-1").strip() if icc and len(icc) >= 128 else None


def image_resource(iptc: bytes) -> bytes:
    """Wraps IPTC records as Photoshop's image resource, the form in which JPEG and PNG hold them."""
    return struct.pack(">4sHHI", b"8BIM", IPTC_RESOURCE, 0, len(iptc)) + iptc + b"\x00" * (len(iptc) % 2)


def iptc_of(resources: bytes) -> bytes | None:
    """Finds the IPTC records among Photoshop's image resources; bytes that are none are such records themselves."""
    if not resources.startswith(b"8BIM"):
        return resources or None
    start = 0
    while resources[start : start + 4] == b"8BIM" and start + 12 <= len(resources):
        (number,) = struct.unpack_from(">H", resources, start + 4)
        start += 6 + (resources[start + 6] + 2) // 2 * 2  # a name, padded with its length byte to an even size
        length = int.from_bytes(resources[start : start + 4], "big")
        if number == IPTC_RESOURCE:
            return resources[start + 4 : start + 4 + length] or None
        start += 4 + length + length % 2
    return None


def upright(picture: Picture) -> Picture:
    """Applies the orientation that EXIF or else XMP asks for, and resets it to 1 in both.

    The EXIF thumbnail is unlinked, since it shows the picture as it was before.
    """
    turn = _exif_orientation(picture.exif) or _xmp_orientation(picture.xmp) or 1
    swapped = turn >= 5
    turned_picture = replace(
        picture,
        pixels=turned(picture.pixels, turn),
        alpha=None if picture.alpha is None else turned(picture.alpha, turn),
        dpi=(picture.dpi[1], picture.dpi[0]) if picture.dpi and swapped else picture.dpi,
    )
    return marked_upright(turned_picture, swapped=swapped)


def marked_upright(picture: Picture, *, swapped: bool = False) -> Picture:
    """Resets the orientation in EXIF and XMP; `swapped` says that width and height changed places."""
    return replace(
        picture,
        exif=_upright_exif(picture.exif, swapped) if picture.exif else None,
        xmp=_XMP_ORIENTATION.sub(rb"\g<1>1", picture.xmp) if picture.xmp else None,
    )


def turned(stored: Rows, orientation: int) -> Rows:
    """Turns (H, W, ...) as stored into the way it is meant to be seen (TIFF 6.0, tag 274, values 1 to 8)."""
    if orientation == 1:
        return stored
    height, width, *rest = stored.shape
    swapped = orientation >= 5
    out = new_sheet((width, height, *rest) if swapped else (height, width, *rest), stored.dtype)
    mirrored = orientation in ((6, 7) if swapped else (3, 4))
    for band in bands(stored):
        place = slice(height - band.stop, height - band.start) if mirrored else band
        out[(slice(0, width), place) if swapped else place] = _turned(stored[band], orientation)
    return out


def _turned(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    if orientation >= 5:
        array = np.swapaxes(array, 0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array[:, ::-1] if orientation in (2, 3, 6, 7) else array


def _byte_order(tiff: bytes | bytearray) -> str:
    return {b"II*\x00": "<", b"MM\x00*": ">"}[bytes(tiff[:4])]


def _entries(tiff: bytes | bytearray, order: str, offset: int) -> tuple[dict[int, int], int]:
    """Where each tag's 12-byte entry starts in the directory at `offset`, and where its next-link lies."""
    (count,) = struct.unpack_from(order + "H", tiff, offset)
    starts = range(offset + 2, offset + 2 + 12 * count, 12)
    return {struct.unpack_from(order + "H", tiff, start)[0]: start for start in starts}, starts.stop


def _exif_orientation(exif: bytes | None) -> int | None:
    tiff = (exif or b"")[len(EXIF_PREFIX) :]
    try:
        order = _byte_order(tiff)
        entries, _ = _entries(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
        (value,) = struct.unpack_from(order + "H", tiff, entries[ORIENTATION] + 8)
    except (KeyError, struct.error):
        return None
    return value if 1 <= value <= 8 else None


def _xmp_orientation(xmp: bytes | None) -> int | None:
    found = _XMP_ORIENTATION.search(xmp or b"")
    return int(found[2]) if found else None


def _upright_exif(exif: bytes, swapped: bool) -> bytes:
    """Patches EXIF in place, so that maker notes, whose offsets are absolute, stay readable."""
    tiff = bytearray(exif[len(EXIF_PREFIX) :])
    try:
        order = _byte_order(tiff)
        entries, next_link = _entries(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
        if ORIENTATION in entries:
            struct.pack_into(order + "HIHH", tiff, entries[ORIENTATION] + 2, 3, 1, 1, 0)
        struct.pack_into(order + "I", tiff, next_link, 0)
        if swapped:
            _swap(tiff, entries, X_RESOLUTION, Y_RESOLUTION)
        if swapped and EXIF_IFD in entries:
            (offset,) = struct.unpack_from(order + "I", tiff, entries[EXIF_IFD] + 8)
            _swap(tiff, _entries(tiff, order, offset)[0], PIXEL_WIDTH, PIXEL_HEIGHT)
    except (KeyError, struct.error):
        pass  # damaged EXIF says nothing of the orientation; it is handed on as it came
    return EXIF_PREFIX + bytes(tiff)


def _swap(tiff: bytearray, entries: dict[int, int], across: int, down: int) -> None:
    """Swaps the values of two tags, where both are there."""
    if across in entries and down in entries:
        first, second = (slice(entries[tag] + 2, entries[tag] + 12) for tag in (across, down))
        tiff[first], tiff[second] = tiff[second], tiff[first]


def descriptive_exif(source: Image.Exif) -> Image.Exif:
    """Keeps what tells of the photograph (camera, date, place, author, ...), in little-endian order."""
    kept = Image.Exif()
    kept.endian = "<"
    for tag in DESCRIPTIVE_TAGS:
        if tag in source:
            kept[tag] = _bytewise(source[tag])
    for pointer in (EXIF_IFD, GPS_IFD):
        directory = {tag: _bytewise(value) for tag, value in source.get_ifd(pointer).items()}
        if INTEROPERABILITY_IFD in directory:
            directory[INTEROPERABILITY_IFD] = dict(source.get_ifd(INTEROPERABILITY_IFD))
        if directory:
            kept[pointer] = directory
    return kept


class _BytewiseText(str):
    """Text that Pillow writes as the bytes it read: it reads Latin-1, but writes "?" for all but ASCII."""

    def encode(self, *_: str) -> bytes:
        return super().encode("latin-1", "replace")


def _bytewise(value: Any) -> Any:  # noqa: ANN401
    return _BytewiseText(value) if isinstance(value, str) else value


def tiff_tags(exif: bytes) -> Image.Exif | None:
    """Reads EXIF bytes into tags that can be written into a TIFF directory; None if they are damaged."""
    source = Image.Exif()
    try:
        source.load(exif)
        tags = descriptive_exif(source)
        tags.tobytes()
    except Exception:  # Pillow raises whatever a malformed directory leads to
        return None
    return tags if len(tags) else None


def known_dpi(dpi: object) -> tuple[float, float] | None:
    """Returns a finite, positive pair as floats, else None; the argument is whatever a file's header gave."""
    try:
        across, down = (float(value) for value in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 1e6 and 0 < down < 1e6 else None
