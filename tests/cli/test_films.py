"""Films from the command line: beside pictures, kept when done, refused in one line."""

import builtins
import json
import re

import numpy as np
import pytest
from tests.cli.conftest import run
from tests.film.conftest import gray_frames, packets_of, pixels_of, times_of, write

from hillotype.cli import progress


@pytest.fixture
def film(tiny_zoo, tmp_path):
    (tmp_path / "in").mkdir()
    return write(tmp_path / "in" / "a.mp4", gray_frames(20), sound=True)


def test_a_film_goes_to_a_file(film, tmp_path):
    out = tmp_path / "b.mp4"
    result = run("colorize", film, "-o", out)
    assert result.exit_code == 0, result.output
    assert re.search(r"a\.mp4 -> .*b\.mp4: colorized, \d+\.\d s", result.stdout)
    assert times_of(out) == times_of(film)
    assert packets_of(out, "audio") == packets_of(film, "audio")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.mp4", "in", "zoo"]
    again = run("colorize", film, "-o", out)
    assert again.exit_code == 1
    assert "exists already" in again.stderr


def test_a_folder_of_pictures_and_films(film, photos, tmp_path):
    (film.parent / "b.png").write_bytes((photos / "0.png").read_bytes())
    (film.parent / "sub").mkdir()
    write(film.parent / "sub" / "c.avi", gray_frames(5), codec="mpeg4", pix_fmt="yuv420p")
    out = tmp_path / "out"
    result = run("restore", film.parent, "-o", out, "--page")
    assert result.exit_code == 0, result.output
    assert sorted(str(path.relative_to(out)) for path in out.rglob("[abc].*")) == ["a.mp4", "b.png", "sub/c.mkv"]
    page = (out / "index.html").read_text()
    assert page.count("<figure>") == 3
    report = json.loads((out / "report.json").read_text())
    assert report["results"][0]["steps"] == ["colorize"]
    state = {path: path.stat().st_mtime_ns for path in out.rglob("[abc].*")}
    assert "3 done already" in run("restore", film.parent, "-o", out, "--page").stdout
    assert (out / "index.html").read_text().count("<figure>") == 3
    assert {path: path.stat().st_mtime_ns for path in state} == state


def test_a_film_that_is_added_later_leaves_what_is_done(film, photos, tmp_path):
    (film.parent / "b.png").write_bytes((photos / "0.png").read_bytes())
    out = tmp_path / "out"
    assert run("denoise", film.parent / "b.png", "-o", out).exit_code == 0
    made = (out / "b.png").stat().st_mtime_ns
    result = run("denoise", film.parent, "-o", out)
    assert result.exit_code == 0, result.output
    assert "1 done, 1 done already" in result.stdout
    assert (out / "b.png").stat().st_mtime_ns == made


def test_an_edited_film_is_left(film, tmp_path):
    out = tmp_path / "out"
    assert run("colorize", film, "-o", out).exit_code == 0
    write(out / "a.mp4", gray_frames(2))
    shorter = (out / "a.mp4").read_bytes()
    result = run("colorize", film, "-o", out)
    assert result.exit_code == 1
    assert "was changed since it was made" in result.stderr
    assert (out / "a.mp4").read_bytes() == shorter


def test_a_preview_has_a_name_of_its_own(film, tmp_path):
    result = run("colorize", film, "-o", tmp_path / "b.mp4", "--preview", "0.2s")
    assert result.exit_code == 0, result.output
    assert "preview: only 0.2 to 0.4 s" in result.stdout
    assert not (tmp_path / "b.mp4").exists()
    assert len(times_of(tmp_path / "b.preview-0.2s.mp4")) == 5
    run("colorize", film, "-o", tmp_path / "out", "--preview", "1m30s")
    assert (tmp_path / "out" / "a.preview-90s.mp4").exists()


@pytest.mark.parametrize("wrong", ["soon", "", "0", "-3", "10x"])
def test_a_preview_of_no_time_is_a_usage_error(film, tmp_path, wrong):
    result = run("colorize", film, "-o", tmp_path / "b.mp4", f"--preview={wrong}")
    assert result.exit_code == 2
    assert "1m30s" in result.output


def test_films_and_pictures_do_not_take_each_others_names(film, photos, tmp_path):
    for source, out, words in (
        (film, "b.webm", "written as .mp4, .m4v, .mov or .mkv, not as .webm"),
        (film, "b.png", "not as .png"),
        (photos / "0.png", "b.mp4", "is no film"),
    ):
        result = run("colorize", source, "-o", tmp_path / out)
        assert result.exit_code == 1
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
        assert not (tmp_path / out).exists()


def test_a_film_is_known_by_its_content(film, tmp_path):
    film.rename(film.with_name("tape 7"))
    result = run("colorize", film.with_name("tape 7"), "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert times_of(tmp_path / "out" / "tape 7.mkv")


def test_a_bad_film_does_not_stop_the_rest(film, tmp_path):
    film.with_name("0.mp4").write_bytes(b"no film")
    result = run("colorize", film.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert re.fullmatch(r"error: .*0\.mp4: the film is truncated or damaged; .*\n", result.stderr)
    assert times_of(tmp_path / "out" / "a.mp4")


def test_without_pyav_films_are_refused_and_pictures_done(film, photos, tmp_path, monkeypatch):
    (film.parent / "b.png").write_bytes((photos / "0.png").read_bytes())
    real = builtins.__import__

    def missing(name, *arguments):
        if name == "hillotype.film.restore_film":
            raise ModuleNotFoundError("No module named 'av'", name="av")
        return real(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", missing)
    result = run("colorize", film.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"error: {film}: a film, and films need av; run `pip install 'hillotype[film]'`\n" == result.stderr
    assert (tmp_path / "out" / "b.png").exists()


def test_progress_of_a_film_is_told_without_a_terminal(film, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.0)
    result = run("colorize", film, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert re.match(r"0 of 1 done, a\.mp4 5%, 0:00:\d\d left\n", result.stderr)
    assert "Traceback" not in result.output
    quiet = run("colorize", film, "-o", tmp_path / "other", "--json")
    assert quiet.stderr == ""


def test_films_take_the_quicker_models_unless_others_are_chosen(film, tmp_path):
    used = {}
    for way in ("usual", "denoise", "denoise-fast"):
        options = [] if way == "usual" else ["--model", way]
        result = run("denoise", film, "-o", tmp_path / f"{way}.mkv", *options, "--json")
        assert result.exit_code == 0, result.output
        used[way] = json.loads(result.stdout)["model"], json.loads(result.stdout)["made_with"]["models"].keys()
    assert used["usual"][0] == used["denoise-fast"][0] == "denoise-fast-gray + denoise-fast-color"
    assert used["denoise"][0] == "denoise-gray + denoise-color"
    assert used["usual"][1] == used["denoise"][1] | used["denoise-fast"][1]
    usual, best, fast = (pixels_of(tmp_path / f"{way}.mkv")[0] for way in used)
    np.testing.assert_array_equal(usual, fast)
    assert (usual != best).any()


def test_a_film_with_the_name_of_a_picture_is_said_to_be_one(film, tmp_path):
    named = film.rename(film.with_suffix(".jpg"))
    result = run("colorize", named, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr == f"error: {named}: this is a film, not a picture; give its name a film's suffix\n"
