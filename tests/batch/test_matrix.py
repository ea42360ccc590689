"""Color only, nothing else touched: each format, mode, depth, orientation and profile through each command."""

import itertools
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import hillotype
from hillotype.batch.folder import find_jobs, restore_files
from hillotype.color import rgb_to_lab
from hillotype.pictures import Picture, Profile, read_picture, whole, write_picture
from hillotype.pictures.metadata import turned
from hillotype.pictures.profiles import profile_of_chromaticities

P3_POINTS = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
P3_LUMINANCE = (0.2290, 0.6917, 0.0793)  # of linear red, green, blue: SMPTE RP 431-2 with white D65
WIDE = profile_of_chromaticities(2.2, P3_POINTS, gray=False)
GRAY = profile_of_chromaticities(1.8, P3_POINTS, gray=True)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="1"/></x:xmpmeta>'
IPTC = struct.pack(">BBBH", 0x1C, 2, 120, 11) + b"The caption" + struct.pack(">BBBH", 0x1C, 2, 80, 3) + b"Ana"
DATE = "1907:06:10 12:00:00"
HEIGHT, WIDTH = 22, 34

LOSSLESS = (".png", ".tif", ".bmp", ".webp")
HOLDS = {
    ".jpg": {"icc", "xmp", "iptc", "dpi", "exif"},
    ".png": {"icc", "xmp", "iptc", "dpi", "exif", "alpha", "deep"},
    ".tif": {"icc", "xmp", "iptc", "dpi", "exif", "alpha", "deep"},
    ".webp": {"icc", "xmp", "exif", "alpha"},
    ".bmp": {"dpi"},
}
MODES = [
    (suffix, channels, depth, alpha)
    for suffix, channels, depth, alpha in itertools.product(HOLDS, (1, 3), (8, 16), (False, True))
    if (depth == 8 or "deep" in HOLDS[suffix])
    and (not alpha or "alpha" in HOLDS[suffix])
    and (channels == 3 or suffix != ".webp")
]


def source_of(channels, depth, alpha, orientation, icc):
    rng = np.random.default_rng(0)
    dtype = np.uint8 if depth == 8 else np.uint16
    top = np.iinfo(dtype).max
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    color = np.stack([rows / HEIGHT, columns / WIDTH, 0.5 + 0.5 * np.sin(rows * columns / 40)], axis=-1)
    color = np.clip(color[..., :channels] + rng.normal(0, 0.1, (HEIGHT, WIDTH, channels)), 0, 1)
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = orientation, DATE
    exif[0x8769] = {0x9003: DATE, 0x927C: b"maker's own"}
    return Picture(
        np.round(color * top).astype(dtype),
        rng.integers(0, top, (HEIGHT, WIDTH), endpoint=True, dtype=dtype) if alpha else None,
        exif=exif.tobytes(),
        icc=icc,
        xmp=XMP.replace(b'"1"', b'"%d"' % orientation),
        iptc=IPTC,
        dpi=(300.0, 150.0),
    )


def lightness_of(picture):
    """L* as the profile has it, by formulas that the code does not share."""
    values = whole(picture.pixels) / float(np.iinfo(picture.pixels.dtype).max)
    values = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
    if picture.icc is None:
        return rgb_to_lab(values.transpose(2, 0, 1)[None])[0, 0]
    light = values[..., 0] ** 1.8 if picture.icc == GRAY else values**2.2 @ np.array(P3_LUMINANCE)
    return np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)


def run(task, source, target):
    (result,) = restore_files(hillotype.load(task), find_jobs([source], target))
    assert result.status in ("done", "copied"), result.message
    return result


@pytest.mark.parametrize("profile", ["none", "own"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize(("suffix", "channels", "depth", "alpha"), MODES)
@pytest.mark.parametrize("task", ["colorize", "denoise", "restore"])
def test_nothing_else_is_touched(tiny_zoo, tmp_path, task, suffix, channels, depth, alpha, orientation, profile):
    icc = {"none": None, "own": GRAY if channels == 1 else WIDE}[profile]
    given = source_of(channels, depth, alpha, orientation, icc)
    source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    write_picture(given, source)
    result = run(task, source, target)
    before, after = read_picture(source), read_picture(target)

    holds = HOLDS[suffix]
    swapped = orientation == 6 and "exif" in holds
    assert after.pixels.shape[:2] == ((WIDTH, HEIGHT) if swapped else (HEIGHT, WIDTH))
    assert after.pixels.dtype == before.pixels.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert after.pixels.shape[2] == (3 if "colorize" in result.steps else channels)
    assert (after.alpha is None) == (not alpha)
    if alpha:
        np.testing.assert_array_equal(after.alpha, turned(given.alpha, orientation))
    assert after.xmp == (XMP if "xmp" in holds else None)
    assert after.iptc == (IPTC if "iptc" in holds else None)
    assert after.dpi == (pytest.approx((150, 300) if swapped else (300, 150), abs=0.02) if "dpi" in holds else None)
    if "exif" in holds:
        exif = Image.Exif()
        exif.load(after.exif)
        assert (exif[0x0112], exif[0x0132].rstrip("\0")) == (1, DATE)
        assert exif.get_ifd(0x8769)[0x927C] == b"maker's own"
    goes = channels == 1 and "colorize" in result.steps
    assert after.icc == (icc if "icc" in holds and not goes else None)
    assert any("sRGB" in note for note in result.notes) == (goes and before.icc is not None)
    if result.steps == ("colorize",) and suffix in LOSSLESS:
        off = np.abs(lightness_of(after) - lightness_of(before)) > 0.5
        assert np.count_nonzero(off) == 0


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_models_see_srgb_whatever_the_profile(tiny_zoo, depth, channels):
    picture = source_of(channels, depth, False, 1, GRAY if channels == 1 else WIDE)
    top = np.iinfo(picture.pixels.dtype).max
    picture = replace(picture, pixels=picture.pixels // 4 + picture.pixels.dtype.type(top // 3))  # within sRGB
    values = picture.pixels / top
    linear = values**1.8 if channels == 1 else values**2.2 @ np.linalg.solve(SRGB_TO_XYZ, P3_TO_XYZ).T
    seen = 1.055 * linear ** (1 / 2.4) - 0.055
    denoise = hillotype.load("denoise")
    expected = denoise(seen.astype(np.float32), strength=0.2)
    restored = denoise.restore(picture, 0.2)
    assert restored.icc == picture.icc
    again = Profile(restored).seen(restored.pixels)[:]
    inside = ((expected > 0.1) & (expected < 0.9)).all(axis=2)
    assert inside.mean() > 0.5
    assert np.abs(again - expected)[inside].max() < (0.01 if depth == 8 else 0.001)


def _to_xyz(points):
    white, *primaries = np.array(points).reshape(4, 2)
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    x, y = white
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


P3_TO_XYZ = _to_xyz(P3_POINTS)
SRGB_TO_XYZ = _to_xyz((0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06))
