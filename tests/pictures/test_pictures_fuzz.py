"""Readers meet bytes of every kind: a picture or one line, nothing else, and nothing printed."""

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hillotype.errors import PictureError
from hillotype.pictures import Picture, read_picture, whole, write_picture
from hillotype.pictures.metadata import iptc_of, upright
from hillotype.pictures.profiles import encoding_of

QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIGNATURES = (
    *(b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"),
    *(b"II+\0", b"GIF89a", b"BM", b"\0\0\0\x1cftypavif", b"\0\0\0\x1cftypheic", b""),
)


def valid_files():
    array = np.random.default_rng(0).integers(0, 256, (21, 34, 3), dtype=np.uint8)
    files = {}
    for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF"):
        with io.BytesIO() as file:
            Image.fromarray(array).save(file, name)
            files[name] = file.getvalue()
    for name, options in {
        "strips": {"compression": "lzw", "rowsperstrip": 5},
        "tiles": {"compression": "zlib", "tile": (16, 16)},
        "plain": {"bigtiff": True},
        "planes": {"planarconfig": "separate", "byteorder": ">"},
    }.items():
        with io.BytesIO() as file:
            stored = np.moveaxis(array, 2, 0) if name == "planes" else array
            tifffile.imwrite(file, stored, photometric="rgb", **options)
            files[name] = file.getvalue()
    files["deep"] = imagecodecs.png_encode(array.astype(np.uint16) * 257)
    return files


VALID = valid_files()


def read_or_refuse(path, data):
    path.write_bytes(data)
    try:
        read_picture(path, max_pixels=100_000)
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017 (either outcome may be right)
        assert str(error).startswith(f"{path}: ")  # noqa: PT017


@QUICK
@given(signature=st.sampled_from(SIGNATURES), rest=st.binary(max_size=400))
def test_any_bytes_behind_a_signature(tmp_path, signature, rest):
    read_or_refuse(tmp_path / "any.bin", signature + rest)


@pytest.mark.parametrize("name", VALID)
@QUICK
@given(data=st.data())
def test_damaged_files(tmp_path, name, data):
    content = bytearray(VALID[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.binary(min_size=0, max_size=6))
        content[place : place + data.draw(st.integers(0, 6))] = damage
    read_or_refuse(tmp_path / "damaged.bin", bytes(content[: data.draw(st.integers(1, len(content)))]))


@QUICK
@given(tiff=st.binary(max_size=200), xmp=st.binary(max_size=100))
def test_any_metadata_turns_or_stays(tiff, xmp):
    for mark in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        picture = upright(Picture(np.zeros((2, 3, 1), np.uint8), exif=b"Exif\0\0" + mark + tiff, xmp=xmp))
        assert len(picture.exif) == 6 + len(mark) + len(tiff)


@QUICK
@given(resources=st.binary(max_size=80))
def test_any_image_resources(resources):
    for start in (b"", b"8BIM", b"8BIM\x04\x04\0\0", b"8BIM\x04\x05\0\0\0\0\0\x01x\0"):
        iptc_of(start + resources)


@QUICK
@given(icc=st.binary(max_size=300), space=st.sampled_from([b"RGB ", b"GRAY", b"CMYK"]))
def test_any_profile_is_refused_quietly(icc, space, capfd):
    with pytest.raises(ValueError, match="profile"):
        encoding_of(bytes(16) + space + bytes(16) + b"acsp" + icc + bytes(100), 3)
    assert capfd.readouterr() == ("", "")


@QUICK
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    alpha=st.booleans(),
    suffix=st.sampled_from([".png", ".tif"]),
)
def test_what_is_written_is_read(tmp_path, size, channels, dtype, alpha, suffix):
    rng = np.random.default_rng(size)
    top = np.iinfo(dtype).max
    pixels = rng.integers(0, top, (*size, channels), endpoint=True, dtype=dtype)
    plane = rng.integers(0, top, size, endpoint=True, dtype=dtype) if alpha else None
    write_picture(Picture(pixels, plane), tmp_path / f"a{suffix}", overwrite=True)
    back = read_picture(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(whole(back.pixels), pixels)
    if alpha:
        np.testing.assert_array_equal(whole(back.alpha), plane)
