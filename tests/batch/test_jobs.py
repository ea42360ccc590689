import errno
import os

import pytest
from tests.batch.conftest import save

import hillotype
from hillotype.batch.folder import restore_files
from hillotype.batch.jobs import Job, find_jobs
from hillotype.batch.journal import Journal


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


def test_what_is_named_twice_comes_once(tmp_path):
    source, out = save(tmp_path / "one" / "a.jpg"), tmp_path / "out"
    assert find_jobs([source, source.parent / ".." / "one" / "a.jpg"], out) == [Job(source, out / "a.jpg")]
    assert [job.source for job in find_jobs([source.parent, source.parent], out)] == [source]
    missing = tmp_path / "missing.jpg"
    assert [job.source for job in find_jobs([missing, missing], out)] == [missing]


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


def test_results_of_an_earlier_run_are_no_inputs(tiny_zoo, album):
    first, second = album / "first", album / "sub" / "second"
    for out in (first, second):
        with Journal(out, {"task": "colorize"}) as journal:
            list(restore_files(hillotype.load("colorize"), find_jobs([album], out), journal=journal))
    mine = save(first / "mine.jpg")
    said = []
    jobs = find_jobs([album], album / "third", said.append)
    assert [job.source for job in jobs if job.source.is_relative_to(first)] == [mine]
    assert len(jobs) == 6
    assert said == [
        f"{out}: results of an earlier run, left out (5); name this folder to take them as inputs"
        for out in (first, second)
    ]
    said.clear()
    assert len(find_jobs([first, album], album / "third", said.append)) == 12
    assert len(said) == 2
    (first / ".hillotype" / "journal.jsonl").write_bytes(b"torn")
    assert len(find_jobs([album], album / "third")) == 11


def test_results_of_pictures_elsewhere_are_inputs(tiny_zoo, album, tmp_path):
    for out in (tmp_path / "clean" / "1938", tmp_path / "clean" / "1939"):
        with Journal(out, {"task": "colorize"}) as journal:
            list(restore_files(hillotype.load("colorize"), find_jobs([album], out), journal=journal))
    said = []
    assert len(find_jobs([tmp_path / "clean"], tmp_path / "color", said.append)) == 10
    assert said == []


def test_a_folder_without_pictures_is_a_problem(tmp_path):
    (job,) = find_jobs([tmp_path], tmp_path / "out")
    assert "no pictures" in job.problem


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


@pytest.mark.parametrize(
    "name", ["ünïcöde/żółć 日本 🙂.jpg", "a\nb\x1b[31m.png", "-o.jpg", "a b.c.tif", "x.JPEG", "\udcff.jpg"]
)
def test_odd_names_are_kept(tmp_path, name):
    save(tmp_path / "in" / name)
    (job,) = find_jobs([tmp_path / "in"], tmp_path / "out")
    assert (job.target, job.problem) == (tmp_path / "out" / name, "")


def test_gif_files_stay_apart_however_they_are_named(tmp_path):
    for name in ("c.gif", "c.GIF", "c.png", "c.gif.png"):
        save(tmp_path / "in" / name)
    jobs = find_jobs([tmp_path / "in"], tmp_path / "out")
    assert len({job.target for job in jobs}) == 4
    assert all(job.target.suffix == ".png" and not job.problem for job in jobs)


def test_links_out_of_the_folder_are_said_and_not_followed(album, tmp_path):
    other = save(tmp_path / "other" / "secret.jpg")
    (album / "file.jpg").symlink_to(other)
    (album / "folder").symlink_to(other.parent)
    (album / "inside.jpg").symlink_to("a.jpg")
    (album / "circle").symlink_to(".")
    (album / "self.png").symlink_to("self.png")
    jobs = {job.source.name: job.problem for job in find_jobs([album], tmp_path / "out")}
    assert "not followed" in jobs["file.jpg"]
    assert str(other) in jobs["file.jpg"]
    assert "not followed" in jobs["folder"]
    assert jobs["inside.jpg"] == ""
    assert not {"circle", "secret.jpg"} & jobs.keys()
    (job,) = find_jobs([album / "file.jpg"], tmp_path / "out")
    assert job == Job(album / "file.jpg", tmp_path / "out" / "file.jpg")


def test_a_folder_that_is_a_link_itself_is_followed(album, tmp_path):
    (tmp_path / "link").symlink_to(album)
    assert not any(job.problem for job in find_jobs([tmp_path / "link"], tmp_path / "out"))


def test_films_go_where_pictures_go(tmp_path):
    for name in ("a.mp4", "a.mov", "sub/b.MKV", "c.avi", "c.mkv", "d.webm"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    save(tmp_path / "in" / "a.jpg")
    jobs = find_jobs([tmp_path / "in"], tmp_path / "out")
    assert targets(jobs, tmp_path / "out") == {
        "a.jpg": "a.jpg",
        "a.mov": "a.mov",
        "a.mp4": "a.mp4",
        "b.MKV": "sub/b.MKV",
        "c.avi": "c.avi.mkv",
        "c.mkv": "c.mkv",
        "d.webm": "d.mkv",
    }
    assert [job.source.name for job in jobs if not job.film] == ["a.jpg"]


def test_a_single_film_goes_to_a_file_of_a_container_that_holds_it(tmp_path):
    source = tmp_path / "a.avi"
    assert find_jobs([source], tmp_path / "b.mp4") == [Job(source, tmp_path / "b.mp4", film=True)]
    assert find_jobs([source], tmp_path / "b") == [Job(source, tmp_path / "b" / "a.mkv", film=True)]
    for out, words in (("b.avi", "not as .avi"), ("b.png", "not as .png")):
        (job,) = find_jobs([source], tmp_path / out)
        assert words in job.problem
    (job,) = find_jobs([tmp_path / "a.png"], tmp_path / "b.mp4")
    assert "is no film" in job.problem
