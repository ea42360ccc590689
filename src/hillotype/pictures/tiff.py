"""TIFF, gray and RGB of 8 to 16 bits through imagecodecs, the rest through Pillow; written by tifffile."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from hillotype.errors import PictureError
from hillotype.pictures.metadata import (
    DESCRIPTIVE_TAGS,
    EXIF_IFD,
    EXIF_PREFIX,
    GPS_IFD,
    INTEROPERABILITY_IFD,
    X_RESOLUTION,
    Y_RESOLUTION,
    descriptive_exif,
    iptc_of,
    known_dpi,
    tiff_tags,
    upright,
)
from hillotype.pictures.modes import convert, quiet_pillow
from hillotype.pictures.picture import Picture, Tag, check_size, join_alpha, part_of, raised_to_16
from hillotype.pictures.rows import Sheet, new_sheet
from hillotype.pictures.tiff_bands import tiff_bands

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

logging.getLogger("tifffile").addHandler(logging.NullHandler())

XMP, ICC, IPTC = 700, 34675, 33723
RESOLUTION_UNIT = 296
_INCHES_PER_UNIT = {2: 1.0, 3: 1 / 2.54}
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_UNSIGNED, _UNDEFINED = 1, 4
_BYTES = 1
_KINDS = {2: "signed", 3: "float", 5: "complex", 6: "complex"}
_PREMULTIPLIED, _STRAIGHT = 1, 2
_PLANES_APART = 2
_MOST_CHANNELS = 16
_JPEG = 7
_STRIP_BYTES = 1 << 20
_MOST_DIRECTORY_BYTES = 2 + 12 * 65535
_MAX_TAG_BYTES = 1 << 26
_WRITABLE_TYPES = range(1, 13)  # those of TIFF 6.0
_LEFT_BEHIND = {330: "reduced copies not kept", 34377: "Photoshop's resources not kept", 37724: "layers not kept"}
_STORAGE_TAGS = {
    *range(254, 267),  # size, depth, compression, kind, bit order
    *(273, 277, 278, 279, 280, 281, X_RESOLUTION, Y_RESOLUTION, 284, *range(288, 294), RESOLUTION_UNIT, 317, 320),
    *(*range(322, 326), 330, 332, 333, 334, 336, *range(338, 348), *range(512, 522), *range(529, 533)),
    *(EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD, XMP, ICC, IPTC),
}
_LOSSY = {6, 7, 33003, 33005, 34712, 34892, 50001, 50002}  # kinds of JPEG, JPEG 2000, WebP, JPEG XL


def decode_tiff(file: IO[bytes], max_pixels: int) -> Picture:
    """Decodes the first page of a TIFF file.

    Raises:
        PictureError: If it is too large or truncated, or its samples have more than 16 bits or are floats.
        Exception: Whatever the decoders raise on damaged data.
    """
    import imagecodecs
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        check_size(page.imagewidth, page.imagelength, max_pixels)
        _check_samples(page)
        _check_segments(page, os.fstat(file.fileno()).st_size)
        notes = ("only the first page kept",) if len(tiff.pages) > 1 else ()
        lossless = int(page.compression) not in _LOSSY
        described = _described(file, tiff, notes, lossless)
        if _is_plain(page):
            pixels, alpha, more = _decoded(file, page)
            return replace(described, pixels=pixels, alpha=alpha, notes=(*described.notes, *more))
    file.seek(0)
    imagecodecs.tiff_decode(file.read())  # finds damage without a word; Pillow prints what it finds
    return _through_pillow(file, described)


def _is_plain(page: TiffPage) -> bool:
    """Tells whether libtiff gives gray or RGB as they are; it does so of YCbCr only where that is JPEG."""
    if page.bitspersample < 8 and (page.bitspersample not in (1, 2, 4) or page.samplesperpixel > 1):
        return False  # 1 is also what is taken for a tag of several numbers that a cut file lacks
    return int(page.photometric) in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB) or (
        int(page.photometric) == _YCBCR and int(page.compression) == _JPEG
    )


def _check_samples(page: TiffPage) -> None:
    bits, kind = page.bitspersample, page.sampleformat
    if not isinstance(bits, int) or bits > 16 or kind not in (_UNSIGNED, _UNDEFINED):
        raise PictureError(
            f"samples of {bits} bits ({_KINDS.get(kind, 'unsigned')}): only unsigned ones of up to 16 bits are read, "
            "no float; convert it to 16 bits first"
        )
    if page.samplesperpixel > _MOST_CHANNELS:
        raise PictureError(f"{page.samplesperpixel} channels: at most {_MOST_CHANNELS} are read; take them apart")


def _check_segments(page: TiffPage, size: int) -> None:
    """Refuses strips or tiles that reach beyond the file: decoders may fill these with zeros."""
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or max(ends) > size:
        raise PictureError("the file ends early (truncated); copy it again from its source")


def _described(file: IO[bytes], tiff: TiffFile, notes: tuple[str, ...], lossless: bool) -> Picture:
    """Reads what the first directory says, beside pixels; these are a placeholder."""
    tags = Image.Exif()
    tags.endian, tags.bigtiff = tiff.byteorder, tiff.is_bigtiff
    tags.load_from_fp(file, tiff.pages.first.offset)
    inches = _INCHES_PER_UNIT.get(tags.get(RESOLUTION_UNIT, 2))
    dpi = known_dpi((tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION))) if inches else None
    exif = descriptive_exif(tags)
    return Picture(
        np.zeros((1, 1, 1), np.uint8),
        format="TIFF",
        exif=exif.tobytes() if len(exif) else None,
        icc=bytes(tags[ICC]) if ICC in tags else None,
        xmp=bytes(tags[XMP]) if XMP in tags else None,
        dpi=(dpi[0] / inches, dpi[1] / inches) if dpi and inches else None,
        lossless=lossless,
        iptc=_iptc(tiff.pages.first),
        tags=_further_tags(tiff.pages.first),
        notes=(*notes, *(note for tag, note in _LEFT_BEHIND.items() if tag in tags)),
    )


def _iptc(page: TiffPage) -> bytes | None:
    """Reads the IPTC records as they lie in the file: programs call their type 32-bit numbers, and do not swap them."""
    tag = page.tags.get(IPTC)
    if tag is None or not 0 < tag.valuebytecount < _MAX_TAG_BYTES:
        return None
    file = page.parent.filehandle
    file.seek(tag.valueoffset)
    return iptc_of(file.read(tag.valuebytecount).rstrip(b"\x00"))


def _further_tags(page: TiffPage) -> tuple[Tag, ...]:
    """Reads the tags that neither tell how pixels are stored nor are read into a field of their own."""
    kept = []
    for tag in page.tags:
        if tag.code in _STORAGE_TAGS or tag.code in DESCRIPTIVE_TAGS or tag.code in _LEFT_BEHIND:
            continue
        if tag.valuebytecount > _MAX_TAG_BYTES or int(tag.dtype) not in _WRITABLE_TYPES:
            continue
        with suppress(Exception):  # whatever a damaged value leads to: it is left out
            value = tag.value.encode("latin-1") if isinstance(tag.value, str) else tag.value
            kept.append((int(tag.code), int(tag.dtype), int(tag.count), value))
    return tuple(kept)


def _through_pillow(file: IO[bytes], described: Picture) -> Picture:
    """Decodes palettes, CMYK and the rarer kinds; Pillow turns a TIFF upright itself, so the tags must follow."""
    described = upright(described)
    file.seek(0)
    image = TiffImageFile(file)
    with quiet_pillow(image.width * image.height):
        image.load()
        converted = convert(image, described.icc)
    notes = (*described.notes, *converted.notes)
    return replace(described, pixels=converted.pixels, alpha=converted.alpha, icc=converted.icc, notes=notes)


def _decoded(file: IO[bytes], page: TiffPage) -> tuple[Sheet, Sheet | None, tuple[str, ...]]:
    """Decodes gray or RGB in bands, with alpha where there is any."""
    import imagecodecs

    size = (page.imagelength, page.imagewidth)
    colors = 3 if int(page.photometric) in (_RGB, _YCBCR) else 1
    kinds = [int(kind) for kind in page.extrasamples]
    has_alpha = bool(kinds) and kinds[0] in (_PREMULTIPLIED, _STRAIGHT)
    dtype = np.dtype(np.uint8 if page.bitspersample <= 8 else np.uint16)
    pixels, alpha = new_sheet((*size, colors), dtype), new_sheet(size, dtype) if has_alpha else None
    for rows, band in tiff_bands(file, page):
        # Not by tifffile, whose LZW decoder (imagecodecs 2026.3) crashes on damaged files.
        values = _values(page, imagecodecs.tiff_decode(band))
        part = values[..., :colors]
        if alpha is not None:
            alpha[rows] = values[..., colors]
            part = _straight(part, values[..., colors]) if kinds[0] == _PREMULTIPLIED else part
        pixels[rows] = part
    dropped = page.samplesperpixel > colors + has_alpha
    return pixels, alpha, ("extra channels not kept",) if dropped else ()


def _values(page: TiffPage, array: NDArray[Any]) -> NDArray[Any]:
    """Turns decoded rows into (rows, W, C), 1 to 4 bits raised to 8 and 9 to 15 to 16, black being 0."""
    if array.ndim == 3 and page.planarconfig == _PLANES_APART:
        array = np.moveaxis(array, 0, -1)
    native = np.uint8 if page.bitspersample <= 8 else np.uint16
    array = array.reshape(-1, page.imagewidth, page.samplesperpixel).astype(native, copy=False)
    if page.bitspersample < 8:
        array = array * np.uint8(255 // (2**page.bitspersample - 1))
    array = raised_to_16(array, page.bitspersample)
    if int(page.photometric) == _WHITE_IS_ZERO:
        array[..., 0] = ~array[..., 0]
    return array


def _straight(pixels: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Divides premultiplied colors by their alpha."""
    top = np.iinfo(pixels.dtype).max
    divisor = np.maximum(alpha, 1)[..., None].astype(np.uint32)
    return np.asarray(np.minimum((pixels * np.uint32(top) + divisor // 2) // divisor, top))


def encode_tiff(picture: Picture, file: BinaryIO) -> None:
    """Encodes as deflated TIFF in strips, with ICC, EXIF, XMP, IPTC, DPI and further tags."""
    import tifffile

    height, width, channels = picture.pixels.shape
    samples = channels + (picture.alpha is not None)
    rows = max(1, _STRIP_BYTES // (width * samples * picture.pixels.dtype.itemsize))
    tifffile.imwrite(
        file,
        _strips(picture, rows),
        shape=(height, width, samples) if samples > 1 else (height, width),
        dtype=picture.pixels.dtype,
        rowsperstrip=min(rows, height),
        bigtiff=False,
        byteorder="<",
        photometric="rgb" if channels == 3 else "minisblack",
        planarconfig="contig" if samples > 1 else None,
        extrasamples=["unassalpha"] if picture.alpha is not None else None,
        compression="zlib",
        predictor=True,
        metadata=None,
        software=False,
        iccprofile=picture.icc,
        resolution=picture.dpi,
        resolutionunit="INCH" if picture.dpi else None,
        extratags=[(*tag, True) for tag in _tags_of(picture)],
    )
    tags = tiff_tags(picture.exif) if picture.exif else None
    if tags:
        _add_exif(file, tags)


def _strips(picture: Picture, rows: int) -> Iterator[bytes]:
    """Yields the strips of a picture, each value but a row's first as its difference to the one before, deflated."""
    import imagecodecs

    height = picture.pixels.shape[0]
    for top in range(0, height, rows):
        strip = join_alpha(part_of(picture, slice(top, min(top + rows, height)))).copy()
        strip[:, 1:] -= strip[:, :-1].copy()
        yield bytes(imagecodecs.zlib_encode(strip.tobytes(), level=4))


def _tags_of(picture: Picture) -> list[Tag]:
    packets = ((XMP, picture.xmp), (IPTC, picture.iptc))
    return [(code, _BYTES, len(packet), packet) for code, packet in packets if packet] + list(picture.tags)


def _add_exif(file: BinaryIO, tags: Image.Exif) -> None:
    """Adds tags to the first directory of a little-endian TIFF.

    The EXIF directories go behind the file, and a merged first directory behind them; entries are opaque
    12-byte records whose offsets count from the file's start, so they can be moved.
    """
    file.seek(4)
    (first,) = struct.unpack("<I", file.read(4))
    file.seek(first)
    directory = file.read(_MOST_DIRECTORY_BYTES)
    start = file.seek(0, os.SEEK_END)
    start += file.write(b"\x00" * (start % 2))
    added = tags.tobytes(offset=start)[len(EXIF_PREFIX) + 8 :]
    added += b"\x00" * (len(added) % 2)
    entries = _records(added) | _records(directory)
    merged = struct.pack("<H", len(entries)) + b"".join(entries[tag] for tag in sorted(entries)) + bytes(4)
    file.write(added + merged)
    file.seek(4)
    file.write(struct.pack("<I", start + len(added)))


def _records(directory: bytes) -> dict[int, bytes]:
    (count,) = struct.unpack_from("<H", directory)
    starts = range(2, 2 + 12 * count, 12)
    return {struct.unpack_from("<H", directory, start)[0]: directory[start : start + 12] for start in starts}
