"""A film is read as it was written, and flicker is what changes from frame to frame."""

import base64
import io

import numpy as np
import pytest
from PIL import Image
from tests.film.conftest import write

from hillotype.errors import DataError
from hillotype.pages import film
from hillotype.studies import find_study
from hillotype.studies.color_film import flicker, read_film, smoothed
from hillotype.studies.results import run_study


@pytest.fixture
def path(tmp_path):
    """A film of six frames, 64x48, from dark to bright red."""
    frames = np.zeros((6, 48, 64, 3), np.uint8)
    frames[..., 0] = np.arange(60, 240, 30)[:, None, None]
    return write(tmp_path / "film.mp4", frames, times=range(0, 360, 60), codec="mpeg4", pix_fmt="yuv420p")


def test_a_film_is_read_with_its_rate(path):
    frames, rate = read_film(path)
    assert frames.shape == (6, 3, 48, 64)
    assert rate == 10
    assert frames[:, 0].mean(axis=(1, 2)) * 255 == pytest.approx(np.arange(60, 240, 30), abs=6)
    assert len(read_film(path, 2)[0]) == 2


def test_what_is_no_film_is_refused(tmp_path):
    (tmp_path / "film.mp4").write_text("no film")
    with pytest.raises(DataError, match=r"film\.mp4: the film is truncated or damaged"):
        read_film(tmp_path / "film.mp4")


def test_a_missing_film_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("HILLOTYPE_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"bikes\.mp4: not in HILLOTYPE_DATA .* put a short film there"):
        run_study(find_study("color-film"), tmp_path / "out", fast=True)


def test_the_study_colors_a_film(tmp_path, path, monkeypatch, tiny_zoo):
    (tmp_path / "video").mkdir()
    path.rename(tmp_path / "video" / "bikes.mp4")
    monkeypatch.setenv("HILLOTYPE_DATA", str(tmp_path))
    findings = run_study(find_study("color-film"), tmp_path / "out", fast=True)
    assert [figure.count for figure in findings.figures] == [6, 5]
    assert "data:image/webp" in (tmp_path / "out" / "report.html").read_text()


def test_flicker_is_the_distance_of_a_and_b_between_frames():
    chroma = np.zeros((3, 2, 4, 4), dtype=np.float32)
    chroma[1] = np.array([3, 4], dtype=np.float32)[:, None, None] / 110
    assert flicker(chroma) == pytest.approx([5, 5], abs=1e-4)


def test_smoothed_is_the_mean_about_each_frame_and_flickers_less():
    chroma = np.random.default_rng(0).random((9, 2, 4, 4), dtype=np.float32)
    steady = smoothed(chroma, 3)
    assert steady[4] == pytest.approx(chroma[3:6].mean(axis=0))
    assert steady[0] == pytest.approx(chroma[:2].mean(axis=0))
    assert flicker(steady).mean() < flicker(chroma).mean() / 2


def test_a_film_on_a_page_moves_and_is_as_small_as_asked_for():
    frames = np.random.default_rng(0).random((4, 3, 32, 32), dtype=np.float32)
    files = [
        base64.b64decode(film(frames, "", rate=5, most=most).split("base64,")[1].split('"')[0]) for most in (10**6, 1)
    ]
    assert len(files[1]) < len(files[0])
    with Image.open(io.BytesIO(files[0])) as image:
        assert image.n_frames == 4
