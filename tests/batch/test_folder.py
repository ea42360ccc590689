import errno
import json
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.batch.conftest import save

import hillotype
from hillotype.batch import steps as steps_module
from hillotype.batch.folder import Settings, find_jobs, restore_files
from hillotype.batch.journal import Journal
from hillotype.errors import PictureError
from hillotype.restore.colorize import Colorizer


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


def test_what_needs_nothing_is_copied_byte_for_byte(tmp_path):
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


def test_what_a_copy_keeps_is_not_said_to_be_lost(tmp_path):
    with Image.open(save(tmp_path / "a.jpg", size=(200, 150))) as image:
        image.save(tmp_path / "a.tif", save_all=True, append_images=[image])
    restore = hillotype.load("restore")
    (copied,) = restore_files(restore, find_jobs([tmp_path / "a.tif"], tmp_path / "out"))
    assert copied.target.read_bytes() == copied.source.read_bytes()
    assert not any("page" in note for note in copied.notes)
    (converted,) = restore_files(restore, find_jobs([tmp_path / "a.tif"], tmp_path / "b.png"))
    assert "only the first page kept" in converted.notes


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


def test_a_full_disk_leaves_no_partial_copy(tiny_zoo, tmp_path, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs = find_jobs([save(tmp_path / "a.jpg", size=(200, 150))], tmp_path / "out")
    monkeypatch.setattr(os, "fsync", fail)
    (result,) = restore_files(hillotype.load("restore"), jobs)
    assert result.status == "failed"
    assert "disk is full" in result.message
    assert not list((tmp_path / "out").iterdir())


def test_copies_do_not_need_hard_links(tmp_path, monkeypatch):
    def fail(*_names):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    source = save(tmp_path / "a.jpg", size=(200, 150))
    monkeypatch.setattr(os, "link", fail)
    (result,) = restore_files(hillotype.load("restore"), find_jobs([source], tmp_path / "out"))
    assert result.status == "copied"
    assert result.target.read_bytes() == source.read_bytes()


def test_faults_of_ours_are_one_line_too(tiny_zoo, tmp_path, monkeypatch):
    colorize = hillotype.load("colorize")
    monkeypatch.setattr(Colorizer, "apply", lambda *arguments: 1 / 0)
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


MADE_WITH = {"task": "colorize", "models": {}, "strength": 1.0}


@pytest.fixture
def again(tiny_zoo, album, tmp_path):
    """Restores the album into `out` once more, with a journal, and returns the status of each picture by name."""

    def restore(overwrite=False, paths=(album,), **changes):
        made_with = MADE_WITH | changes
        out, restorer = tmp_path / "out", hillotype.load(made_with["task"])
        settings = Settings(made_with["strength"], overwrite)
        with Journal(out, made_with) as journal:
            results = list(restore_files(restorer, find_jobs(paths, out), settings, journal=journal))
        restore.messages = [result.message for result in results if result.message]
        restore.notes = [note for result in results for note in result.notes]
        return {str(result.target.relative_to(out)): result.status for result in results}

    return restore


def changed(statuses, **changes):
    return {name: changes.get(name.replace(".", "_"), "kept") for name in statuses}


def test_a_second_run_does_only_what_is_missing_or_new(again, album, tmp_path):
    first = again()
    assert set(first.values()) == {"done"}
    out = tmp_path / "out"
    state = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.is_file()}
    assert set(again().values()) == {"kept"}
    assert {path: path.stat().st_mtime_ns for path in state} == state
    (out / "a.jpg").unlink()
    save(album / "new.png")
    assert again() == changed(first, a_jpg="done") | {"new.png": "done"}


def test_a_moved_album_is_known_by_its_content(again, album, tmp_path):
    again()
    album.rename(tmp_path / "moved")
    for path in (tmp_path / "moved").rglob("*.*"):
        os.utime(path, (5, 5))
    assert set(again(paths=[tmp_path / "moved"]).values()) == {"kept"}


def test_changed_options_and_models_make_results_again_but_another_task_does_not(again, tmp_path):
    again()
    assert set(again(strength=0.5).values()) == {"done"}
    assert set(again(strength=0.5, models={"colorize": "another"}).values()) == {"done"}
    before = (tmp_path / "out" / "a.png").read_bytes()
    assert set(again(task="denoise").values()) == {"skipped"}
    assert "is the result of `hillotype colorize`" in again.messages[0]
    assert (tmp_path / "out" / "a.png").read_bytes() == before
    assert set(again(task="denoise", overwrite=True).values()) == {"done"}


def test_a_changed_picture_is_made_again_and_its_earlier_result_kept(again, album, tmp_path):
    first = again()
    earlier = (tmp_path / "out" / "a.png").read_bytes()
    save(album / "a.png", size=(40, 40))
    assert again() == changed(first, a_png="done")
    (note,) = (note for note in again.notes if "earlier result" in note)
    assert (tmp_path / "out" / note.split()[-1]).read_bytes() == earlier
    assert set(again().values()) == {"kept"}


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_truncated_result_is_made_again(again, tmp_path, size):
    first, path = again(), tmp_path / "out" / "a.jpg"
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    assert again() == changed(first, a_jpg="done")
    assert path.read_bytes() == whole


def test_a_result_that_somebody_edited_is_not_replaced(again, tmp_path):
    first, path = again(), tmp_path / "out" / "a.png"
    save(path, size=(3, 3))
    edited = path.read_bytes()
    assert again() == changed(first, a_png="skipped")
    assert "was changed since it was made" in again.messages[0]
    assert path.read_bytes() == edited
    assert set(again(overwrite=True).values()) == {"done"}
    assert path.read_bytes() != edited


def test_files_of_others_and_results_of_other_pictures_are_not_replaced(again, album, tmp_path):
    out = tmp_path / "out"
    foreign = save(out / "a.jpg", size=(5, 5)).read_bytes()
    other = save(tmp_path / "other" / "a.png", size=(9, 9))
    assert again(paths=[other.parent]) == {"a.png": "done"}
    statuses = again()
    assert (statuses.pop("a.jpg"), statuses.pop("a.png")) == ("skipped", "skipped")
    assert "is the result of another picture (../other/a.png)" in again.messages[1]
    assert set(statuses.values()) == {"done"}
    assert (out / "a.jpg").read_bytes() == foreign


def test_failures_are_recorded_and_tried_again(again, album, tmp_path):
    whole = (album / "a.jpg").read_bytes()
    (album / "a.jpg").write_bytes(whole[:200])
    first = again()
    assert first["a.jpg"] == "failed"
    lines = (tmp_path / "out" / ".hillotype" / "journal.jsonl").read_text().splitlines()
    (failure,) = (entry for entry in map(json.loads, lines) if entry["status"] == "failed")
    assert failure["input"]["path"] == "../album/a.jpg"
    assert failure["input"]["size"] == 200
    assert "truncated" in failure["message"]
    (album / "a.jpg").write_bytes(whole)
    assert again() == changed(first, a_jpg="done")


def test_no_partial_file_is_ever_under_a_name(again, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PictureError, match=r"of 5 files are left.*run the same command again"):
        again()
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["journal.jsonl"]


def test_a_disk_that_is_full_or_gone_stops_the_run(tiny_zoo, tmp_path, monkeypatch):
    for number in range(40):
        save(tmp_path / "in" / f"{number:02}.png")
    colorize, out, write = hillotype.load("colorize", threads=2), tmp_path / "out", steps_module.write_picture

    def run(breaks=lambda: None):
        statuses = []
        jobs = find_jobs([tmp_path / "in"], out)
        with Journal(out, MADE_WITH) as journal, pytest.raises(PictureError, match="of 40 files are left"):
            statuses.extend(told(restore_files(colorize, jobs, journal=journal), breaks))
        return statuses

    def told(results, breaks):
        for result in results:
            yield result.status
            breaks()

    def full_after_two(picture, path, **options):
        if path.parent.parent == out and sum(1 for _ in out.glob("*.png")) >= 2:
            raise PictureError("no room") from OSError(errno.ENOSPC, "No space left on device")
        return write(picture, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(steps_module, "write_picture", full_after_two)
        statuses = run()
    assert statuses.count("done") in (2, 3)
    assert statuses.count("failed") in (1, 2)
    statuses = run(lambda: shutil.rmtree(out, ignore_errors=True))
    assert "failed" in statuses
    assert len(statuses) < 40


def test_pictures_that_vanish_are_one_line_each(tiny_zoo, album, tmp_path):
    jobs = find_jobs([album], tmp_path / "out")
    shutil.rmtree(album / "sub")
    results = list(restore_files(hillotype.load("colorize"), jobs))
    assert [result.status for result in results] == ["done", "done", "failed", "failed", "failed"]
    assert "no such file" in results[-1].message


def test_pictures_are_side_by_side_and_a_large_one_is_alone(tiny_zoo, tmp_path, monkeypatch):
    for number in range(8):
        save(tmp_path / "in" / f"{number}.png", size=(40, 40) if number == 4 else (24, 16))
    read, write, both = steps_module.read_picture, steps_module.write_picture, threading.Barrier(2, timeout=20)
    inside, most, threads, lock = set(), {}, {}, threading.Lock()

    def reading(path, **options):
        number = int(path.stem)
        with lock:
            inside.add(number)
            most[number] = set(inside)
        if number in (0, 1):  # returns only when both are here
            both.wait()
        return read(path, **options)

    def writing(picture, path, **options):
        with lock:
            inside.discard(int(path.stem))
        return write(picture, path, **options)

    apply = Colorizer.apply

    def applying(self, pixels, *arguments):
        threads[pixels.size] = self.threads
        return apply(self, pixels, *arguments)

    monkeypatch.setattr(steps_module, "LARGE", 1000)
    monkeypatch.setattr(steps_module, "read_picture", reading)
    monkeypatch.setattr(steps_module, "write_picture", writing)
    monkeypatch.setattr(Colorizer, "apply", applying)
    jobs = find_jobs([tmp_path / "in"], tmp_path / "out")
    results = list(restore_files(hillotype.load("colorize", threads=2), jobs))
    assert [(result.status, result.source) for result in results] == [("done", job.source) for job in jobs]
    assert most[4] == {4}
    assert threads == {24 * 16 * 3: 1, 40 * 40 * 3: 2}
    assert max(map(len, most.values())) == 2


def test_few_pictures_share_the_threads(tiny_zoo, tmp_path, monkeypatch):
    jobs = find_jobs([save(tmp_path / "a.png"), save(tmp_path / "b.png")], tmp_path / "out")
    threads, predict = [], Colorizer.predict

    def predicting(self, pixels):
        threads.append(self.threads)
        return predict(self, pixels)

    monkeypatch.setattr(Colorizer, "predict", predicting)
    list(restore_files(hillotype.load("colorize", threads=7), jobs))
    assert threads == [3, 3]


def test_a_run_that_is_left_ends_soon_and_keeps_what_is_finished(tiny_zoo, tmp_path):
    for number in range(30):
        save(tmp_path / "in" / f"{number:02}.png")
    jobs = find_jobs([tmp_path / "in"], tmp_path / "out")
    stream = restore_files(hillotype.load("colorize", threads=2), jobs)
    assert next(stream).status == "done"
    stream.close()
    finished = sorted((tmp_path / "out").iterdir())
    assert 1 <= len(finished) < 30
    assert not [path for path in finished if path.suffix != ".png"]


def test_names_that_a_disk_takes_for_one_lose_no_result(again, album, tmp_path, monkeypatch):
    again()
    monkeypatch.setattr(steps_module, "identity", lambda _: (1, 1))  # as for a.jpg and A.JPG on a stick
    before = (tmp_path / "out" / "a.png").read_bytes()
    statuses = again(overwrite=True, strength=0.1)
    assert sorted(statuses.values()) == ["done", *["failed"] * 4]  # whichever comes first
    assert "another picture on this disk" in again.messages[0]
    changed = (tmp_path / "out" / "a.png").read_bytes() != before
    assert changed == (statuses["a.png"] == "done")
