"""Luma stays, chroma is compared: on pictures whose colors are known."""

import numpy as np
import pytest

from hillotype.color import rgb_to_gray
from hillotype.studies.chroma import (
    chroma,
    chroma_agreement,
    color_enlarged,
    enlarged,
    gray,
    keep_luma,
    mean_color,
    pca_color,
    reduced,
    with_luma,
)
from hillotype.studies.scores import errors


@pytest.fixture
def pictures():
    return np.random.default_rng(0).random((60, 3, 4, 4), dtype=np.float32) * 0.5 + 0.25


def test_gray_has_256_steps_and_weighs_as_bt601(pictures):
    luma = gray(pictures)
    assert luma.shape == (60, 1, 4, 4)
    assert luma.dtype == np.float32
    assert np.abs(luma * 255 - np.round(luma * 255)).max() < 1e-4
    red, green, blue = pictures[:, 0], pictures[:, 1], pictures[:, 2]
    assert np.abs(luma[:, 0] - (0.299 * red + 0.587 * green + 0.114 * blue)).max() <= 0.5 / 255 + 1e-6


def test_luma_and_chroma_make_the_picture(pictures):
    assert np.abs(with_luma(gray(pictures), chroma(pictures)) - pictures).max() < 1 / 255
    assert np.abs(keep_luma(gray(pictures), (pictures * 0.9).clip(0, 1)) - pictures).max() < 0.1


def test_own_luma_is_put_in():
    rng = np.random.default_rng(0)
    luma = rng.uniform(0.4, 0.6, (2, 1, 5, 5)).astype(np.float32)
    picture = rng.uniform(0.45, 0.55, (2, 3, 5, 5)).astype(np.float32)
    joined = keep_luma(luma, picture)
    assert joined.dtype == np.float32
    np.testing.assert_allclose(rgb_to_gray(joined), luma, atol=1e-5)
    np.testing.assert_allclose(joined[:, 0] - joined[:, 2], picture[:, 0] - picture[:, 2], atol=1e-5)


def test_the_mean_color_of_millions_of_pixels_is_their_mean():
    train = np.broadcast_to(np.array([0.5, 0.4, 0.3], np.float32)[:, None, None], (70, 3, 700, 700))
    colored = mean_color(train, np.full((1, 1, 2, 2), 0.4, np.float32))
    np.testing.assert_allclose(colored[0, 0] - colored[0, 2], 0.2, atol=1e-4)


def test_what_is_colored_enlarged_has_its_size_and_its_luma_again(pictures):
    class Net:
        def predict(self, seen):
            assert seen.shape == (60, 1, 8, 8)
            return np.concatenate([np.full_like(seen, 0.25), np.full_like(seen, -0.1)], axis=1)

    luma = gray(pictures)
    colored = color_enlarged(Net(), luma)
    assert np.abs(gray(colored) - luma).max() < 2 / 255
    assert chroma(colored)[:, 0] == pytest.approx(np.full((60, 4, 4), 0.25), abs=1e-3)


def test_enlarging_keeps_flat_pictures_flat():
    flat = np.full((2, 1, 3, 5), 102 / 255, np.float32)
    assert enlarged(flat, 2) == pytest.approx(np.full((2, 1, 6, 10), 0.4))


def test_reducing_takes_means_of_squares_and_cuts_off_the_rest():
    planes = np.arange(90, dtype=np.float32).reshape(1, 1, 9, 10)[..., :9]
    squares = [planes[0, 0, top : top + 4, left : left + 4].mean() for top in (0, 4) for left in (0, 4)]
    assert reduced(planes, 4).ravel() == pytest.approx(squares)


def test_mean_color_is_the_training_pictures_and_the_luma_stays(pictures):
    colored = mean_color(pictures, gray(pictures))
    assert np.abs(gray(colored) - gray(pictures)).max() < 2 / 255
    assert chroma(colored).mean(axis=(0, 2, 3)) == pytest.approx(chroma(pictures).mean(axis=(0, 2, 3)), abs=1e-3)


def test_components_color_what_luma_decides():
    luma = np.random.default_rng(1).random((80, 1, 3, 3), dtype=np.float32) * 0.4 + 0.3
    pictures = with_luma(luma, np.concatenate([luma - 0.5, 0.5 - luma], axis=1) * 0.4)
    best, colored = pca_color(pictures[:50], pictures[50:60], gray(pictures[60:]), (1, 9))
    assert best == 9
    assert np.abs(colored - pictures[60:]).max() < 0.02


def _landscapes(count, rng):
    """Blue above, green below; how far down the sky reaches is told by its lighter luma."""
    pictures = np.empty((count, 3, 44, 44), np.float32)
    for picture, horizon in zip(pictures, rng.integers(10, 34, count), strict=True):
        picture[:, :horizon] = np.array([0.5, 0.7, 1.0])[:, None, None]
        picture[:, horizon:] = np.array([0.1, 0.4, 0.1])[:, None, None]
    return pictures


def test_components_of_reduced_pictures_color_what_luma_tells():
    rng = np.random.default_rng(0)
    train, valid, test = (_landscapes(count, rng) for count in (60, 20, 20))
    best, colored = pca_color(train, valid, gray(test), (1, 5, 20), side=11)
    copies = np.repeat(gray(test), 3, axis=1)
    assert best in (5, 20)
    assert errors(colored, test).mean() < 0.2 * errors(copies, test).mean()
    assert rgb_to_gray(colored).mean() == pytest.approx(copies.mean(), abs=0.02)


def test_agreement_of_the_truth_of_gray_and_of_pale_colors(pictures):
    truth = chroma_agreement(pictures, pictures)
    assert truth == pytest.approx({"correlation": 1, "vividness": 1, "explained": 1})
    pale = chroma_agreement(with_luma(gray(pictures), chroma(pictures) / 2), pictures)
    assert pale["correlation"] == pytest.approx(1, abs=1e-3)
    assert pale["vividness"] == pytest.approx(0.5, abs=1e-3)
    assert pale["explained"] == pytest.approx(0.75, abs=1e-3)
