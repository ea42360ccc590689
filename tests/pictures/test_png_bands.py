"""PNG in bands equals PNG at once, whatever its size and filters, and what is damaged is one line."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from tests.pictures.conftest import refusal

from hillotype.pictures import Picture, png_bands, png_chunks, read_picture, rows, whole, write_picture
from hillotype.pictures.png_chunks import SIGNATURE, to_chunk
from hillotype.pictures.rows import Spool


@pytest.fixture(autouse=True)
def small_bands(monkeypatch):
    monkeypatch.setattr(png_bands, "_BAND_BYTES", 700)
    monkeypatch.setattr(png_chunks, "_PIECE_BYTES", 300)


def smooth(height, width, samples, dtype=np.uint8):
    """A picture for which libpng takes different filters."""
    ramp = np.add.outer(np.arange(height) ** 2, 3 * np.arange(width))[..., None] * np.arange(1, samples + 1)
    noise = np.random.default_rng(0).integers(0, 9, ramp.shape)
    return ((ramp + noise * (np.arange(width) > width // 2)[:, None]) % (np.iinfo(dtype).max + 1)).astype(dtype)


def png(filtered, width, height, depth=8, color=0, compressed=None):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    stream = zlib.compress(filtered) if compressed is None else compressed
    return b"".join([SIGNATURE, to_chunk(b"IHDR", header), to_chunk(b"IDAT", stream), to_chunk(b"IEND", b"")])


def joined(picture):
    alpha = [] if picture.alpha is None else [whole(picture.alpha)[..., None]]
    return np.concatenate([whole(picture.pixels), *alpha], axis=2)


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(61, 45), (1, 1), (1, 2000), (2000, 1)])
def test_bands_equal_the_whole(tmp_path, samples, dtype, size):
    array = smooth(*size, samples, dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(array if samples > 1 else array[..., 0]))
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(joined(picture), array)
    write_picture(picture, tmp_path / "b.png")
    written = (tmp_path / "b.png").read_bytes()
    np.testing.assert_array_equal(imagecodecs.png_decode(written).reshape(array.shape), array)
    np.testing.assert_array_equal(joined(read_picture(tmp_path / "b.png")), array)


def test_large_pictures_lie_on_the_disk(tmp_path, monkeypatch):
    array = smooth(61, 45, 4)
    write_picture(Picture(array[..., :3], array[..., 3]), tmp_path / "a.png")
    monkeypatch.setattr(rows, "IN_MEMORY", 1000)
    picture = read_picture(tmp_path / "a.png")
    assert isinstance(picture.pixels, Spool)
    assert isinstance(picture.alpha, Spool)
    write_picture(picture, tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def test_rows_are_filtered_as_libpng_filters_them_and_as_small(tmp_path):
    array = smooth(200, 300, 3)
    write_picture(Picture(array), tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size < 1.05 * len(imagecodecs.png_encode(array, level=4))
    with io.BytesIO((tmp_path / "a.png").read_bytes()) as file:
        stream = b"".join(chunk.content(file) for chunk in png_chunks.chunks_of(file) if chunk.kind == b"IDAT")
    assert len({*zlib.decompress(stream)[:: 1 + 900]}) > 1


def test_many_chunks_and_bytes_behind_the_rows(tmp_path):
    stream = zlib.compress(b"\0\1\2\0\3\4" + b"more")
    parts = b"".join(to_chunk(b"IDAT", stream[place : place + 1]) for place in range(len(stream)))
    content = png(b"", 2, 2, compressed=b"").replace(to_chunk(b"IDAT", b""), parts)
    (tmp_path / "a.png").write_bytes(content)
    assert read_picture(tmp_path / "a.png").pixels.ravel().tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "content",
    [
        png(b"\0\1\2", 2, 2),
        png(b"", 2, 2, compressed=b""),
        png(b"\0\1\2\5\3\4", 2, 2),
        png(b"", 2, 2, compressed=zlib.compress(b"\0\1\2\0\3\4")[:5]),
        png(b"", 2, 2, compressed=b"\x78\x9c" + bytes(20)),
        png(b"\0\1\2", 2, 2).replace(b"IEND", b"IDAT", 1),
        png(bytes(6), 2, 2)[:-14],
    ],
    ids=["few rows", "no rows", "filter", "cut stream", "no stream", "no end", "cut file"],
)
def test_what_is_damaged_is_refused_in_one_line(tmp_path, content, capfd):
    (tmp_path / "a.png").write_bytes(content)
    assert "copy it again from its source" in refusal(tmp_path / "a.png")
    assert capfd.readouterr().err == ""


def test_a_wrong_checksum_names_its_chunk(tmp_path):
    content = bytearray(png(bytes(6), 2, 2))
    content[content.index(b"IDAT") + 6] ^= 1
    (tmp_path / "a.png").write_bytes(content)
    assert "checksum of its b'IDAT' chunk" in refusal(tmp_path / "a.png")
