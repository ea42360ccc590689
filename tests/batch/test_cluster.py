import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import hillotype
from hillotype.batch import cluster
from hillotype.batch.cluster import RayEngine
from hillotype.batch.folder import Settings, find_jobs, restore_files
from hillotype.batch.journal import Journal
from hillotype.batch.parcels import restore_parcel
from hillotype.batch.results import Parcel, Result
from hillotype.cli.app import app
from hillotype.errors import HillotypeError

MADE_WITH = {"task": "colorize", "models": {}, "strength": 1.0}


@pytest.fixture
def album(tmp_path):
    """Four gray pictures and one that is none."""
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "c.gif", "sub/ä d.tif")):
        shades = np.add.outer(np.arange(40 + number), 3 * np.arange(50)).astype(np.uint8)
        Image.fromarray(shades).save(folder / name)
    (folder / "bad.jpg").write_bytes(b"none")
    return folder


def here(restorer, settings, parcels):
    """An engine that restores all pictures in this process, the last first."""
    for parcel in reversed(list(parcels)):
        yield parcel if isinstance(parcel, Result) else restore_parcel(restorer, parcel, settings)


def idle(restorer, settings, parcels):
    """An engine that must not be given a picture."""
    for result in parcels:
        assert isinstance(result, Result)
        yield result


def run(album, out, engine, task="colorize", restorer=None, **settings):
    with Journal(out, MADE_WITH | {"task": task}) as journal:
        restorer = restorer or hillotype.load(task, threads=1)
        stream = restore_files(restorer, find_jobs([album], out), Settings(**settings), journal=journal, engine=engine)
        return {str(result.target.relative_to(out)): result for result in stream}


def files(out):
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*") if path.suffix not in ("", ".jsonl")}


def statuses(results):
    return {name: result.status for name, result in results.items()}


@pytest.mark.parametrize("task", ["colorize", "restore"])
def test_an_engine_makes_what_is_made_here(tiny_zoo, album, tmp_path, task):
    plain = run(album, tmp_path / "plain", None, task)
    sent = run(album, tmp_path / "sent", here, task)
    assert statuses(sent) == statuses(plain)
    assert files(tmp_path / "sent") == files(tmp_path / "plain")
    assert sent["bad.jpg"].message == plain["bad.jpg"].message
    for name, result in sent.items():
        assert (result.source, result.steps, result.notes) == (plain[name].source, plain[name].steps, plain[name].notes)


def test_what_is_done_is_not_sent_again(tiny_zoo, album, tmp_path):
    out = tmp_path / "out"
    (album / "bad.jpg").unlink()
    first = run(album, out, None)
    assert set(statuses(first).values()) == {"done"}
    assert set(statuses(run(album, out, idle)).values()) == {"kept"}
    (out / "b.png").unlink()
    assert statuses(run(album, out, here)) == {**dict.fromkeys(first, "kept"), "b.png": "done"}


def test_messages_name_the_files_of_here(tiny_zoo, album, tmp_path):
    jobs = {job.source.name: job for job in find_jobs([album], tmp_path / "out")}
    colorize = hillotype.load("colorize")
    answer = restore_parcel(colorize, Parcel(jobs["bad.jpg"], b"none"), Settings())
    assert answer.result.message.startswith(f"{album / 'bad.jpg'}: this is no picture")
    assert answer.content == b""
    answer = restore_parcel(colorize, Parcel(jobs["b.png"], (album / "b.png").read_bytes()), Settings(max_pixels=9))
    assert answer.result.message.startswith(f"{album / 'b.png'}: ")


def test_ray_makes_what_is_made_here(tiny_zoo, album, tmp_path, two_workers):  # with models that are only here
    plain = run(album, tmp_path / "plain", None, "restore")
    sent = run(album, tmp_path / "sent", RayEngine(), "restore")
    assert statuses(sent) == statuses(plain)
    assert files(tmp_path / "sent") == files(tmp_path / "plain")
    assert two_workers.is_initialized()  # as it was before


def test_a_worker_that_dies_costs_its_picture_alone(tiny_zoo, album, tmp_path, two_workers):
    class Deadly(hillotype.Restorer):  # here, so that it is sent as it is
        name, task, threads = "deadly", "colorize", 1

        def plan(self, pixels):
            import os

            if pixels.shape[0] == 41:
                os._exit(1)
            return hillotype.restore.Plan(())

    Deadly.apply = lambda self, pixels, *_: pixels
    Deadly.with_threads = lambda self, threads: self
    Deadly.__abstractmethods__ = frozenset()
    results = run(album, tmp_path / "out", RayEngine(), restorer=Deadly())
    assert statuses(results) == {name: "failed" if name in ("bad.jpg", "b.png") else "copied" for name in results}
    assert "its worker died" in results["b.png"].message
    assert "\n" not in results["b.png"].message


def test_another_version_there_stops_it(tiny_zoo, album, tmp_path, two_workers, monkeypatch):
    monkeypatch.setattr(cluster, "__version__", "0.0.1")
    with pytest.raises(HillotypeError, match=r"0\.0\.1 here; install the same"):
        run(album, tmp_path / "out", RayEngine())


def test_the_command_says_what_ray_did(tiny_zoo, album, tmp_path, two_workers):
    out = tmp_path / "out"
    arguments = ["colorize", str(album), "-o", str(out), "--engine", "ray", "--page"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert "4 done, 1 failed" in done.stdout
    assert done.stderr.count("\n") == 1
    names = [entry["source"] for entry in json.loads((out / "report.json").read_text())["results"]]
    assert names == [str(job.source) for job in find_jobs([album], out)]
    assert (out / "index.html").read_text().count("<figure>") == 4


def test_an_address_without_the_engine_is_refused(tiny_zoo, album, tmp_path):
    done = CliRunner().invoke(app, ["colorize", str(album), "-o", str(tmp_path / "out"), "--address", "auto"])
    assert done.exit_code == 1
    assert "add --engine ray" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_cluster_that_does_not_answer_is_one_line(tiny_zoo, album, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_import_ray", lambda: SimpleNamespace(is_initialized=lambda: False, shutdown=int))
    with pytest.raises(HillotypeError, match=r"Ray at 127\.0\.0\.1:9: does not start or answer.*check --address"):
        run(album, tmp_path / "out", RayEngine("127.0.0.1:9"))


def test_without_ray_it_says_how_to_install_it(tiny_zoo, album, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = CliRunner().invoke(app, ["colorize", str(album), "-o", str(tmp_path / "out"), "--engine", "ray"])
    assert done.exit_code == 1
    assert "pip install 'hillotype[ray]'" in done.stderr
    assert not (tmp_path / "out").exists()
