"""Every format, mode, depth and orientation against Pillow, and every bad file in one line."""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from hillotype.errors import PictureError
from hillotype.pictures import DEFAULT_MAX_PIXELS, is_picture_name, read_picture

SUFFIXES = (".jpg", ".png", ".webp", ".tif", ".bmp", ".gif")
MODES_OF_SUFFIX = {
    ".jpg": ("L", "RGB", "CMYK"),
    ".png": ("1", "L", "LA", "P", "RGB", "RGBA"),
    ".webp": ("L", "RGB", "RGBA"),
    ".tif": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB"),
    ".bmp": ("1", "L", "P", "RGB"),
    ".gif": ("L", "P", "RGB"),
}
CASES = [(suffix, mode) for suffix, modes in MODES_OF_SUFFIX.items() for mode in modes]


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


def joined(picture):
    parts = [picture.pixels] + ([] if picture.alpha is None else [picture.alpha[..., None]])
    array = np.concatenate(parts, axis=2)
    return array[..., 0] if array.shape[2] == 1 else array


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


def chunk(kind, payload):
    return struct.pack(">I4s", len(payload), kind) + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_of(width, height, depth, color, rows, *more, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    body = chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


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


def refusal(path, **options):
    with pytest.raises(PictureError) as caught:
        read_picture(path, **options)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{path}: ")
    assert ";" in line  # the remedy follows it
    return line


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


def png_with(*chunks):
    with io.BytesIO() as file:
        image_of("RGB").save(file, "PNG")
        data = file.getvalue()
    extra = b"".join(
        struct.pack(">I", len(load)) + kind + load + struct.pack(">I", zlib.crc32(kind + load)) for kind, load in chunks
    )
    return data[:33] + extra + data[33:]


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


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "b.tiff", "c.WebP", "d.bmp", "e.gif", "f.png"])
def test_picture_names(name):
    assert is_picture_name(name)
    assert is_picture_name(Path("folder.d") / name)


@pytest.mark.parametrize("name", ["notes.txt", "jpg", ".jpg", "a.jpg.part", "clip.mp4"])
def test_other_names(name):
    assert not is_picture_name(name)


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
