"""ICC profiles applied: there and back without loss, and what cannot be applied is said."""

import imagecodecs
import numpy as np
import pytest
from PIL import ImageCms

from hillotype.pictures import Decoded, Picture, Profile
from hillotype.pictures.profiles import encoding_of, profile_of_chromaticities

ADOBE_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
WIDE = profile_of_chromaticities(563 / 256, ADOBE_POINTS, gray=False)
GRAY = profile_of_chromaticities(1.0, ADOBE_POINTS, gray=True)


def test_profiles_of_srgb_count_as_none():
    assert encoding_of(None, 3) is None
    assert encoding_of(imagecodecs.cms_profile("srgb"), 3) is None
    assert encoding_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), 3) is None
    assert encoding_of(imagecodecs.cms_profile("srgb"), 1) is None


@pytest.mark.parametrize(("channels", "icc"), [(1, GRAY), (1, WIDE), (3, WIDE)])
def test_there_and_back(channels, icc):
    rng = np.random.default_rng(0)
    encoding = encoding_of(icc, channels)
    for dtype, bound in ((np.uint8, 0), (np.uint16, 40)):  # a channel in deep black beside a bright one: float32's end
        stored = rng.integers(0, np.iinfo(dtype).max, (50, 60, channels), endpoint=True, dtype=dtype)
        back = np.empty_like(stored)
        encoding.encode(encoding.decode(stored), back)
        assert np.abs(back.astype(int) - stored).max() <= bound
    gray = encoding.decode(np.full((1, 1, channels), 100, np.uint8))
    assert np.ptp(gray) < 1e-5


def test_known_colors_of_adobe_rgb():
    encoding = encoding_of(WIDE, 3)
    red, white, black = encoding.decode(np.array([[[219, 0, 0]], [[255] * 3], [[0] * 3]], np.uint8))[:, 0]
    np.testing.assert_allclose(red, [1.0, 0.0, 0.0], atol=0.01)  # the red of sRGB
    np.testing.assert_allclose(white, 1, atol=1e-3)
    np.testing.assert_allclose(black, 0, atol=1e-6)


def test_a_decoded_sheet_reads_and_writes_srgb():
    sheet = np.zeros((4, 5, 3), np.uint8)
    seen = Decoded(sheet, encoding_of(WIDE, 3))
    seen[1:3, 2:4] = np.full((2, 2, 3), 0.5, np.float32)
    assert (seen.shape, seen.dtype) == ((4, 5, 3), np.float32)
    np.testing.assert_allclose(seen[1:3, 2:4], 0.5, atol=0.003)
    assert sheet[1, 2, 0] == sheet[2, 3, 2] > 0
    assert not sheet[0].any()


@pytest.mark.parametrize("icc", [b"junk", WIDE[:300], GRAY, imagecodecs.cms_profile("xyz")])
def test_a_profile_that_cannot_be_applied_is_said_and_kept(icc):
    picture = Picture(np.zeros((2, 2, 3), np.uint8), icc=icc)
    profile = Profile(picture)
    (note,) = profile.notes
    assert note.startswith("ICC profile not applied")
    assert profile.seen(picture.pixels) is picture.pixels


def test_a_made_profile_is_the_same_at_any_time():
    assert profile_of_chromaticities(563 / 256, ADOBE_POINTS, gray=False) == WIDE
    assert profile_of_chromaticities(2.2, (0,) * 8, gray=False) is None
