"""HEIC, AVIF and camera raw: read with what they say of themselves; refused in one line where nothing reads them."""

import io
import sys

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, features

from hillotype.batch.jobs import find_jobs
from hillotype.errors import PictureError
from hillotype.pictures import Picture, is_picture_name, read_picture, write_picture

DATE = "1907:06:10 12:00:00"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
SRGB = imagecodecs.cms_profile("srgb")
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")


def exif_bytes(orientation=1):
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = orientation, DATE
    return exif.tobytes()


def ramp(height=30, width=41, dtype=np.uint8):
    rows, columns = np.mgrid[:height, :width]
    color = np.stack([rows / height, columns / width, (rows + columns) / (height + width)], axis=-1)
    return np.round(color * np.iinfo(dtype).max).astype(dtype)


def picture_of(alpha=False, dtype=np.uint8):
    plane = ramp(dtype=dtype)[..., 2] if alpha else None
    return Picture(ramp(dtype=dtype), plane, exif=exif_bytes(), icc=SRGB, xmp=XMP)


def date_of(picture):
    exif = Image.Exif()
    exif.load(picture.exif)
    return exif[0x0132].rstrip("\0"), exif.get(0x0112, 1)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("suffix", [pytest.param(".avif", marks=needs_avif), ".heic"])
def test_written_and_read_again(tmp_path, suffix, alpha):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif")
    path = tmp_path / f"a{suffix}"
    assert write_picture(picture_of(alpha), path) == ()
    back = read_picture(path)
    assert np.abs(back.pixels.astype(int) - ramp()).mean() < 2
    assert (back.alpha is not None) == alpha
    assert (back.format, back.icc, back.xmp) == ({".avif": "AVIF", ".heic": "HEIF"}[suffix], SRGB, XMP)
    assert date_of(back) == (DATE, 1)
    assert not back.lossless


def test_heic_of_10_bits(tmp_path):
    pytest.importorskip("pillow_heif")
    path = tmp_path / "a.heic"
    assert write_picture(picture_of(dtype=np.uint16), path) == (
        "16 bits reduced to 10, as HEIC is written with no more",
    )
    back = read_picture(path)
    assert back.pixels.dtype == np.uint16
    assert back.pixels.max() > 64_000
    assert np.abs(back.pixels.astype(int) - ramp(dtype=np.uint16)).mean() < 500


def test_a_heic_is_not_turned_twice(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "a.heic"
    pillow_heif.from_pillow(Image.fromarray(ramp())).save(path, exif=exif_bytes(6), quality=95)
    picture = read_picture(path)
    assert picture.pixels.shape == (41, 30, 3)
    assert np.abs(picture.pixels.astype(int) - np.rot90(ramp(), -1)).mean() < 3
    assert date_of(picture) == (DATE, 1)


@needs_avif
def test_an_avif_is_turned_once(tmp_path):
    path = tmp_path / "a.avif"
    Image.fromarray(ramp()).save(path, exif=exif_bytes(6), quality=95)
    picture = read_picture(path)
    assert picture.pixels.shape == (41, 30, 3)
    assert np.abs(picture.pixels.astype(int) - np.rot90(ramp(), -1)).mean() < 3
    assert date_of(picture) == (DATE, 1)


@needs_avif
@pytest.mark.parametrize("bits", [10, 12])
def test_avif_of_more_than_8_bits(tmp_path, bits):
    path = tmp_path / "a.avif"
    path.write_bytes(imagecodecs.avif_encode(ramp(dtype=np.uint16) >> (16 - bits), level=95, bitspersample=bits))
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint16
    assert np.abs(picture.pixels.astype(int) - ramp(dtype=np.uint16)).mean() < 700


def write_dng(path, orientation=1, side=64):
    """A mosaic of red, green and blue sensor cells, of a gray ramp."""
    mosaic = np.tile(np.linspace(500, 3500, side), (side, 1)).astype(np.uint16)
    tags = [
        (271, 2, 0, "Maker", True),
        (272, 2, 0, "Camera", True),
        (306, 2, 0, DATE, True),
        (274, 3, 1, orientation, True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),
        (50708, 2, 0, "Maker Camera", True),
        (50717, 4, 1, 4095, True),
        (50721, 10, 9, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1), True),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),
    ]
    tifffile.imwrite(path, mosaic, photometric=32803, metadata=None, extratags=tags)


@pytest.mark.parametrize("orientation", [1, 6])
def test_camera_raw_is_developed_upright_to_16_bits(tmp_path, orientation):
    pytest.importorskip("rawpy")
    path = tmp_path / "a.dng"
    write_dng(path, orientation)
    picture = read_picture(path)
    assert (picture.format, picture.pixels.dtype, picture.pixels.shape[2]) == ("RAW", np.uint16, 3)
    assert picture.notes == ("developed from camera raw",)
    assert date_of(picture) == (DATE, 1)
    along = picture.pixels.mean(axis=(1, 2) if orientation == 6 else (0, 2)) / 65535
    linear = np.linspace(500, 3500, 64) / 3500  # LibRaw takes the brightest cell for white
    assert np.abs(along - (1.055 * linear ** (1 / 2.4) - 0.055))[4:-4].max() < 0.02
    with pytest.raises(PictureError, match="limit"):
        read_picture(path, max_pixels=100)
    with pytest.raises(PictureError, match="not written"):
        write_picture(picture, tmp_path / "b.dng")


def test_folders_list_them_and_raw_becomes_tiff(tmp_path):
    for name in ("a.DNG", "a.tif", "b.nef", "c.heic", "d.avif"):
        assert is_picture_name(name)
        (tmp_path / name).write_bytes(b"x")
    targets = [job.target.name for job in find_jobs([tmp_path], tmp_path / "out")]
    assert targets == ["a.DNG.tif", "a.tif", "b.tif", "c.heic", "d.avif"]


@pytest.mark.parametrize(("name", "library"), [("a.heic", "pillow_heif"), ("a.dng", "rawpy")])
def test_without_the_extra_it_is_said_in_one_line(tmp_path, monkeypatch, name, library):
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / name
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40)) if name == "a.heic" else write_dng(path)
    with pytest.raises(PictureError, match=r"pip install 'hillotype\[formats\]'") as caught:
        read_picture(path)
    assert "\n" not in str(caught.value)
    if name == "a.heic":
        with pytest.raises(PictureError, match=r"pip install 'hillotype\[formats\]'"):
            write_picture(picture_of(), tmp_path / "b.heic")


@pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.dng"])
def test_damaged_ones_are_told(tmp_path, name, capfd):
    path = tmp_path / name
    if name == "a.dng":
        pytest.importorskip("rawpy")
        write_dng(path)
    else:
        if name == "a.heic":
            pytest.importorskip("pillow_heif")
        write_picture(picture_of(), path)
    data = path.read_bytes()
    for cut in (40, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:cut])
        with pytest.raises(PictureError) as caught:
            read_picture(path)
        assert "\n" not in str(caught.value)
    assert name == "a.dng" or capfd.readouterr() == ("", "")  # LibRaw prints what it dislikes


def test_a_jpeg_named_as_raw_is_read_as_jpeg(tmp_path):
    file = io.BytesIO()
    Image.fromarray(ramp()).save(file, "JPEG")
    (tmp_path / "a.nef").write_bytes(file.getvalue())
    assert read_picture(tmp_path / "a.nef").format == "JPEG"
