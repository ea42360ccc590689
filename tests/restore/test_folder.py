import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hillotype
from hillotype.restore.folder import Job, Settings, find_jobs, restore_files


def save(path, mode="RGB", size=(24, 16)):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[: size[1], : size[0]]
    color = np.stack([rows * 9, 255 - columns * 7, 40 + 2 * rows * columns % 90], axis=-1)
    Image.fromarray(np.clip(color, 0, 255).astype(np.uint8)).convert(mode).save(path)
    return path


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    for name in ("a.jpg", "a.png", "sub/b.webp", "sub/deep/c.GIF", "sub/deep/c.png", ".hidden.jpg", ".dot/d.png"):
        save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def targets(jobs, out):
    return {str(job.source.name): str(job.target.relative_to(out)) for job in jobs}


def test_the_tree_is_kept_and_names_stay_apart(album, tmp_path):
    out = tmp_path / "out"
    jobs = find_jobs([album], out)
    assert not any(job.problem for job in jobs)
    assert sorted(str(job.target.relative_to(out)) for job in jobs) == [
        "a.jpg",
        "a.png",
        "sub/b.webp",
        "sub/deep/c.GIF.png",
        "sub/deep/c.png",
    ]


def test_gif_becomes_png(tmp_path):
    source = save(tmp_path / "x.gif")
    assert targets(find_jobs([source], tmp_path / "out"), tmp_path / "out") == {"x.gif": "x.png"}


def test_several_folders_keep_their_names(tmp_path):
    first, second = save(tmp_path / "one" / "a.jpg"), save(tmp_path / "two" / "a.jpg")
    out = tmp_path / "out"
    jobs = find_jobs([first.parent, second.parent], out)
    assert [str(job.target.relative_to(out)) for job in jobs] == ["one/a.jpg", "two/a.jpg"]
    jobs = find_jobs([first, second], out)
    assert "same name" in jobs[1].problem


def test_a_single_file_goes_to_a_file_or_a_folder(tmp_path):
    source = save(tmp_path / "a.jpg")
    assert find_jobs([source], tmp_path / "b.png") == [Job(source, tmp_path / "b.png")]
    assert find_jobs([source], tmp_path / "b") == [Job(source, tmp_path / "b" / "a.jpg")]
    (tmp_path / "c.png").mkdir()
    assert find_jobs([source], tmp_path / "c.png") == [Job(source, tmp_path / "c.png" / "a.jpg")]


def test_the_output_folder_is_not_an_input(album):
    out = album / "sub"
    assert {job.source.name for job in find_jobs([album], out)} == {"a.jpg", "a.png"}
    (job,) = find_jobs([album], album)
    assert "choose another output folder" in job.problem


def test_a_folder_without_pictures_is_a_problem(tmp_path):
    (job,) = find_jobs([tmp_path], tmp_path / "out")
    assert "no pictures" in job.problem


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_output_that_is_an_input_is_refused_through_links_too(tiny_zoo, tmp_path, link):
    source = save(tmp_path / "a.jpg")
    data = source.read_bytes()
    (tmp_path / "out").mkdir()
    link(source, tmp_path / "out" / "a.jpg")
    for out in (tmp_path, tmp_path / "a.jpg", tmp_path / "out"):
        (result,) = restore_files(hillotype.load("colorize"), find_jobs([source], out), Settings(overwrite=True))
        assert result.status == "failed"
        assert "would replace an input" in result.message
    assert source.read_bytes() == data


def test_one_result_a_picture_and_bad_ones_do_not_stop_it(tiny_zoo, album, tmp_path):
    (album / "empty.jpg").write_bytes(b"")
    (album / "a2.jpg").write_bytes((album / "a.jpg").read_bytes()[:300])
    os.mkfifo(album / "pipe.png")
    out = tmp_path / "out"
    results = list(restore_files(hillotype.load("colorize"), find_jobs([album, Path("missing.jpg")], out)))
    assert {result.source.name for result in results if result.status == "failed"} == {
        *("a2.jpg", "empty.jpg", "pipe.png", "missing.jpg")
    }
    for result in results:
        assert result.target.exists() == (result.status == "done")
        assert (result.message == "") == (result.status == "done")
        assert "\n" not in result.message
        if result.status == "done":
            assert result.steps == ("colorize",)
            assert result.seconds > 0
        else:
            assert result.message.startswith(str(result.source))
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]


def test_what_exists_is_skipped_unless_it_may_be_replaced(tiny_zoo, tmp_path):
    source, out = save(tmp_path / "a.png"), tmp_path / "out"
    colorize = hillotype.load("colorize")
    jobs = find_jobs([source], out)
    assert [result.status for result in restore_files(colorize, jobs)] == ["done"]
    first = (out / "a.png").read_bytes()
    (skipped,) = restore_files(colorize, jobs, Settings(strength=0.2))
    assert skipped.status == "skipped"
    assert "--overwrite" in skipped.message
    assert (out / "a.png").read_bytes() == first
    (done,) = restore_files(colorize, jobs, Settings(strength=0.2, overwrite=True))
    assert done.status == "done"
    assert (out / "a.png").read_bytes() != first


def test_what_needs_nothing_is_copied_byte_for_byte(tiny_zoo, tmp_path):
    source = save(tmp_path / "a.jpg", size=(200, 150))
    os.utime(source, (1_000_000_000, 1_000_000_000))
    jobs = find_jobs([source], tmp_path / "out")
    (result,) = restore_files(hillotype.load("restore"), jobs)
    assert (result.status, result.steps) == ("copied", ())
    assert result.target.read_bytes() == source.read_bytes()
    assert result.target.stat().st_mtime == 1_000_000_000
    assert any("noise" in note for note in result.notes)
    (converted,) = restore_files(hillotype.load("restore"), find_jobs([source], tmp_path / "b.png"))
    assert converted.status == "copied"
    with Image.open(converted.target) as after, Image.open(source) as before:
        np.testing.assert_array_equal(np.asarray(after), np.asarray(before))


def test_the_pixel_limit_is_kept(tiny_zoo, tmp_path):
    jobs = find_jobs([save(tmp_path / "a.png")], tmp_path / "out")
    (result,) = restore_files(hillotype.load("colorize"), jobs, Settings(max_pixels=100))
    assert result.status == "failed"
    assert "--max-pixels" in result.message


def test_a_folder_that_cannot_be_made_is_said(tiny_zoo, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    jobs = find_jobs([save(tmp_path / "a.png")], tmp_path / "file" / "out")
    (result,) = restore_files(hillotype.load("colorize"), jobs)
    assert result.status == "failed"
    assert "cannot be made" in result.message


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_an_unwritable_folder_is_said(tiny_zoo, tmp_path):
    jobs = find_jobs([save(tmp_path / "a.jpg")], tmp_path / "out")
    (tmp_path / "out").mkdir(mode=0o500)
    for task in ("colorize", "restore"):
        (result,) = restore_files(hillotype.load(task), jobs)
        assert result.status == "failed"
        assert "choose another" in result.message


@pytest.mark.parametrize("name", ["a" * 300, "nul\0"])
def test_impossible_names_are_one_line_each(tiny_zoo, tmp_path, name):
    source = save(tmp_path / "a.jpg")
    jobs = find_jobs([tmp_path / f"{name}.jpg", source], tmp_path / "out")
    bad, good = restore_files(hillotype.load("colorize"), jobs)
    assert (bad.status, good.status) == ("failed", "done")
    (result,) = restore_files(hillotype.load("colorize"), find_jobs([source], tmp_path / f"{name}.png"))
    assert result.status == "failed"


def test_a_folder_that_may_not_be_read_is_said(tiny_zoo, album, tmp_path, monkeypatch):
    list_folder = os.scandir

    def refuse(folder):
        if os.fspath(folder) == str(album / "sub" / "deep"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(folder))
        return list_folder(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    jobs = find_jobs([album], tmp_path / "out")
    assert [job.source.name for job in jobs if not job.problem] == ["a.jpg", "a.png", "b.webp"]
    (problem,) = (job.problem for job in jobs if job.problem)
    assert problem == f"{album}/sub/deep: this folder cannot be read (Permission denied); change its permissions"


def test_a_full_disk_leaves_no_partial_copy(tiny_zoo, tmp_path, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs = find_jobs([save(tmp_path / "a.jpg", size=(200, 150))], tmp_path / "out")
    monkeypatch.setattr(os, "fsync", fail)
    (result,) = restore_files(hillotype.load("restore"), jobs)
    assert result.status == "failed"
    assert "disk is full" in result.message
    assert not list((tmp_path / "out").iterdir())


def test_copies_do_not_need_hard_links(tiny_zoo, tmp_path, monkeypatch):
    def fail(*_names):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    source = save(tmp_path / "a.jpg", size=(200, 150))
    monkeypatch.setattr(os, "link", fail)
    (result,) = restore_files(hillotype.load("restore"), find_jobs([source], tmp_path / "out"))
    assert result.status == "copied"
    assert result.target.read_bytes() == source.read_bytes()


def test_faults_of_ours_are_one_line_too(tiny_zoo, tmp_path, monkeypatch):
    colorize = hillotype.load("colorize")
    monkeypatch.setattr(colorize, "apply", lambda *arguments: 1 / 0)
    jobs = find_jobs([save(tmp_path / "a.png"), save(tmp_path / "b.png")], tmp_path / "out")
    results = list(restore_files(colorize, jobs))
    assert [result.status for result in results] == ["failed", "failed"]
    assert "ZeroDivisionError" in results[0].message


def test_progress_and_comparison_are_told(tiny_zoo, tmp_path):
    jobs = find_jobs([save(tmp_path / "a.png")], tmp_path / "out")
    seen, shares = [], []
    list(
        restore_files(
            hillotype.load("colorize"),
            jobs,
            progress=lambda job, share: shares.append((job, share)),
            compare=lambda *pair: seen.append(pair),
        )
    )
    assert shares[-1] == (jobs[0], 1.0)
    ((job, before, after),) = seen
    assert job == jobs[0]
    assert before.pixels.shape == after.pixels.shape
