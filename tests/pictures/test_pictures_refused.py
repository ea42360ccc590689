"""What is no picture, or a damaged or too large one: one line each, and nothing printed beside it."""

import io
import os
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.pictures.conftest import (
    SUFFIXES,
    deep_file,
    image_of,
    noise,
    png_of,
    png_with,
    refusal,
    saved,
)

from hillotype.errors import PictureError
from hillotype.pictures import DEFAULT_MAX_PIXELS, read_picture


def test_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "missing.jpg")


def test_folder(tmp_path):
    assert "folder" in refusal(tmp_path)


def test_file_used_as_a_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    assert "cannot be reached" in refusal(tmp_path / "file" / "picture.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "pipe or a device" in refusal(tmp_path / "pipe.jpg")


def test_unreadable_file(tmp_path, monkeypatch):
    path = saved(tmp_path, ".png", image_of("RGB"))

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "permissions" in refusal(path)


def test_empty_file(tmp_path):
    path = tmp_path / "empty.jpg"
    path.touch()
    assert "0 bytes" in refusal(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"hello", "no picture"),
        (b"\n<!DOCTYPE html><html>Not found", "web page"),
        (b"\xff\xd8", "no picture"),
        (b"\xff\xd8\xff\xe0", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged"),
        (b"II*\0\x08\0\0\0", "damaged"),
        (b"BM", "damaged"),
        (b"GIF89a", "damaged"),
        (bytes(1000), "no picture"),
    ],
)
def test_not_a_picture(tmp_path, content, word):
    path = tmp_path / "saved.jpg"
    path.write_bytes(content)
    assert word in refusal(path)


def truncation_samples(folder):
    image = Image.fromarray(noise(40, 50, 3)).resize((100, 80))
    for suffix in SUFFIXES:
        yield saved(folder, suffix, image).read_bytes()
    with io.BytesIO() as file:
        image.save(file, "JPEG", progressive=True)
        yield file.getvalue()
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        with io.BytesIO() as file:
            image.save(file, "TIFF", compression=compression)
            yield file.getvalue()
    deep = noise(40, 50, 3, dtype=np.uint16)
    for options in ({}, {"compression": None, "predictor": False}, {"rowsperstrip": 7}):
        yield deep_file(folder, ".tif", deep, **options).read_bytes()
    yield deep_file(folder, ".png", deep).read_bytes()


def test_odd_metadata_is_passed_over_in_silence(tmp_path, capfd):
    path = tmp_path / "odd"
    gamma = (b"gAMA", struct.pack(">I", 45455))
    odd = [(b"iCCP", b"x\0\0junk"), (b"cHRM", bytes(32)), gamma, gamma, (b"tIME", b"\xff" * 7), (b"bKGD", b"x")]
    path.write_bytes(png_with(*odd, (b"eXIf", b"junk"), (b"zTXt", b"x\0\0junk")))
    assert read_picture(path).pixels.shape == (7, 11, 3)
    tifffile.imwrite(path, noise(7, 11), metadata=None, extratags=[(305, 2, 0, "maker", True)])
    data = bytearray(path.read_bytes())
    entry = data.index(struct.pack("<HH", 305, 2))
    data[entry + 4 : entry + 12] = struct.pack("<II", 99, 10**6)  # beyond the file
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_picture(path).pixels.shape == (7, 11, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("options", [{"dtype": np.uint16}, {}, {"compression": "zlib"}])
def test_damaged_tiff_data_neither_crash_nor_print(tmp_path, options, capfd):
    array = np.tile(np.arange(60, dtype=options.get("dtype", np.uint8)), (40, 1))
    path = deep_file(tmp_path, ".tif", array, compression=options.get("compression", "lzw"), predictor=None)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        for place in rng.integers(8, len(data), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_picture(path)
        except PictureError as error:
            assert "\n" not in str(error)  # noqa: PT017 (either outcome may be right)
    assert capfd.readouterr() == ("", "")


def test_truncation_at_any_byte(tmp_path, capfd):
    path = tmp_path / "cut.bin"
    for data in truncation_samples(tmp_path):
        path.write_bytes(data)
        whole = read_picture(path)
        cuts = {len(data) * tenth // 10 for tenth in range(1, 10)} | {len(data) * 19 // 20, len(data) - 3}
        cuts |= set(range(1, 60, 7)) | set(range(60, len(data), max(1, len(data) // 37)))
        for cut in sorted(cuts):
            path.write_bytes(data[:cut])
            try:
                picture = read_picture(path)
            except PictureError as error:
                assert "\n" not in str(error)  # noqa: PT017 (either outcome may be right)
                continue
            np.testing.assert_array_equal(picture.pixels, whole.pixels, err_msg=f"{data[:4]!r} cut at {cut}")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_size_limit_holds_before_decoding(tmp_path, suffix):
    path = saved(tmp_path, suffix, image_of("RGB", 20, 10))
    path.write_bytes(path.read_bytes()[:-40] if suffix in (".jpg", ".gif") else path.read_bytes())
    line = refusal(path, max_pixels=199)
    assert "20 x 10" in line
    assert "199" in line
    assert "--max-pixels" in line


def test_bomb_is_refused_from_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of(30000, 30000, 8, 2, b""))
    assert "900,000,000 pixels" in refusal(path)
    assert DEFAULT_MAX_PIXELS >= 100_000_000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_our_limit_stands_in_for_pillows(tmp_path, monkeypatch, suffix):
    path = saved(tmp_path, suffix, image_of("RGB", 20, 10))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_picture(path).pixels.shape == (10, 20, 3)
    assert Image.MAX_IMAGE_PIXELS == 50


def test_a_png_of_a_longer_side_than_libpng_reads(tmp_path, capfd):
    path = tmp_path / "long.png"
    header = struct.pack(">IIBBBBB", 1_000_001, 1, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR") + header + bytes(4))
    assert "1,000,000 a side" in refusal(path)
    assert capfd.readouterr().err == ""


def test_picture_without_pixels(tmp_path):
    path = tmp_path / "none.png"
    path.write_bytes(png_of(0, 0, 8, 2, b""))
    assert "at least 1 x 1" in refusal(path)


@pytest.mark.parametrize("dtype", [np.float32, np.uint32, np.int16])
def test_deeper_or_float_tiff_is_refused(tmp_path, dtype):
    path = tmp_path / "float.tif"
    tifffile.imwrite(path, np.ones((4, 5), dtype))
    assert "16 bits" in refusal(path)


def test_tiff_of_many_channels_is_refused(tmp_path):
    path = tmp_path / "spectra.tif"
    tifffile.imwrite(path, noise(5, 6, 200), photometric="minisblack", planarconfig="contig")
    assert "200 channels" in refusal(path)


def test_damaged_png_checksum(tmp_path):
    path = saved(tmp_path, ".png", image_of("RGB"))
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    assert "checksum" in refusal(path)


def test_memory_error_is_told(tmp_path, monkeypatch):
    path = saved(tmp_path, ".png", image_of("RGB"))

    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr("hillotype.pictures.reading.decode_png", exhausted)
    assert "memory" in refusal(path)
