"""Written files: nothing lost that the format holds, the rest told, and a file whole or not at all."""

import errno
import io
import itertools
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, IptcImagePlugin
from tests.pictures.conftest import noise, refused

from hillotype.pictures import Picture, read_picture, write_picture
from hillotype.pictures.modes import to_srgb_gray

SRGB = imagecodecs.cms_profile("srgb")
GRAY = imagecodecs.cms_profile("gray", gamma=1.0)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="1"/></x:xmpmeta>'
DATE, GPS_LATITUDE = "1907:06:10 12:00:00", (48.0, 51.0, 29.5)


def exif_bytes():
    exif = Image.Exif()
    exif[0x010F], exif[0x0132], exif[0x8298] = "Lumiere", DATE, "public domain"
    exif[0x8769] = {0x9003: DATE, 0x829A: 0.5, 0x927C: b"maker's own", 0xA005: {1: "R98"}}
    exif[0x8825] = {1: "N", 2: GPS_LATITUDE}
    return exif.tobytes()


def picture_of(channels=3, dtype=np.uint8, alpha=False, size=(13, 17), **more):
    fields = {"exif": exif_bytes(), "icc": SRGB if channels == 3 else GRAY, "xmp": XMP, "dpi": (300.0, 150.0)} | more
    plane = noise(*size, dtype=dtype, seed=1) if alpha else None
    return Picture(noise(*size, channels, dtype=dtype), plane, **fields)


def plain(**options):
    return picture_of(exif=None, icc=None, xmp=None, dpi=None, **options)


def described(exif):
    read = Image.Exif()
    read.load(exif)
    camera, place = read.get_ifd(0x8769), read.get_ifd(0x8825)
    return read[0x010F], read[0x0132], read[0x8298], camera[0x9003], float(camera[0x829A]), camera[0x927C], place


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_formats_keep_everything(tmp_path, suffix, channels, dtype, alpha):
    picture, path = picture_of(channels, dtype, alpha), tmp_path / f"out{suffix}"
    assert write_picture(picture, path) == ()
    back = read_picture(path)
    np.testing.assert_array_equal(back.pixels, picture.pixels)
    assert back.pixels.dtype == dtype
    assert (back.alpha is None) == (not alpha)
    if alpha:
        np.testing.assert_array_equal(back.alpha, picture.alpha)
    assert (back.icc, back.xmp, back.notes) == (picture.icc, XMP, ())
    assert back.dpi == pytest.approx(picture.dpi, abs=0.02)
    assert described(back.exif) == described(picture.exif)


def test_jpeg_keeps_metadata_at_full_chroma(tmp_path):
    picture, path = picture_of(), tmp_path / "out.jpg"
    assert write_picture(picture, path) == ()
    back = read_picture(path)
    assert (back.icc, back.xmp, back.exif, back.dpi) == (SRGB, XMP, picture.exif, (300.0, 150.0))
    with Image.open(path) as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert image.quantization[0][0] <= 2


@pytest.mark.parametrize(("first", "second"), [(".jpg", ".tif"), (".tif", ".tif"), (".tif", ".png")])
def test_text_beyond_ascii_is_kept(tmp_path, first, second):
    exif = Image.Exif()
    exif[0x013B] = "Zoe"
    exif[0x8769] = {0xA434: "Zoe's lens"}
    name = "Zoë".encode()
    raw = exif.tobytes().replace(b"Zoe\0", name[:3] + b"\0").replace(b"Zoe's lens", name + b" s lens"[1:])
    write_picture(picture_of(exif=raw), tmp_path / f"a{first}")
    write_picture(read_picture(tmp_path / f"a{first}"), tmp_path / f"b{second}")
    data = (tmp_path / f"b{second}").read_bytes()
    assert name[:3] in data
    assert name in data


def test_gray_jpeg_keeps_its_gray_profile(tmp_path):
    path = tmp_path / "out.jpeg"
    assert write_picture(picture_of(1), path) == ()
    back = read_picture(path)
    assert (back.icc, back.pixels.shape[2]) == (GRAY, 1)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("alpha", [True, False])
def test_webp_keeps_metadata_and_alpha(tmp_path, lossless, alpha):
    picture, path = picture_of(alpha=alpha, lossless=lossless), tmp_path / "out.webp"
    assert write_picture(picture, path) == ("DPI dropped, as WebP holds none",)
    back = read_picture(path)
    assert (back.icc, back.xmp, back.exif, back.lossless) == (SRGB, XMP, picture.exif, lossless)
    assert (back.alpha is None) == (not alpha)
    if alpha:
        np.testing.assert_array_equal(back.alpha, picture.alpha)
    if lossless:
        np.testing.assert_array_equal(back.pixels, picture.pixels)


def test_bmp_tells_what_it_cannot_hold(tmp_path):
    path = tmp_path / "out.bmp"
    notes = write_picture(picture_of(), path)
    assert [note.split()[0] for note in notes] == ["ICC", "EXIF", "XMP"]
    back = read_picture(path)
    np.testing.assert_array_equal(back.pixels, picture_of().pixels)
    assert back.dpi == pytest.approx((300, 150), abs=0.02)


FORMATS = (".jpg", ".png", ".webp", ".tif")


@pytest.mark.parametrize(("first", "second"), list(itertools.product(FORMATS, FORMATS)))
def test_metadata_from_every_format_to_every_other(tmp_path, first, second):
    write_picture(picture_of(), tmp_path / f"a{first}")
    write_picture(read_picture(tmp_path / f"a{first}"), tmp_path / f"b{second}")
    back = read_picture(tmp_path / f"b{second}")
    assert described(back.exif) == described(exif_bytes())
    assert (back.icc, back.xmp) == (SRGB, XMP)
    if ".webp" not in (first, second):
        assert back.dpi == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_other_programs_see_the_metadata(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    write_picture(picture_of(), path)
    with Image.open(path) as image:
        image.load()
        exif = image.getexif()
        assert exif[0x010F].rstrip("\0") == "Lumiere"
        assert exif.get_ifd(0x8769)[0x9003].rstrip("\0") == DATE
        assert tuple(map(float, exif.get_ifd(0x8825)[2])) == GPS_LATITUDE
        assert image.info["icc_profile"] == SRGB
        assert image.info["xmp"] == XMP


def test_tiff_with_exif_is_sound_to_tifffile(tmp_path, caplog):
    path = tmp_path / "out.tif"
    picture = picture_of(dtype=np.uint16, alpha=True)
    write_picture(picture, path)
    with tifffile.TiffFile(path) as tiff:
        tags = tiff.pages.first.tags
        assert [tag.code for tag in tags] == sorted(tag.code for tag in tags)
        assert tags["ExifTag"].value["DateTimeOriginal"] == DATE
        assert tags["Make"].value == "Lumiere"
        assert len(tiff.pages) == 1
        np.testing.assert_array_equal(tiff.asarray()[..., :3], picture.pixels)
    assert caplog.text == ""


def test_16_bits_to_8_with_a_note(tmp_path):
    values = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)[..., None]
    path = tmp_path / "out.bmp"
    assert write_picture(Picture(values), path) == ("16 bits reduced to 8, as BMP holds no more",)
    assert read_picture(path).pixels.ravel().tolist() == [0, 0, 1, 1, 128, 255]


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_transparency_is_laid_over_white(tmp_path, suffix):
    pixels = np.zeros((16, 16, 3), np.uint8)
    alpha = np.repeat(np.array([[0], [255]], np.uint8), 8, axis=0) @ np.ones((1, 16), np.uint8)
    notes = write_picture(Picture(pixels, alpha), tmp_path / f"out{suffix}")
    assert "over white" in notes[0]
    back = read_picture(tmp_path / f"out{suffix}").pixels
    assert (back[:8] > 250).all()
    assert (back[8:] < 5).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_profile_becomes_the_srgb_curve(dtype):
    top = np.iinfo(dtype).max
    ramp = np.linspace(0, top, 256).round().astype(dtype).reshape(16, 16, 1)
    converted = to_srgb_gray(Picture(ramp, icc=GRAY))
    linear = ramp / top
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * top
    assert np.abs(converted.pixels - expected).max() <= (1 if dtype == np.uint8 else 65)
    assert (converted.icc, converted.pixels.dtype) == (None, dtype)
    assert (converted.pixels.min(), converted.pixels.max()) == (0, top)


def test_gray_without_a_gray_profile_is_left_alone():
    for picture in (picture_of(3), picture_of(1, icc=None), picture_of(1, icc=SRGB)):
        assert to_srgb_gray(picture) is picture


def test_damaged_gray_profile_is_dropped():
    picture = picture_of(1, icc=GRAY[:128] + bytes(200))
    converted = to_srgb_gray(picture)
    np.testing.assert_array_equal(converted.pixels, picture.pixels)
    assert converted.icc is None
    assert "damaged gray ICC profile dropped" in converted.notes


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize(("channels", "icc"), [(1, SRGB), (3, GRAY), (3, bytes(16) + b"CMYK" + bytes(200))])
def test_profile_of_another_kind_is_never_written(tmp_path, suffix, channels, icc):
    path = tmp_path / f"out{suffix}"
    notes = write_picture(picture_of(channels, icc=icc), path)
    assert "ICC profile dropped" in notes[0]
    assert read_picture(path).icc is None


def test_gray_profile_is_applied_where_only_color_is_held(tmp_path):
    picture = picture_of(1)
    notes = write_picture(picture, tmp_path / "out.webp")
    assert "gray ICC profile applied" in notes[0]
    back = read_picture(tmp_path / "out.webp")
    assert back.icc is None
    np.testing.assert_array_equal(back.pixels, np.repeat(to_srgb_gray(picture).pixels, 3, axis=2))


@pytest.mark.parametrize("field", ["exif", "xmp"])
def test_metadata_too_long_for_jpeg_is_dropped_with_a_note(tmp_path, field):
    long = exif_bytes() + bytes(70_000) if field == "exif" else XMP + b" " * 70_000
    picture = picture_of(**{field: long})
    notes = write_picture(picture, tmp_path / "out.jpg")
    assert notes == (f"{field.upper()} dropped, as JPEG holds at most 65504 bytes",)
    assert getattr(read_picture(tmp_path / "out.jpg"), field) is None
    fitting = long[:65504]
    assert write_picture(picture_of(**{field: fitting}), tmp_path / "fits.jpg") == ()


def test_damaged_exif_does_not_stop_a_tiff(tmp_path):
    path = tmp_path / "out.tif"
    notes = write_picture(picture_of(exif=b"Exif\0\0junk and more junk"), path)
    assert notes == ("EXIF dropped: it is damaged",)
    np.testing.assert_array_equal(read_picture(path).pixels, picture_of().pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_extreme_sizes(tmp_path, suffix, size):
    write_picture(picture_of(size=size), tmp_path / f"out{suffix}")
    assert read_picture(tmp_path / f"out{suffix}").pixels.shape == (*size, 3)


def refusal(picture, path, **options):
    return refused(path, lambda: write_picture(picture, path, **options))


@pytest.mark.parametrize("name", ["out.gif", "out", "out.xyz", "out.jpg.txt"])
def test_other_suffixes_are_refused_with_the_remedy(tmp_path, name):
    assert ".png" in refusal(plain(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "side"), [(".webp", 16384), (".jpg", 65501), (".png", 1_000_001)])
def test_too_large_for_the_format(tmp_path, suffix, side):
    assert f"1 x {side}" in refusal(plain(size=(side, 1)), tmp_path / f"out{suffix}")


def test_existing_file_needs_overwrite(tmp_path):
    path = tmp_path / "out.png"
    path.write_bytes(b"precious")
    assert "--overwrite" in refusal(plain(), path)
    assert path.read_bytes() == b"precious"
    write_picture(plain(), path, overwrite=True)
    np.testing.assert_array_equal(read_picture(path).pixels, plain().pixels)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.png"]


def test_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "out.png"
    monkeypatch.setattr("hillotype.pictures.writing._check_place", lambda *_: path.write_bytes(b"precious"))
    assert "--overwrite" in refusal(plain(), path)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.png"]


def no_links(*_):
    raise OSError(errno.EPERM, "Operation not permitted")


def test_disk_without_hard_links(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    path = tmp_path / "out.png"
    write_picture(plain(), path)
    np.testing.assert_array_equal(read_picture(path).pixels, plain().pixels)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.png"]
    monkeypatch.setattr("hillotype.pictures.writing._check_place", lambda *_: None)
    assert "--overwrite" in refusal(plain(), path)


def test_disk_without_hard_links_leaves_no_claim_behind(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_picture(plain(), tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp"])
def test_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, suffix, overwrite):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / f"out{suffix}"
    if overwrite:
        path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", full)
    assert "disk is full" in refusal(plain(), path, overwrite=overwrite)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"before"] * overwrite


def test_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_picture(plain(), tmp_path / "out.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
@pytest.mark.parametrize(("place", "value"), [("sys", SimpleNamespace(platform="darwin")), ("_IN_MEMORY", 0)])
def test_files_are_the_same_whether_encoded_in_memory_or_not(tmp_path, monkeypatch, suffix, place, value):
    write_picture(plain(), tmp_path / f"here{suffix}")
    monkeypatch.setattr(f"hillotype.pictures.simple.{place}", value)
    write_picture(plain(), tmp_path / f"there{suffix}")
    assert (tmp_path / f"here{suffix}").read_bytes() == (tmp_path / f"there{suffix}").read_bytes()


def test_target_appears_only_when_whole(tmp_path, monkeypatch):
    path, seen = tmp_path / "out.png", []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append([entry.name for entry in tmp_path.iterdir()]))
    write_picture(plain(), path)
    (names,) = seen
    assert [name.startswith(".") for name in names] == [True]


def test_missing_folder(tmp_path):
    assert "does not exist" in refusal(plain(), tmp_path / "none" / "out.png")


def test_unwritable_folder(tmp_path, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "cannot be written to" in refusal(plain(), tmp_path / "out.png")


def test_folder_or_pipe_of_that_name(tmp_path):
    (tmp_path / "out.png").mkdir()
    assert "folder, pipe or device" in refusal(plain(), tmp_path / "out.png", overwrite=True)


def test_file_gets_the_usual_permissions(tmp_path):
    write_picture(plain(), tmp_path / "out.png")
    (tmp_path / "other").touch()
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_name_of_the_greatest_length_and_any_letters(tmp_path):
    path = tmp_path / ("ö" * 120 + "\n x.png")
    write_picture(plain(), path)
    assert read_picture(path).pixels.shape == (13, 17, 3)


def test_writing_leaves_the_picture_as_it_was(tmp_path):
    picture = picture_of(1, np.uint16, alpha=True)
    before = replace(picture, pixels=picture.pixels.copy(), alpha=picture.alpha.copy())
    for suffix in (".jpg", ".png", ".webp", ".tif", ".bmp"):
        write_picture(picture, tmp_path / f"out{suffix}")
    np.testing.assert_array_equal(picture.pixels, before.pixels)
    np.testing.assert_array_equal(picture.alpha, before.alpha)


def test_same_picture_same_bytes(tmp_path):
    for suffix in (".jpg", ".png", ".webp", ".tif", ".bmp"):
        for name in ("a", "b"):
            write_picture(picture_of(), tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_jpeg_is_what_pillow_writes_at_these_settings(tmp_path):
    picture, file = plain(), io.BytesIO()
    write_picture(picture, tmp_path / "out.jpg")
    Image.fromarray(picture.pixels).save(file, "JPEG", quality=95, subsampling=0)
    assert (tmp_path / "out.jpg").read_bytes() == file.getvalue()


IPTC = b"\x1c\x02\x78\x00\x0bThe caption"


@pytest.mark.parametrize(("first", "second"), list(itertools.product((".jpg", ".png", ".tif"), repeat=2)))
def test_iptc_is_kept_from_every_format_to_every_other(tmp_path, first, second):
    write_picture(picture_of(iptc=IPTC), tmp_path / f"a{first}")
    assert write_picture(read_picture(tmp_path / f"a{first}"), tmp_path / f"b{second}") == ()
    assert read_picture(tmp_path / f"b{second}").iptc == IPTC
    if second != ".png":
        with Image.open(tmp_path / f"b{second}") as image:
            assert IptcImagePlugin.getiptcinfo(image)[(2, 120)] == b"The caption"


def test_iptc_is_dropped_with_a_note_where_there_is_no_place(tmp_path):
    assert "IPTC dropped, as WebP holds none" in write_picture(picture_of(iptc=IPTC), tmp_path / "out.webp")


@pytest.mark.parametrize("order", ["<", ">"])
def test_tags_of_others_in_a_tiff_are_kept(tmp_path, order):
    extra = [
        (33550, 12, 3, (0.5, 0.5, 0.0), True),  # GeoTIFF
        (34735, 3, 4, (1, 1, 0, 0), True),
        (65000, 2, 0, "of a program", True),
        (65001, 1, 4, b"\x01\x02\x03\x04", True),
    ]
    tifffile.imwrite(tmp_path / "a.tif", noise(7, 9), byteorder=order, metadata=None, extratags=extra)
    picture = read_picture(tmp_path / "a.tif")
    assert write_picture(picture, tmp_path / "b.tif") == ()
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        tags = tiff.pages.first.tags
        assert [tags[code].value for code in (33550, 34735, 65000, 65001)] == [
            (0.5, 0.5, 0.0),
            (1, 1, 0, 0),
            "of a program",
            b"\x01\x02\x03\x04",
        ]
    assert write_picture(picture, tmp_path / "b.png") == ("TIFF's further tags dropped, as PNG holds none",)
