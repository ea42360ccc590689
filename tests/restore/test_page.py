import re
from pathlib import Path

import numpy as np
import pytest

from hillotype.pictures import Picture
from hillotype.restore import page as page_module
from hillotype.restore.folder import Job, Result
from hillotype.restore.page import Page


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
    assert "1 failed" not in text.split("<p>")[0]
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
    assert "first 2 are shown" in text
