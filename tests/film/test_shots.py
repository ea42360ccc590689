import numpy as np
from tests.film.conftest import picture

from hillotype.film.shots import is_cut, thumbnail


def seen(pixels):
    return thumbnail(np.asarray(pixels, np.float32) / 255)


def test_another_picture_is_a_cut():
    assert is_cut(seen(picture(0)), seen(picture(0).T[:, ::-1][:48]))


def test_motion_flashes_fades_and_noise_are_none():
    rng = np.random.default_rng(0)
    before = picture(0).astype(float)
    for after in (picture(1), before * 0.5, before * 0.5 + 127, before + rng.normal(0, 20, before.shape)):
        assert not is_cut(seen(before), seen(after))


def test_black_frames_are_like_each_other():
    rng = np.random.default_rng(0)
    black = [np.abs(rng.normal(0, 4, (48, 64))) for _ in range(2)]
    assert not is_cut(*map(seen, black))
    assert is_cut(seen(black[0]), seen(picture(0)))
