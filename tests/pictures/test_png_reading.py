"""What PNG alone has: few gray levels, key colors, passes, its own words for colors."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms
from tests.pictures.conftest import (
    chunk,
    noise,
    png_of,
    png_with,
)

from hillotype.pictures import read_picture


@pytest.mark.parametrize(("depth", "row"), [(1, b"\x40"), (2, b"\x1b"), (4, b"\x01\x23"), (8, b"\0\1\2\3")])
def test_png_of_few_gray_levels_with_a_transparent_one(tmp_path, depth, row):
    path = tmp_path / "few.png"
    path.write_bytes(png_of(4, 1, depth, 0, b"\0" + row, chunk(b"tRNS", struct.pack(">H", 1))))
    picture = read_picture(path)
    levels = {1: [0, 1, 0, 0], 2: [0, 1, 2, 3], 4: [0, 1, 2, 3], 8: [0, 1, 2, 3]}[depth]
    assert picture.pixels.ravel().tolist() == [level * 255 // (2**depth - 1) for level in levels]
    assert picture.alpha.ravel().tolist() == [0 if level == 1 else 255 for level in levels]


def test_16_bit_png_with_a_transparent_color(tmp_path):
    array = noise(3, 5, 3, dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    path = tmp_path / "keyed.png"
    path.write_bytes(png_of(5, 3, 16, 2, rows, chunk(b"tRNS", array[1, 2].astype(">u2").tobytes())))
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, array)
    assert np.argwhere(picture.alpha == 0).tolist() == [[1, 2]]


def test_interlaced_16_bit_png(tmp_path):
    array = noise(9, 10, 3, dtype=np.uint16)
    passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
    rows = b"".join(
        b"\0" + row.astype(">u2").tobytes()
        for top, down, left, across in passes
        for row in array[top::down, left::across]
    )
    path = tmp_path / "interlaced.png"
    path.write_bytes(png_of(10, 9, 16, 2, rows, interlace=1))
    np.testing.assert_array_equal(read_picture(path).pixels, array)


def test_compressed_xmp_in_png(tmp_path):
    path = tmp_path / "xmp.png"
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0key\0" + zlib.compress(b"<xmp/>"))
    path.write_bytes(png_of(1, 1, 8, 0, b"\0\0", text))
    assert read_picture(path).xmp == b"<xmp/>"


def png_colors(gamma, *points):
    chunks = [(b"gAMA", struct.pack(">I", round(gamma * 1e5)))]
    return chunks + ([(b"cHRM", struct.pack(">8I", *(round(value * 1e5) for value in points)))] if points else [])


SRGB_POINTS, WIDE_POINTS = (
    (0.3127, 0.329, *primaries, 0.15, 0.06) for primaries in ((0.64, 0.33, 0.3, 0.6), (0.68, 0.32, 0.265, 0.69))
)


@pytest.mark.parametrize(
    ("chunks", "linear", "wide"),
    [
        (png_colors(0.45455), False, False),
        (png_colors(0.45455, *SRGB_POINTS), False, False),
        (png_colors(1.0), True, False),
        (png_colors(0.45455, *WIDE_POINTS), False, True),
        ([*png_colors(1.0), (b"sRGB", b"\0")], False, False),
        (png_colors(0.0), False, False),
        (png_colors(1.0, *[0.0] * 8), False, False),
    ],
)
def test_gamma_and_chromaticities_of_a_png_become_a_profile(tmp_path, chunks, linear, wide):
    path = tmp_path / "a.png"
    path.write_bytes(png_with(*chunks))
    icc = read_picture(path).icc
    assert (icc is not None) == (linear or wide)
    if icc is not None:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile
        red_x = profile.red_primary[1][0]
        assert red_x == pytest.approx(0.68 if wide else 0.648, abs=0.01)  # adapted to D50
        gray = imagecodecs.cms_transform(
            np.full((1, 1, 3), 128, np.uint8), icc, imagecodecs.cms_profile("srgb"), colorspace="rgb"
        )
        assert int(gray.ravel()[1]) == pytest.approx(188 if linear else 128, abs=2)
