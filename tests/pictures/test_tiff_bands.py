"""TIFF in bands equals TIFF at once, whatever its layout, and pictures on the disk equal those in memory."""

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.pictures.conftest import noise

import hillotype
from hillotype.errors import PictureError
from hillotype.pictures import Picture, read_picture, rows, tiff_bands, whole, write_picture
from hillotype.pictures.metadata import turned
from hillotype.pictures.rows import Spool

LAYOUTS = [
    {"rowsperstrip": 5, "compression": "lzw", "predictor": True},
    {"rowsperstrip": 5},
    {"rowsperstrip": 100},
    {"tile": (16, 16), "compression": "zlib"},
    {"tile": (32, 16)},
    {"planarconfig": "separate", "rowsperstrip": 7},
    {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib"},
    {"planarconfig": "separate"},
    {"byteorder": ">", "rowsperstrip": 5},
    {"bigtiff": True, "rowsperstrip": 9, "compression": "zstd"},
]


@pytest.fixture
def small_bands(monkeypatch):
    monkeypatch.setattr(tiff_bands, "_BAND_BYTES", 700)
    monkeypatch.setattr(rows, "_BAND_BYTES", 700)


@pytest.fixture
def on_disk(monkeypatch, small_bands):
    monkeypatch.setattr(rows, "IN_MEMORY", 1000)


@pytest.mark.parametrize("options", LAYOUTS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bands_equal_the_whole(tmp_path, small_bands, options, channels, dtype):
    array = noise(61, 45, channels, dtype=dtype)
    apart = options.get("planarconfig") == "separate" and channels > 1
    stored = np.moveaxis(array, 2, 0) if apart else array if channels > 1 else array[..., 0]
    options = {"planarconfig": "contig"} | options if channels > 1 else options | {"planarconfig": None}
    options["photometric"] = "minisblack" if channels == 1 else "rgb"
    options["extrasamples"] = ["unassalpha"] if channels == 4 else None
    tifffile.imwrite(tmp_path / "a.tif", stored, metadata=None, **options)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(whole(picture.pixels), array[..., :3])
    if channels == 4:
        np.testing.assert_array_equal(whole(picture.alpha), array[..., 3])


def test_jpeg_in_tiles_and_strips(tmp_path, small_bands):
    color = Image.fromarray(noise(6, 5, 3)).resize((90, 70), Image.Resampling.BICUBIC)
    color.save(tmp_path / "a.tif", compression="jpeg", strip_size=4000)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert len(tiff.pages.first.dataoffsets) > 1
    with Image.open(tmp_path / "a.tif") as image:
        expected = np.asarray(image)
    np.testing.assert_array_equal(whole(read_picture(tmp_path / "a.tif").pixels), expected)


def test_too_few_strips_are_refused(tmp_path, small_bands):
    tifffile.imwrite(tmp_path / "a.tif", noise(60, 45), rowsperstrip=60, metadata=None)
    data = (tmp_path / "a.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        place = tiff.pages.first.tags["ImageLength"].valueoffset
    (tmp_path / "a.tif").write_bytes(data[:place] + (90).to_bytes(2, "little") + data[place + 2 :])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".bmp", ".webp"])
@pytest.mark.parametrize("alpha", [False, True])
def test_formats_read_and_write_what_lies_on_the_disk(tmp_path, on_disk, suffix, alpha):
    picture = Picture(noise(61, 45, 3), noise(61, 45) if alpha else None)
    write_picture(picture, tmp_path / f"a{suffix}")
    back = read_picture(tmp_path / f"a{suffix}")
    write_picture(back, tmp_path / f"b{suffix}")
    again = read_picture(tmp_path / f"b{suffix}")
    if suffix in (".png", ".tif", ".webp"):
        np.testing.assert_array_equal(whole(again.pixels), picture.pixels)
        assert not alpha or (whole(again.alpha) == picture.alpha).all()
    assert isinstance(back.pixels, Spool) or suffix in (".png", ".webp")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_lies_on_the_disk_is_turned(on_disk, orientation):
    array = noise(61, 45, 3)
    spool = Spool(array.shape, array.dtype)
    spool[:] = array
    image = Image.fromarray(array)
    image.getexif()[0x0112] = orientation
    from PIL import ImageOps

    np.testing.assert_array_equal(whole(turned(spool, orientation)), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("task", ["colorize", "denoise", "restore"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_restoring_from_and_to_the_disk_changes_nothing(tiny_zoo, monkeypatch, task, dtype, channels):
    picture = Picture(noise(61, 45, channels, dtype=dtype), noise(61, 45, dtype=dtype))
    restore = hillotype.load(task)
    expected = restore.restore(picture).pixels
    monkeypatch.setattr(rows, "IN_MEMORY", 1000)
    spool = Spool(picture.pixels.shape, picture.pixels.dtype)
    spool[:] = picture.pixels
    restored = restore.restore(Picture(spool, picture.alpha)).pixels
    assert isinstance(restored, Spool)
    np.testing.assert_array_equal(whole(restored), expected)


def test_a_full_disk_is_said(tmp_path, monkeypatch, on_disk):
    def fail(*_):
        raise OSError(28, "No space left on device")

    tifffile.imwrite(tmp_path / "a.tif", noise(60, 45), metadata=None)
    monkeypatch.setattr(rows.tempfile, "TemporaryFile", fail)
    with pytest.raises(PictureError, match="TMPDIR") as caught:
        read_picture(tmp_path / "a.tif")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", ["group4", "raw", "tiff_lzw"])
@pytest.mark.parametrize("bits", [1, 4])
def test_few_levels(tmp_path, small_bands, compression, bits, capfd):
    levels = noise(61, 45) >> (8 - bits)
    expected = levels * np.uint8(255 // (2**bits - 1))
    if bits == 1:
        Image.fromarray(levels.astype(bool)).save(tmp_path / "a.tif", compression=compression, strip_size=100)
    else:
        tifffile.imwrite(tmp_path / "a.tif", levels, bitspersample=bits, metadata=None)
    np.testing.assert_array_equal(whole(read_picture(tmp_path / "a.tif").pixels)[..., 0], expected)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[60:90] = bytes(range(30))
    (tmp_path / "a.tif").write_bytes(data)
    try:
        read_picture(tmp_path / "a.tif")
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017 (either outcome may be right)
    assert capfd.readouterr() == ("", "")
