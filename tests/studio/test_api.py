"""The REST API: pictures in, pictures out, jobs from upload to removal."""

import io
import itertools
import json
import threading
import time
import zipfile
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import API, add, encoded, ended, message, new_session, opened, pixels_of, served, until
from typer.testing import CliRunner

from hillotype.cli.app import app as command
from hillotype.studio import Limits, api, views, work


@pytest.mark.parametrize("task", ["restore", "denoise", "colorize"])
def test_picture_in_picture_out_as_the_command_line_does_it(client, tmp_path, task):
    exif = Image.Exif()
    exif[0x010E] = "Grandmother"
    shades = np.add.outer(np.arange(40), 3 * np.arange(60)).astype(np.uint8)
    picture = encoded(shades, "JPEG", quality=95, exif=exif.tobytes(), dpi=(300, 300))
    source = tmp_path / "a.jpg"
    source.write_bytes(picture)
    result = CliRunner().invoke(command, [task, str(source), "-o", str(tmp_path / "b.jpg"), "--strength", "0.7"])
    assert result.exit_code == 0
    answer = client.post(f"{API}/{task}?strength=0.7", content=picture)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == (tmp_path / "b.jpg").read_bytes()
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.getexif()[0x010E] == "Grandmother"


def test_a_picture_that_needs_nothing_comes_back_byte_for_byte(client):
    colors = np.zeros((60, 60, 3), np.uint8)
    colors[:, 30:] = (200, 30, 40)
    colors[30:, :] = (20, 130, 240)
    picture = encoded(colors)
    assert client.post(f"{API}/restore", content=picture).content == picture


@pytest.mark.parametrize(("format", "suffix"), [("PNG", "png"), ("TIFF", "tif"), ("WEBP", "webp"), ("GIF", "png")])
def test_the_content_decides_the_format(client, gray, format, suffix):
    image = Image.open(io.BytesIO(gray))
    file = io.BytesIO()
    image.save(file, format)
    answer = client.post(f"{API}/colorize", content=file.getvalue())
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f"picture-colorized.{suffix}")


def test_a_job_from_upload_to_removal(client, gray):
    session = new_session(client)
    job = add(client, session, gray, name="../al bum/Öma.jpg", task="colorize", vividness=2)
    state = ended(client, job)
    assert state["status"] == "done"
    assert state["steps"] == ["colorize"]
    assert state["progress"] == 1
    assert state["name"] == "al bum/Öma.jpg"
    assert state["result"] == "al bum/Öma-colorized.jpg"
    usual = {"strength": 1, "chroma_strength": None, "hints": [], "preview": None, "like": None, "model": None}
    assert state["settings"] == usual | {"task": "colorize", "vividness": 2}
    assert state["film"] is None
    assert client.get(session).json()["jobs"] == [state]
    result = client.get(f"{job}/result")
    assert "filename*=utf-8''%C3%96ma-colorized.jpg" in result.headers["content-disposition"]
    assert Image.open(io.BytesIO(result.content)).mode == "RGB"
    assert client.get(f"{job}/before").content == gray
    assert client.get(f"{job}/after").content == result.content
    assert Image.open(io.BytesIO(client.get(f"{job}/after?side=32").content)).size == (32, 21)
    assert client.delete(job).status_code == 204
    message(client.get(f"{job}/result"), 404)
    assert client.get(session).json()["jobs"] == []


def test_done_again_with_other_settings(client, gray):
    job = add(client, new_session(client), gray, task="colorize")
    ended(client, job)
    first = client.get(f"{job}/result").content
    again = client.put(f"{job}/settings", json={"task": "colorize", "strength": 0.0})
    assert again.json()["run"] == 2
    assert ended(client, job)["status"] == "done"
    second = Image.open(io.BytesIO(client.get(f"{job}/result").content))
    assert np.ptp(np.asarray(second).astype(int), axis=2).max() <= 2
    assert client.get(f"{job}/result").content != first


@pytest.mark.parametrize(("suffix", "name"), [(".avif", "AVIF"), (".heic", "HEIF")])
def test_formats_of_phones_come_back_as_they_came_and_are_shown(client, suffix, name):
    if name == "HEIF":
        pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif").register_heif_opener()
    content = encoded(np.full((20, 30, 3), 90, np.uint8), name)
    job = add(client, new_session(client), content, name=f"a{suffix}", task="colorize")
    assert ended(client, job)["result"] == f"a-colorized{suffix}"
    assert client.get(f"{job}/result").headers["content-type"] == f"image/{suffix[1:]}"
    for what in ("before", "after", "after?side=16"):
        shown = client.get(f"{job}/{what}")
        assert shown.headers["content-type"] in ("image/avif", "image/png", "image/webp")
        assert pixels_of(shown).shape[2] == 3
    answer = client.post(f"{API}/colorize", content=content)
    assert answer.headers["content-disposition"].endswith(f"picture-colorized{suffix}")


def test_camera_raw_is_not_taken_for_the_small_tiff_in_it(client):
    pytest.importorskip("rawpy", reason="camera raw needs rawpy")
    small = encoded(np.zeros((9, 9), np.uint8), "TIFF")
    state = ended(client, add(client, new_session(client), small, name="a.dng"))
    assert state["status"] == "failed"
    assert state["message"].startswith("a.dng: ")
    assert ended(client, add(client, new_session(client), small, name="a.tif"))["status"] == "done"


def test_16_bits_of_a_tiff_stay_and_browsers_see_a_png(client):
    shades = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint16) * 500
    job = add(client, new_session(client), encoded(shades, "TIFF"), name="scan.tif", task="denoise")
    state = ended(client, job)
    assert state["result"] == "scan-denoised.tif"
    assert Image.open(io.BytesIO(client.get(f"{job}/result").content)).mode == "I;16"
    for view in ("before", "after"):
        assert client.get(f"{job}/{view}").headers["content-type"] == "image/png"


def test_all_results_as_one_zip(client, gray):
    session = new_session(client)
    message(client.get(f"{session}/archive"), 409)
    jobs = [add(client, session, gray, name=name) for name in ("a.jpg", "A.jpg", "b/a.jpg")]
    bad = add(client, session, gray[:300], name="bad.jpg")
    for job in (*jobs, bad):
        ended(client, job)
    answer = client.get(f"{session}/archive")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a-restored.jpg", "A-restored (2).jpg", "b/a-restored.jpg"]


def test_models_have_cards(client):
    models = client.get(f"{API}/models").json()
    assert [model["name"] for model in models] == sorted(model["name"] for model in models)
    assert {model for choice in client.get(f"{API}/choices").json() for model in choice["models"]} == {
        model["name"] for model in models
    }
    assert models[0]["summary"] == "A tiny one."
    assert models[0]["bytes"] > 0


def test_cancel_while_it_works(client, large):
    session = new_session(client)
    job = add(client, session, large, task="denoise")
    until(lambda: client.get(job).json()["status"] == "running")
    assert client.post(f"{job}/cancel").json()["status"] == "cancelled"
    message(client.get(f"{job}/result"), 409)
    root = Path(client.app.state.sessions.find(session.rpartition("/")[2]).folder)
    until(lambda: not list(root.glob("*/run-*")))
    client.put(f"{job}/settings", json={"strength": 0.5})
    assert ended(client, job)["status"] == "done"


def test_a_fault_of_the_studio_ends_the_job(client, gray, monkeypatch, caplog):
    def broken(_):
        raise RuntimeError("bad allocation")

    with monkeypatch.context() as patch:
        patch.setattr(work, "load", broken)
        state = ended(client, add(client, new_session(client), gray))
    assert state["status"] == "failed"
    assert "RuntimeError" in state["message"]
    assert "bad allocation" in caplog.text


def test_a_picture_that_is_removed_while_it_is_looked_at(client, gray, monkeypatch):
    job = add(client, new_session(client), gray)
    ended(client, job)
    read = views.read_small

    def meanwhile(*given):
        small = read(*given)
        client.delete(job)
        return small

    monkeypatch.setattr(views, "read_small", meanwhile)
    message(client.get(f"{job}/after?side=32"), 422)


def test_a_picture_that_is_removed_while_all_are_sent_is_left_out(client, gray, monkeypatch):
    session = new_session(client)
    jobs = [add(client, session, gray, name=name) for name in ("a.jpg", "b.jpg")]
    for job in jobs:
        ended(client, job)
    describe = zipfile.ZipInfo.from_file

    def meanwhile(path, name, **named):
        if name.startswith("a"):
            client.delete(jobs[0])
        return describe(path, name, **named)

    monkeypatch.setattr(zipfile.ZipInfo, "from_file", meanwhile)
    with zipfile.ZipFile(io.BytesIO(client.get(f"{session}/archive").content)) as archive:
        assert archive.namelist() == ["b-restored.jpg"]


def test_what_waits_is_cancelled_at_once(tiny_zoo, large, gray):
    with opened(Limits(jobs=1)) as client:
        session = new_session(client)
        first, second = (add(client, session, content, task="denoise") for content in (large, gray))
        assert client.get(second).json()["status"] == "queued"
        assert client.post(f"{second}/cancel").json()["status"] == "cancelled"
        client.post(f"{first}/cancel")


def test_files_of_a_session_go_with_it_and_all_with_the_studio(tiny_zoo, gray):
    with opened() as client:
        sessions = client.app.state.sessions
        root = sessions.open().folder.parent
        session = new_session(client)
        ended(client, add(client, session, gray))
        assert len(list(root.rglob("picture.jpg"))) == 2
        client.delete(session)
        assert not list(root.rglob("picture.jpg"))
        ended(client, add(client, new_session(client), gray))
        client.post(f"{API}/restore", content=gray)
        assert len(list(root.rglob("*.jpg"))) == 2  # those of the session; the single picture's are gone
    assert not root.exists()


def test_a_client_that_goes_away_is_forgotten(tiny_zoo, large):
    with served(Limits(jobs=1)) as studio, httpx2.Client(base_url=studio.address) as client:
        with pytest.raises(httpx2.ReadTimeout):
            client.post(f"{API}/denoise", content=large, timeout=httpx2.Timeout(30, read=0.3))
        until(lambda: studio.sessions.stored() == 0)


def test_a_session_that_nobody_asks_for_is_removed(tiny_zoo, gray):
    with served(Limits(patience=0.5)) as studio, httpx2.Client(base_url=studio.address) as client:
        session = new_session(client)
        add(client, session, gray)
        with client.stream("GET", f"{session}/events") as events:
            lines = events.iter_lines()
            next(lines)
            with pytest.raises(AssertionError):
                until(lambda: studio.sessions.stored() == 0, seconds=1.5)  # it listens
        until(lambda: studio.sessions.stored() == 0)
        message(client.get(session), 404)


def test_a_client_that_waits_longer_than_the_patience_gets_its_picture(tiny_zoo, brakes, gray):
    brakes.add(".jpg")
    with served(Limits(patience=0.2)) as studio, httpx2.Client(base_url=studio.address) as client:
        release = threading.Timer(1.0, brakes.clear)
        release.start()
        assert client.post(f"{API}/colorize", content=gray, timeout=60).status_code == 200
        release.join()


def test_an_upload_that_takes_longer_than_the_patience_is_taken(tiny_zoo, gray):
    def slowly():
        yield gray[:50]
        time.sleep(1)
        yield gray[50:]

    with served(Limits(patience=0.2)) as studio, httpx2.Client(base_url=studio.address, timeout=60) as client:
        answer = client.post(f"{new_session(client)}/jobs", content=slowly())
        assert answer.status_code == 202, answer.text


def test_a_zip_that_takes_longer_than_the_patience_is_whole(tiny_zoo, gray, monkeypatch):
    describe = zipfile.ZipInfo.from_file

    def slowly(*given, **named):
        time.sleep(1)
        return describe(*given, **named)

    with served(Limits(patience=0.5)) as studio, httpx2.Client(base_url=studio.address, timeout=60) as client:
        session = new_session(client)
        with client.stream("GET", f"{session}/events"):
            for job in [add(client, session, gray, name=name) for name in ("a.jpg", "b.jpg")]:
                ended(client, job)
        monkeypatch.setattr(zipfile.ZipInfo, "from_file", slowly)
        with zipfile.ZipFile(io.BytesIO(client.get(f"{session}/archive").content)) as archive:
            assert archive.namelist() == ["a-restored.jpg", "b-restored.jpg"]
        until(lambda: studio.sessions.stored() == 0)


def test_a_client_that_goes_away_while_a_zip_is_sent_keeps_no_session(tiny_zoo, gray, monkeypatch):
    monkeypatch.setattr(api, "zip_stream", lambda _: itertools.repeat(bytes(1 << 20)))
    with served(Limits(patience=0.5)) as studio, httpx2.Client(base_url=studio.address, timeout=60) as client:
        session = new_session(client)
        with client.stream("GET", f"{session}/events"):
            ended(client, add(client, session, gray))
        with client.stream("GET", f"{session}/archive") as answer:
            chunks = answer.iter_raw()
            next(chunks)
            with pytest.raises(AssertionError):
                until(lambda: studio.sessions.stored() == 0, seconds=1.5)
        until(lambda: studio.sessions.stored() == 0)


def test_events_tell_of_each_step(live, gray):
    with httpx2.Client(base_url=live.address) as client:
        session = new_session(client)
        with client.stream("GET", f"{session}/events", timeout=20) as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            add(client, session, gray, name="a.jpg")
            lines = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
            seen = []
            for state in lines:
                seen.append(state["status"])
                if state["status"] == "done":
                    break
        assert seen[0] == "queued"
        assert seen[-1] == "done"
