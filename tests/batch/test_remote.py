import io
import json
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hillotype.batch import url as url_module
from hillotype.batch.url import Url, located
from hillotype.cli.app import app
from hillotype.errors import HillotypeError

fsspec = pytest.importorskip("fsspec", reason="pip install 'hillotype[remote]'")


@pytest.fixture
def store():
    """The memory file system, empty."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    url_module._content.cache_clear()
    yield files
    files.store.clear()


def shades(height=40):
    file = io.BytesIO()
    Image.fromarray(np.add.outer(np.arange(height), 3 * np.arange(50)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def album(store, tmp_path):
    """Three pictures in the store and on this machine, and what is not to be touched."""
    content = {"a.png": shades(), "sub/b.png": shades(41), "sub/ä c.gif": shades(42)}
    for name, picture in (content | {"notes.txt": b"no", ".hidden.png": shades(), "sub/.dot/d.png": shades()}).items():
        store.pipe_file(f"/bucket/album/{name}", picture)
        (tmp_path / "album" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "album" / name).write_bytes(picture)
    return tmp_path / "album"


def run(source, out, *options, code=0):
    arguments = ["colorize", str(source), "-o", str(out), "--json", *options]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def outcome(report):
    return {entry["target"].split("out/")[1]: entry["status"] for entry in report["results"]}


def results(store):
    names = (name for name in store.find("/bucket/out") if ".hillotype" not in name)
    return {name.removeprefix("/bucket/out/"): store.cat_file(name) for name in names if not name.endswith(".json")}


def journal(store):
    return [name.removeprefix("/bucket/out/.hillotype/") for name in store.find("/bucket/out/.hillotype")]


ALL = {"a.png": "done", "sub/b.png": "done", "sub/ä c.png": "done"}


def test_results_of_an_earlier_run_are_no_inputs(tiny_zoo, album, store):
    run("memory://bucket/album", "memory://bucket/album/out")
    again = run("memory://bucket/album", "memory://bucket/album/again/out")
    assert outcome(again) == ALL


def test_from_a_store_into_a_store(tiny_zoo, album, store, tmp_path):
    assert outcome(run("memory://bucket/album", "memory://bucket/out")) == ALL
    run(album, tmp_path / "out")
    assert results(store) == {name: (tmp_path / "out" / name).read_bytes() for name in ALL}
    assert json.loads(store.cat_file("/bucket/out/report.json"))["counts"] == {"done": 3}
    assert journal(store) == ["journal.jsonl"]


def test_a_store_and_this_machine(tiny_zoo, album, store, tmp_path):
    assert outcome(run("memory://bucket/album", tmp_path / "out")) == ALL
    assert outcome(run(album, "memory://bucket/out")) == ALL
    assert results(store) == {name: (tmp_path / "out" / name).read_bytes() for name in ALL}
    assert set(outcome(run("memory://bucket/album", tmp_path / "out")).values()) == {"kept"}
    assert set(outcome(run(album, "memory://bucket/out")).values()) == {"kept"}


def test_one_picture_of_a_store(tiny_zoo, album, store, tmp_path):
    assert outcome(run("memory://bucket/album/a.png", tmp_path / "out")) == {"a.png": "done"}


def test_a_second_run_does_what_is_missing_or_new(tiny_zoo, album, store, monkeypatch):
    again = ("memory://bucket/album", "memory://bucket/out")
    run(*again)
    before = results(store)
    fetched = []
    monkeypatch.setattr(url_module, "_content", lambda url, _: fetched.append(url) or store.cat_file(str(url)))
    assert set(outcome(run(*again)).values()) == {"kept"}
    assert [url for url in fetched if url.suffix in (".png", ".gif")] == []
    store.rm_file("/bucket/out/a.png")
    store.pipe_file("/bucket/album/new.png", shades(50))
    assert outcome(run(*again)) == dict.fromkeys(ALL, "kept") | {"a.png": "done", "new.png": "done"}
    assert before.items() <= results(store).items()


def test_files_of_others_and_edited_results_stay(tiny_zoo, album, store):
    store.pipe_file("/bucket/out/a.png", b"mine")
    store.pipe_file("/bucket/out/report.json", b"mine too")
    report = run("memory://bucket/album", "memory://bucket/out", code=1)
    assert outcome(report) == ALL | {"a.png": "skipped"}
    store.pipe_file("/bucket/out/sub/b.png", b"edited")
    report = run("memory://bucket/album", "memory://bucket/out", code=1)
    assert "was changed since it was made" in report["results"][1]["message"]
    assert (store.cat_file("/bucket/out/a.png"), store.cat_file("/bucket/out/sub/b.png")) == (b"mine", b"edited")
    assert store.cat_file("/bucket/out/report.json") == b"mine too"


def test_a_changed_picture_is_made_again_and_its_earlier_result_kept(tiny_zoo, album, store):
    run("memory://bucket/album", "memory://bucket/out")
    earlier = store.cat_file("/bucket/out/a.png")
    store.pipe_file("/bucket/album/a.png", shades(60))
    assert outcome(run("memory://bucket/album", "memory://bucket/out")) == dict.fromkeys(ALL, "kept") | {
        "a.png": "done"
    }
    (aside,) = (name for name in journal(store) if name.startswith("replaced/"))
    assert store.cat_file(f"/bucket/out/.hillotype/{aside}") == earlier


@pytest.mark.parametrize("puts", range(12))
def test_a_run_that_is_killed_goes_on_where_it_was(tiny_zoo, album, store, monkeypatch, puts):
    class Killed(BaseException):
        pass

    left, put = puts, Url.put

    def dying(url, content):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        put(url, content)

    with monkeypatch.context() as patch:
        patch.setattr(Url, "put", dying)
        patch.setattr("hillotype.batch.remote.RemoteJournal.__exit__", lambda self, *_: self._working.cleanup())
        with pytest.raises(Killed):
            CliRunner().invoke(app, ["colorize", "memory://bucket/album", "-o", "memory://bucket/out"])
    before = results(store)
    statuses = outcome(run("memory://bucket/album", "memory://bucket/out"))
    assert {name for name, status in statuses.items() if status == "kept"} == set(before)
    assert set(statuses.values()) <= {"done", "kept"}
    assert results(store).keys() == ALL.keys()


def test_ray_restores_pictures_of_a_store(tiny_zoo, album, store, two_workers):
    assert outcome(run("memory://bucket/album", "memory://bucket/out", "--engine", "ray")) == ALL
    assert set(outcome(run("memory://bucket/album", "memory://bucket/out")).values()) == {"kept"}


def test_a_store_that_fails_stops_the_run(tiny_zoo, album, store, monkeypatch):
    put = Url.put

    def fail(url, content):
        if url.name == "b.png":
            raise OSError(5, "connection lost")
        put(url, content)

    monkeypatch.setattr(Url, "put", fail)
    done = CliRunner().invoke(app, ["colorize", "memory://bucket/album", "-o", "memory://bucket/out"])
    assert done.exit_code == 1
    assert "stopped: 1 of 3 files are left" in done.stderr
    assert list(results(store)) == ["a.png"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["memory://bucket/none", "-o", "memory://bucket/out"], "no pictures in this folder; check the address"),
        (["memory://bucket/album", "-o", "memory://bucket/out.png"], "name the folder"),
        (["memory://bucket/album", "-o", "memory://bucket/out", "--page"], "--page: shows pictures of this machine"),
        (["nosuch://bucket/album", "-o", "out"], "nosuch://bucket/album: cannot be reached"),
        (["memory://bucket/album", "-o", "memory://bucket/album"], "is the output folder as well"),
    ],
)
def test_what_cannot_be_is_one_line(tiny_zoo, album, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["colorize", *arguments])
    assert done.exit_code == 1
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_addresses_are_told_from_paths(tmp_path, monkeypatch):
    assert located(tmp_path) == tmp_path
    assert not isinstance(located(tmp_path), Url)
    assert located(type(tmp_path)("file:///tmp/a.png")) == type(tmp_path)("/tmp/a.png")
    address = located(type(tmp_path)("memory://bucket/a b.png"))
    assert str(address) == "memory://bucket/a b.png"
    assert (address.name, address.suffix, str(address.parent)) == ("a b.png", ".png", "memory://bucket")
    assert str(address.with_suffix(".jpg")) == "memory://bucket/a b.jpg"
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(HillotypeError, match=r"pip install 'hillotype\[remote\]'"):
        located(type(tmp_path)("s3://bucket/album"))
