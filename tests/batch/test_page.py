import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hillotype.batch import page as page_module
from hillotype.batch.jobs import Job
from hillotype.batch.page import Page, count
from hillotype.batch.results import Result
from hillotype.pictures import Picture


def compared(page, name, pixels, alpha=None):
    job = Job(Path(name), Path("out") / name)
    page.compare(job, Picture(pixels, alpha), Picture(pixels, alpha))
    return Result(job.source, job.target, "done", steps=("denoise", "colorize"), notes=("noise 9 of 255",))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_any_picture_is_shown(tmp_path, dtype, channels, with_alpha):
    page = Page()
    pixels = np.full((30, 2500, channels), 7, dtype)
    result = compared(page, "a.png", pixels, pixels[..., 0].copy() if with_alpha else None)
    page.write(tmp_path / "index.html", [result], "hillotype restore")
    text = (tmp_path / "index.html").read_text()
    assert text.count("data:image/jpeg;base64,") == 2
    assert 'width="1000" height="12"' in text
    assert "denoised, colorized (noise 9 of 255)" in text


def test_the_page_needs_nothing_else_and_names_are_harmless(tmp_path):
    page = Page()
    names = ['<script>alert("1")</script>.png', "ümläut & $title.png"]
    results = [compared(page, name, np.zeros((4, 5, 3), np.uint8)) for name in names]
    results.append(Result(Path("b<b>.jpg"), Path("x"), "failed", message="b<b>.jpg: truncated; copy it again"))
    page.write(tmp_path / "index.html", results, "hillotype denoise")
    text = (tmp_path / "index.html").read_text()
    assert "<script>alert" not in text
    assert "ümläut &amp; $title.png" in text
    assert "b&lt;b&gt;.jpg: truncated" in text
    assert "2 done, 1 failed." in text
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", text)
    assert "//" not in re.sub(r"base64,[^\"]*", "", text)
    assert text.count('type="range"') == 2
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_the_page_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "MOST_PREVIEWS", 2)
    page = Page()
    results = [compared(page, f"{number}.png", np.zeros((4, 5, 3), np.uint8)) for number in range(5)]
    page.write(tmp_path / "index.html", results, "hillotype denoise")
    text = (tmp_path / "index.html").read_text()
    assert text.count("<figure>") == 2
    assert "2 are shown" in text


def test_many_pictures_have_smaller_copies(tmp_path):
    page = Page(25)
    result = compared(page, "a.png", np.zeros((300, 1000, 3), np.uint8))
    page.write(tmp_path / "index.html", [result], "hillotype denoise")
    assert 'width="480" height="144"' in (tmp_path / "index.html").read_text()


def test_what_an_earlier_run_did_is_shown_from_its_files(tmp_path):
    for name in ("before.png", "after.png"):
        Image.fromarray(np.full((4, 5, 3), 9, np.uint8)).save(tmp_path / name)
    missing = Result(tmp_path / "before.png", tmp_path / "missing.png", "kept")
    page = Page(frames=lambda _: (np.zeros((4, 5, 1), np.uint8), np.zeros((4, 5, 3), np.uint8)))
    results = [Result(tmp_path / "before.png", tmp_path / "after.png", "kept", steps=("colorize",)), missing]
    for result in results:
        page.recall(Job(result.source, result.target))
    film = Result(tmp_path / "a.mp4", tmp_path / "films" / "a.mp4", "kept", steps=("colorize",))
    page.recall(Job(film.source, film.target, film=True))
    results.append(film)
    page.write(tmp_path / "index.html", results, "hillotype colorize")
    text = (tmp_path / "index.html").read_text()
    assert text.count("<figure>") == 2
    assert "3 done already. 2 are shown." in text
    assert f"{Path('films', 'a.mp4')} <span>" in text  # scan001.jpg is in every folder of a box
    assert count([*results, Result(Path("a"), Path("b"), "failed")]) == "3 done already, 1 failed"
