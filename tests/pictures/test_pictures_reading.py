"""Every format, mode, depth and orientation against Pillow."""

import io
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps
from tests.pictures.conftest import (
    SUFFIXES,
    chunk,
    deep_file,
    image_of,
    joined,
    noise,
    png_of,
    saved,
    with_orientation,
)

from hillotype.errors import PictureError
from hillotype.pictures import is_picture_name, read_picture

MODES_OF_SUFFIX = {
    ".jpg": ("L", "RGB", "CMYK"),
    ".png": ("1", "L", "LA", "P", "RGB", "RGBA"),
    ".webp": ("L", "RGB", "RGBA"),
    ".tif": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB"),
    ".bmp": ("1", "L", "P", "RGB"),
    ".gif": ("L", "P", "RGB"),
}


CASES = [(suffix, mode) for suffix, modes in MODES_OF_SUFFIX.items() for mode in modes]


def reference(path, kind=None):
    """What Pillow makes of the file, upright, as L, LA, RGB or RGBA.

    Not by path: Pillow 13 garbles plain TIFFs of orientation 5 to 8 when it maps them into memory.
    """
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        image.load()
        if kind is None:
            alpha = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
            gray = image.mode in ("1", "L", "LA")
            kind = ("LA" if alpha else "L") if gray else ("RGBA" if alpha else "RGB")
        return np.asarray(ImageOps.exif_transpose(image).convert(kind))


@pytest.mark.parametrize(("suffix", "mode"), CASES)
def test_every_format_and_mode_reads_as_pillow_reads_it(tmp_path, suffix, mode):
    path = saved(tmp_path, suffix, image_of(mode))
    picture = read_picture(path)
    np.testing.assert_array_equal(joined(picture), reference(path))
    assert picture.format == {".jpg": "JPEG", ".tif": "TIFF"}.get(suffix, suffix[1:].upper())
    assert picture.lossless == (suffix != ".jpg")
    assert bool(picture.notes) == (mode in ("CMYK", "LAB", "RGBX"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_orientation_is_applied_and_reset(tmp_path, suffix, mode, orientation):
    if (suffix, mode) == (".jpg", "RGBA"):
        mode = "CMYK"
    path = saved(tmp_path, suffix, image_of(mode), exif=with_orientation(orientation), dpi=(100, 200))
    picture = read_picture(path)
    kind = {"L": "RGB" if suffix == ".webp" else "L", "CMYK": "RGB"}.get(mode, mode)
    np.testing.assert_array_equal(joined(picture), reference(path, kind))
    exif = Image.Exif()
    exif.load(picture.exif)
    assert exif[0x0112] == 1
    if suffix != ".webp":
        assert picture.dpi == pytest.approx((200, 100) if orientation >= 5 else (100, 200), abs=0.02)


@pytest.mark.parametrize("orientation", [1, 3, 5, 8])
def test_the_resolution_in_exif_turns_with_the_picture(tmp_path, orientation):
    exif = with_orientation(orientation)
    exif[0x011A], exif[0x011B] = 300.0, 200.0
    read = Image.Exif()
    read.load(read_picture(saved(tmp_path, ".jpg", image_of("RGB"), exif=exif)).exif)
    assert (read[0x011A], read[0x011B]) == ((200, 300) if orientation >= 5 else (300, 200))


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr"])
def test_jpeg_in_tiff_reads_as_pillow_reads_it(tmp_path, mode):
    path = saved(tmp_path, ".tif", image_of(mode, 40, 30), compression="jpeg")
    picture = read_picture(path)
    np.testing.assert_array_equal(joined(picture), reference(path))
    assert not picture.lossless


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_for_a_quick_look_a_jpeg_comes_smaller_and_others_whole(tmp_path, mode):
    ramp = Image.fromarray(np.add.outer(np.arange(200), np.arange(300)).astype(np.uint8) // 2).convert(mode)
    path = saved(tmp_path, ".jpg", ramp, exif=with_orientation(6))
    full, small = read_picture(path), read_picture(path, side=50)
    assert full.pixels.shape[:2] == (300, 200)
    assert small.pixels.shape[:2] == (75, 50)
    assert np.abs(small.pixels[5:-5, 5:-5] - full.pixels[22:-20:4, 22:-20:4].astype(int)).mean() < 4
    assert read_picture(path, side=300).pixels.shape == full.pixels.shape
    with pytest.raises(PictureError, match="the limit is 59,999"):
        read_picture(path, side=50, max_pixels=59_999)
    if mode != "CMYK":
        assert read_picture(saved(tmp_path, ".png", ramp), side=50).pixels.shape[:2] == (200, 300)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("shape", [(7, 11), (7, 11, 2), (7, 11, 3), (7, 11, 4)])
def test_16_bits_stay_16_bits(tmp_path, suffix, shape, orientation):
    array = noise(*shape, dtype=np.uint16)
    picture = read_picture(deep_file(tmp_path, suffix, array, orientation))

    def upright(byte):
        planes = byte.astype(np.uint8).reshape(7, 11, -1)
        turned = []
        for plane in np.moveaxis(planes, 2, 0):
            image = Image.fromarray(np.ascontiguousarray(plane))
            image.getexif()[0x0112] = orientation
            turned.append(np.asarray(ImageOps.exif_transpose(image)))
        return np.stack(turned, axis=2).astype(np.uint16)

    expected = (upright(array >> 8) << 8) | upright(array & 255)
    np.testing.assert_array_equal(joined(picture).reshape(expected.shape), expected)
    assert picture.pixels.dtype == np.uint16
    assert picture.pixels.flags.c_contiguous


@pytest.mark.parametrize(
    "options",
    [
        {"byteorder": ">"},
        {"compression": None, "predictor": False},
        {"compression": "zlib"},
        {"compression": "zstd"},
        {"tile": (16, 16)},
        {"planarconfig": "separate"},
        {"rowsperstrip": 2},
        {"bigtiff": True},
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_tiff_in_its_many_layouts(tmp_path, options, channels):
    array = noise(37, 41, channels, dtype=np.uint16)
    stored = array[..., 0] if channels == 1 else array
    if channels == 3 and options.get("planarconfig") == "separate":
        stored = np.moveaxis(array, 2, 0)
    options = options | {"photometric": "rgb" if channels == 3 else "minisblack"}
    picture = read_picture(deep_file(tmp_path, ".tif", stored, **options))
    np.testing.assert_array_equal(picture.pixels, array)


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_gray_of_pillow_in_both_byte_orders(tmp_path, suffix, mode):
    array = noise(7, 11, dtype=np.uint16)
    image = Image.fromarray(array.astype(">u2") if mode == "I;16B" else array)
    assert image.mode == mode
    picture = read_picture(saved(tmp_path, suffix, image))
    np.testing.assert_array_equal(picture.pixels[..., 0], array)
    assert picture.pixels.dtype == np.dtype(np.uint16)


def test_white_is_zero_tiff_is_inverted(tmp_path):
    array = noise(7, 11, dtype=np.uint16)
    deep = read_picture(deep_file(tmp_path, ".tif", array, photometric="miniswhite", predictor=False))
    np.testing.assert_array_equal(deep.pixels[..., 0], 65535 - array)
    flat = read_picture(
        deep_file(tmp_path, ".tif", (array >> 8).astype(np.uint8), photometric="miniswhite", predictor=False)
    )
    np.testing.assert_array_equal(flat.pixels[..., 0], 255 - (array >> 8))


def test_12_bit_tiff_fills_the_range(tmp_path):
    array = noise(8, 12, dtype=np.uint16) >> 4
    array[0, :2] = 0, 4095
    path = tmp_path / "twelve.tif"
    packed = imagecodecs.packints_encode(array.ravel(), 12)
    entries = [(256, 3, 1, 12), (257, 3, 1, 8), (258, 3, 1, 12), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 8), (279, 4, 1, len(packed))]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    path.write_bytes(b"II*\x00" + struct.pack("<I", 8 + len(packed)) + packed + directory + bytes(4))
    pixels = read_picture(path).pixels[..., 0]
    np.testing.assert_array_equal(pixels >> 4, array)
    assert pixels[0, :2].tolist() == [0, 65535]


def test_premultiplied_16_bit_tiff_becomes_straight(tmp_path):
    alpha = np.full((7, 11), 32768, np.uint16)
    straight = noise(7, 11, 3, dtype=np.uint16)
    stored = np.dstack([(straight.astype(np.uint64) * 32768 // 65535).astype(np.uint16), alpha])
    picture = read_picture(deep_file(tmp_path, ".tif", stored, extrasamples=["assocalpha"]))
    assert np.abs(picture.pixels.astype(int) - straight).max() <= 2
    np.testing.assert_array_equal(picture.alpha, alpha)


def test_extra_channels_are_left_with_a_note(tmp_path):
    array = noise(7, 11, 4, dtype=np.uint16)
    picture = read_picture(deep_file(tmp_path, ".tif", array, extrasamples=["unspecified"]))
    np.testing.assert_array_equal(picture.pixels, array[..., :3])
    assert picture.alpha is None
    assert picture.notes == ("extra channels not kept",)


@pytest.mark.parametrize("transparency", [3, bytes(range(0, 160, 10))])
def test_palette_with_transparency(tmp_path, transparency):
    image = image_of("RGB").quantize(16)
    path = saved(tmp_path, ".png", image, transparency=transparency)
    picture = read_picture(path)
    assert picture.alpha is not None
    np.testing.assert_array_equal(joined(picture), reference(path, "RGBA"))


def test_transparent_gif(tmp_path):
    path = saved(tmp_path, ".gif", image_of("RGB").quantize(16), transparency=3)
    assert (reference(path, "RGBA")[..., 3] == 0).any()
    np.testing.assert_array_equal(joined(read_picture(path)), reference(path, "RGBA"))


def test_cmyk_goes_through_its_profile(tmp_path, monkeypatch):
    asked = []

    def watched(image, profile, target, outputMode):
        asked.append(profile)
        return image.convert(outputMode)

    monkeypatch.setattr(ImageCms, "ImageCmsProfile", lambda file: file.read())
    monkeypatch.setattr(ImageCms, "profileToProfile", watched)
    profile = bytes(16) + b"CMYK" + bytes(120)
    picture = read_picture(saved(tmp_path, ".jpg", image_of("CMYK"), icc_profile=profile))
    assert asked == [profile]
    assert picture.icc is None
    assert picture.notes == ("CMYK converted to sRGB through its profile",)


def test_cmyk_with_a_damaged_profile_is_still_read(tmp_path):
    profile = bytes(16) + b"CMYK" + bytes(120)
    picture = read_picture(saved(tmp_path, ".tif", image_of("CMYK"), icc_profile=profile))
    assert picture.icc is None
    assert "without a profile" in picture.notes[0]


def test_lab_white_and_black(tmp_path):
    lab = np.zeros((1, 2, 3), np.uint8)
    lab[0, 0, 0] = 255
    path = tmp_path / "lab.tif"
    tifffile.imwrite(path, lab, photometric="cielab", metadata=None)
    assert np.abs(read_picture(path).pixels - np.array([[[255] * 3, [0] * 3]])).max() <= 1


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_first_of_several_frames_with_a_note(tmp_path, suffix):
    frames = [Image.new("RGB", (9, 7), color) for color in ("red", "lime", "blue")]
    path = saved(tmp_path, suffix, frames[0], save_all=True, append_images=frames[1:])
    picture = read_picture(path)
    assert picture.pixels[3, 3].tolist() == [255, 0, 0]
    assert picture.pixels.shape == (7, 9, 3)
    assert any(note.startswith("only the first") for note in picture.notes)


def test_multi_picture_jpeg(tmp_path):
    path = tmp_path / "phone.jpg"
    image_of("RGB").save(path, "MPO", save_all=True, append_images=[image_of("RGB")])
    picture = read_picture(path)
    assert picture.format == "JPEG"
    assert "only the first of several pictures kept" in picture.notes


@pytest.mark.parametrize(("lossless", "alpha"), [(True, True), (True, False), (False, True), (False, False)])
def test_webp_tells_lossless_from_lossy(tmp_path, lossless, alpha):
    path = saved(tmp_path, ".webp", image_of("RGBA" if alpha else "RGB"), lossless=lossless)
    assert read_picture(path).lossless is lossless


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_extreme_sizes(tmp_path, suffix, size):
    path = saved(tmp_path, suffix, image_of("RGB", *size))
    assert read_picture(path).pixels.shape == (size[1], size[0], 3)


def test_content_decides_the_format(tmp_path):
    path = tmp_path / "really-a-png.jpg"
    image_of("RGB").save(path, "PNG")
    picture = read_picture(path)
    assert picture.format == "PNG"
    assert picture.notes == ("is PNG though named .jpg",)


def test_notes_name_what_is_left_behind(tmp_path):
    jpeg = saved(tmp_path, ".jpg", image_of("RGB"), comment="taken in Brno")
    assert read_picture(jpeg).notes == ("comment not kept",)
    path = tmp_path / "text.png"
    path.write_bytes(png_of(1, 1, 8, 0, b"\0\0", chunk(b"tEXt", b"Title\0Spring")))
    assert read_picture(path).notes == ("text chunk not kept: Title",)


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "b.tiff", "c.WebP", "d.bmp", "e.gif", "f.png"])
def test_picture_names(name):
    assert is_picture_name(name)
    assert is_picture_name(Path("folder.d") / name)


@pytest.mark.parametrize("name", ["notes.txt", "jpg", ".jpg", "a.jpg.part", "clip.mp4"])
def test_other_names(name):
    assert not is_picture_name(name)
