"""Picture files that the tests make, and how one that cannot be read is refused."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from hillotype.errors import PictureError
from hillotype.pictures import read_picture

SUFFIXES = (".jpg", ".png", ".webp", ".tif", ".bmp", ".gif")


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def image_of(mode, width=11, height=7):
    if mode == "RGBA":
        return Image.fromarray(noise(height, width, 4))
    return Image.fromarray(noise(height, width, 3)).convert(mode)


def with_orientation(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def saved(folder, suffix, image, **options):
    path = folder / f"picture{suffix}"
    if suffix == ".webp":
        options = {"lossless": True, "exact": True} | options
    image.save(path, **options)
    return path


def joined(picture):
    parts = [picture.pixels] + ([] if picture.alpha is None else [picture.alpha[..., None]])
    array = np.concatenate(parts, axis=2)
    return array[..., 0] if array.shape[2] == 1 else array


def refusal(path, **options):
    """The line in which reading a file is refused."""
    return refused(path, lambda: read_picture(path, **options))


def refused(path, act):
    """The line in which reading or writing a file is refused."""
    with pytest.raises(PictureError) as caught:
        act()
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{path}: ")
    assert ";" in line  # the remedy follows it
    return line


def deep_file(folder, suffix, array, orientation=1, **options):
    """A 16-bit file made without any of our own code."""
    path = folder / f"deep{suffix}"
    if suffix == ".png":
        data = imagecodecs.png_encode(array)
        exif = with_orientation(orientation).tobytes()[6:]
        chunk = struct.pack(">I4s", len(exif), b"eXIf") + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif))
        path.write_bytes(data[:33] + chunk + data[33:])
    else:
        color = array.ndim == 3 and array.shape[2] >= 3
        options = {"planarconfig": "contig", "compression": "lzw", "predictor": True} | options
        extra = ["unassalpha"] if array.ndim == 3 and array.shape[2] in (2, 4) else None
        options = {"photometric": "rgb" if color else "minisblack", "extrasamples": extra} | options
        extratags = [(0x0112, 3, 1, orientation, True)]
        tifffile.imwrite(path, array, metadata=None, extratags=extratags, **options)
    return path


def chunk(kind, payload):
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_of(width, height, depth, color, rows, *more, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    body = chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png_with(*chunks):
    with io.BytesIO() as file:
        image_of("RGB").save(file, "PNG")
        data = file.getvalue()
    extra = b"".join(
        struct.pack(">I", len(load)) + kind + load + struct.pack(">I", zlib.crc32(kind + load)) for kind, load in chunks
    )
    return data[:33] + extra + data[33:]
