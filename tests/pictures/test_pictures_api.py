"""Pillow images in and out, EXIF patched in place, and what a Picture must be."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.pictures.conftest import noise

from hillotype.errors import PictureError
from hillotype.pictures import Picture, from_pil, to_pil
from hillotype.pictures.metadata import turned, upright


def image_of(mode):
    if mode == "I;16":
        return Image.fromarray(noise(7, 11, dtype=np.uint16))
    if mode == "I;16B":
        return Image.fromarray(noise(7, 11, dtype=np.uint16).astype(">u2"))
    if mode in ("LA", "RGBA"):
        return Image.fromarray(noise(7, 11, 2 if mode == "LA" else 4))
    return Image.fromarray(noise(7, 11, 3)).convert(mode)


SAME = {"L": "L", "LA": "LA", "RGB": "RGB", "RGBA": "RGBA", "I;16": "I;16", "I;16B": "I;16"}
OTHER = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB", "HSV": "RGB"}


@pytest.mark.parametrize(("mode", "back"), (SAME | OTHER).items())
def test_every_mode_goes_in_and_comes_out(mode, back):
    image = image_of(mode)
    restored = to_pil(from_pil(image))
    assert (restored.mode, restored.size) == (back, image.size)
    expected = image if mode in SAME else image.convert(back)
    np.testing.assert_array_equal(np.asarray(restored), np.asarray(expected))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_images_are_refused(mode):
    with pytest.raises(PictureError, match="16 bits") as caught:
        from_pil(Image.new(mode, (3, 3)))
    assert "\n" not in str(caught.value)


def test_image_without_pixels_is_refused():
    with pytest.raises(PictureError, match="at least 1 x 1"):
        from_pil(Image.new("RGB", (0, 3)))


def test_damaged_lazy_image_is_told(tmp_path):
    path = tmp_path / "cut.jpg"
    image_of("RGB").resize((200, 200)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with Image.open(path) as image, pytest.raises(PictureError, match="truncated"):
        from_pil(image)


def test_info_is_kept_and_orientation_applied():
    image = image_of("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "1907:06:10 12:00:00"
    image.info |= {"icc_profile": b"profile", "exif": exif.tobytes(), "dpi": (300, 150), "xmp": b"<x/>"}
    restored = to_pil(from_pil(image))
    assert restored.size == (7, 11)
    np.testing.assert_array_equal(np.asarray(restored), np.asarray(ImageOps.exif_transpose(image)))
    assert restored.info["icc_profile"] == b"profile"
    assert restored.info["dpi"] == (150, 300)
    assert restored.info["xmp"] == b"<x/>"
    assert dict(restored.getexif()) == {0x0112: 1, 0x0132: "1907:06:10 12:00:00"}
    assert image.size == (11, 7)


def test_transparent_color_becomes_alpha():
    image = image_of("I;16")
    value = int(np.asarray(image)[2, 3])
    image.info["transparency"] = value
    assert from_pil(image).alpha[2, 3] == 0
    palette = image_of("P")
    palette.info["transparency"] = int(np.asarray(palette)[2, 3])
    assert from_pil(palette).alpha[2, 3] == 0


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp", ".gif"])
def test_opened_files(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[0x0132] = "1907:06:10 12:00:00"
    image_of("L").save(path, exif=exif) if suffix not in (".bmp", ".gif") else image_of("L").save(path)
    with Image.open(path) as image:
        picture = from_pil(image)
    assert picture.format == {".jpg": "JPEG", ".tif": "TIFF"}.get(suffix, suffix[1:].upper())
    assert (picture.exif is not None) == (suffix not in (".bmp", ".gif"))


def test_deep_color_becomes_8_bits():
    picture = Picture(noise(7, 11, 3, dtype=np.uint16), noise(7, 11, dtype=np.uint16))
    image = to_pil(picture)
    assert image.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(image)[..., :3], np.round(picture.pixels / 257))


@pytest.mark.parametrize(
    ("pixels", "alpha", "word"),
    [
        (np.zeros((3, 4), np.uint8), None, "height"),
        (np.zeros((3, 4, 4), np.uint8), None, "height"),
        (np.zeros((3, 4, 3), np.float32), None, "uint8"),
        (np.zeros((0, 4, 3), np.uint8), None, "1 x 1"),
        (np.zeros((3, 4, 3), np.uint8), np.zeros((4, 3), np.uint8), "alpha"),
        (np.zeros((3, 4, 3), np.uint8), np.zeros((3, 4), np.uint16), "alpha"),
    ],
)
def test_arrays_of_another_kind_are_refused(pixels, alpha, word):
    with pytest.raises(PictureError, match=word):
        Picture(pixels, alpha)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation):
    array = noise(7, 11, 3)
    image = Image.fromarray(array)
    image.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(turned(array, orientation), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_patched_in_place(order):
    """Orientation 6 -> 1, pixel sides swapped, thumbnail unlinked; every other byte, maker note too, is kept."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "HHHIHHHHII", 2, 0x0112, 3, 1, 6, 0, 0x8769, 4, 1, 38) + struct.pack(order + "I", 99)
    camera = struct.pack(order + "H", 3) + b"".join(
        [
            struct.pack(order + "HHI4s", 0x927C, 7, 4, b"note"),
            struct.pack(order + "HHII", 0xA002, 4, 1, 11),
            struct.pack(order + "HHIHH", 0xA003, 3, 1, 7, 0),
        ]
    )
    exif = b"Exif\0\0" + mark + struct.pack(order + "I", 8) + first + camera + bytes(4)
    picture = upright(Picture(noise(7, 11, 3), exif=exif))
    assert picture.pixels.shape == (11, 7, 3)
    read = Image.Exif()
    read.load(picture.exif)
    assert read[0x0112] == 1
    sides = read.get_ifd(0x8769)
    assert (sides[0xA002], sides[0xA003], sides[0x927C]) == (7, 11, b"note")
    assert read.get_ifd(1) == {}
    assert len(picture.exif) == len(exif)


@pytest.mark.parametrize(
    "xmp", [b'<d tiff:Orientation="6" a="8"/>', b"<tiff:Orientation>6</tiff:Orientation>", b"<d tiff:Orientation='6'/>"]
)
def test_xmp_orientation_counts_where_exif_has_none(xmp):
    picture = upright(Picture(noise(7, 11, 3), xmp=xmp))
    assert picture.pixels.shape == (11, 7, 3)
    assert picture.xmp == xmp.replace(b"6", b"1")
    exif = Image.Exif()
    exif[0x0112] = 1
    picture = upright(Picture(noise(7, 11, 3), xmp=xmp, exif=exif.tobytes()))
    assert picture.pixels.shape == (7, 11, 3)
    assert picture.xmp == xmp.replace(b"6", b"1")


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0junk", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff"]
)
def test_damaged_exif_is_handed_on(exif):
    assert upright(Picture(noise(7, 11, 3), exif=exif)).exif == exif
