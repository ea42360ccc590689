import io
import json
import socket
import zipfile
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_tiny_colorizer
from tests.studio.conftest import API, encoded, opened, served, until
from typer.testing import CliRunner

from hillotype.cli.app import app as command
from hillotype.restore.colorize import Colorizer
from hillotype.studio import Limits


def new_session(client):
    return f"{API}/sessions/{client.post(f'{API}/sessions').json()['id']}"


def add(client, session, content, **settings):
    answer = client.post(f"{session}/jobs", params=settings, content=content)
    assert answer.status_code == 202, answer.text
    return f"{session}/jobs/{answer.json()['id']}"


def ended(client, job):
    until(lambda: client.get(job).json()["status"] not in ("queued", "running"))
    return client.get(job).json()


def message(answer, status):
    assert answer.status_code == status, answer.text
    (text,) = answer.json().values()
    assert "Traceback" not in text
    assert "hillotype-studio-" not in text  # no path of ours
    return text


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


def pixels_of(answer):
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)


def test_hints_color_as_the_command_line_does_it(client, gray, tmp_path):
    source = tmp_path / "a.jpg"
    source.write_bytes(gray)
    hints = ["25%,50%,#c02020", "50,10,teal"]
    options = [part for hint in hints for part in ("--hint", hint)]
    result = CliRunner().invoke(command, ["colorize", str(source), "-o", str(tmp_path / "b.jpg"), *options])
    assert result.exit_code == 0
    answer = client.post(f"{API}/colorize", params={"hints": hints}, content=gray)
    assert answer.content == (tmp_path / "b.jpg").read_bytes()


def test_ways_to_denoise_and_the_noise_of_colors_as_the_command_line_does_it(client, tmp_path):
    source, targets = tmp_path / "a.png", [tmp_path / f"{number}.png" for number in range(3)]
    source.write_bytes(encoded(np.random.default_rng(4).integers(0, 256, (40, 60, 3), dtype=np.uint8)))
    ways = ({}, {"model": "denoise-fast"}, {"chroma_strength": "0.2"})
    for options, target in zip(ways, targets, strict=True):
        arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
        assert CliRunner().invoke(command, ["denoise", str(source), "-o", str(target), *arguments]).exit_code == 0
        answer = client.post(f"{API}/denoise", params=options, content=source.read_bytes())
        assert answer.content == target.read_bytes()
    assert len({target.read_bytes() for target in targets}) == 3


def test_a_preview_follows_the_hints(client, gray):
    job = add(client, new_session(client), gray, name="a.jpg")
    ended(client, job)
    plain = client.post(f"{job}/preview", json={})
    assert plain.headers["content-type"] == "image/jpeg"
    assert np.abs(pixels_of(plain) - pixels_of(client.get(f"{job}/result"))).mean() < 2
    settings = {"hints": ["50%,50%,#ff0000"]}
    red = client.post(f"{job}/preview?side=30", json=settings)
    assert pixels_of(red).shape == (20, 30, 3)
    shade = pixels_of(red)[10, 15]
    assert shade[0] > shade[1:].max() + 50
    in_pixels = client.post(f"{job}/preview?side=30", json={"hints": ["30,20,#ff0000"]})
    assert np.abs(pixels_of(in_pixels) - pixels_of(red)).mean() < 2  # of the picture, not of the preview
    assert client.get(job).json()["settings"]["hints"] == []  # nothing is changed
    client.put(f"{job}/settings", json=settings)
    state = ended(client, job)
    assert state["settings"]["hints"] == settings["hints"]
    shade = pixels_of(client.get(f"{job}/result"))[20, 30]
    assert shade[0] > shade[1:].max() + 50


def test_a_preview_asks_the_net_once_and_forgets_what_is_removed(client, gray, monkeypatch):
    asked, predict = [], Colorizer.predict
    monkeypatch.setattr(Colorizer, "predict", lambda self, pixels: (asked.append(self), predict(self, pixels))[1])
    session = new_session(client)
    job = add(client, session, gray)
    ended(client, job)
    asked.clear()
    for hints in ([], ["1,1,#ff0000"], ["1,1,#00ff00"]):
        assert client.post(f"{job}/preview", json={"hints": hints}).status_code == 200
    assert len(asked) == 1
    previews = client.app.state.sessions.previews
    assert len(previews._guesses) == 1
    client.delete(session)
    assert not previews._guesses


@pytest.fixture
def postcard():
    """A color picture as bytes, mostly red."""
    shades = np.zeros((60, 60, 3), np.uint8)
    shades[:, :, 0] = np.arange(100, 220, 2)
    shades[30:, 30:, 1] = 150
    return encoded(shades)


def test_colors_like_those_of_another_picture(client, gray, postcard, tmp_path):
    (tmp_path / "a.jpg").write_bytes(gray)
    (tmp_path / "postcard.png").write_bytes(postcard)
    options = ["-o", str(tmp_path / "b.jpg"), "--like", str(tmp_path / "postcard.png")]
    assert CliRunner().invoke(command, ["colorize", str(tmp_path / "a.jpg"), *options]).exit_code == 0
    session = new_session(client)
    other = add(client, session, postcard, name="postcard.png")
    job = add(client, session, gray, name="a.jpg", task="colorize", like=ended(client, other)["id"])
    assert ended(client, job)["status"] == "done"
    assert client.get(f"{job}/result").content == (tmp_path / "b.jpg").read_bytes()
    settings = {"task": "colorize", "like": client.get(other).json()["id"]}
    like, plain = (client.post(f"{job}/preview", json=each) for each in (settings, {}))
    assert pixels_of(like)[..., 0].mean() > pixels_of(plain)[..., 0].mean()


def test_what_nothing_can_be_like_is_a_sentence(client, gray, postcard):
    session = new_session(client)
    job = add(client, session, gray, name="a.jpg")
    id = ended(client, job)["id"]
    assert "a.jpg: is gray" in message(client.put(f"{job}/settings", json={"like": id}), 422)
    message(client.put(f"{job}/settings", json={"like": "none"}), 404)
    elsewhere = add(client, new_session(client), postcard)
    like = client.get(elsewhere).json()["id"]
    message(client.post(f"{session}/jobs?like={like}", content=gray), 404)  # of another session
    assert len(client.get(session).json()["jobs"]) == 1


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        (["101%,50%,#ff0000"], "outside the picture"),
        (["60,5,#ff0000"], "outside the picture"),
        (["50%,50%,redd"], "no color"),
        (["red"], "X,Y,COLOR"),
        (["nan,1,red"], "outside the picture"),
        (["1,1,red"] * 201, "200"),
        (["1,1," + "r" * 99], "80"),
    ],
)
def test_hints_that_are_none_are_a_sentence(client, gray, hints, words):
    job = add(client, new_session(client), gray, name="a.jpg")
    assert words in message(client.post(f"{job}/preview", json={"hints": hints}), 422)
    assert words in message(client.post(f"{API}/colorize", params={"hints": hints}, content=gray), 422)


def test_certainty_is_a_gray_map_or_a_sentence(client, gray, tiny_zoo):
    job = add(client, new_session(client), gray, name="a.jpg")
    ended(client, job)
    answer = client.get(f"{job}/certainty?side=30")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (30, 20)
    half = add(client, new_session(client), gray[: len(gray) // 2], name="half.jpg")
    assert message(client.get(f"{half}/certainty"), 422).startswith("half.jpg: ")
    write_tiny_colorizer(tiny_zoo / "colorize.onnx", doubt=False)
    assert "does not tell where it guesses" in message(client.get(f"{job}/certainty"), 422)


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


def test_a_preview_of_a_damaged_picture_is_a_sentence(client, gray):
    job = add(client, new_session(client), gray[: len(gray) // 2], name="half.jpg")
    assert message(client.post(f"{job}/preview", json={}), 422).startswith("half.jpg: ")


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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"no picture", "no picture"),
        (b"<!doctype html><p>", "no picture"),
        (b"\xff\xd8\xff\xe0garbage", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "copy it again"),
    ],
)
def test_what_is_no_picture_is_a_sentence(client, content, words):
    assert words in message(client.post(f"{API}/restore", content=content), 422)


def test_a_truncated_picture_does_not_stop_the_rest(client, gray):
    session = new_session(client)
    jobs = [add(client, session, content, name="x.jpg") for content in (gray[: len(gray) // 2], gray)]
    failed, done = (ended(client, job) for job in jobs)
    assert failed["status"] == "failed"
    assert failed["message"].startswith("x.jpg: ")
    assert done["status"] == "done"
    message(client.get(f"{jobs[0]}/result"), 409)
    message(client.get(f"{jobs[0]}/before?side=100"), 422)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("strength=2", "strength"),
        ("strength=nan", "strength"),
        ("chroma_strength=1.1", "chroma_strength"),
        ("vividness=-1", "vividness"),
        ("model=/etc/passwd", "no model"),
        ("model=../zoo/colorize.onnx", "no model"),
        ("model=denoise-gray", "denoise"),
        ("model=denoise-fast", "made to denoise"),
        ("path=/etc/passwd", "path"),
    ],
)
def test_settings_out_of_range_are_a_sentence(client, gray, query, words):
    assert words in message(client.post(f"{API}/colorize?{query}", content=gray), 422)


def test_a_model_that_is_gone_is_a_sentence(client, tiny_zoo, gray):
    (tiny_zoo / "colorize.onnx").unlink()
    assert "colorize" in message(client.post(f"{API}/colorize", content=gray), 422)


def test_too_many_pixels_and_too_many_bytes(tiny_zoo, gray):
    with opened(Limits(pixels=2000)) as client:
        assert "2,400 pixels" in message(client.post(f"{API}/restore", content=gray), 422)
    with opened(Limits(bytes=len(gray) - 1)) as client:
        message(client.post(f"{API}/restore", content=gray), 413)
        message(client.post(f"{API}/restore", content=iter([gray[:50], gray[50:]])), 413)  # its length not told
        assert client.app.state.sessions.stored() == 0
    with opened(Limits(stored=len(gray) + 100)) as client:
        session = new_session(client)
        job = add(client, session, gray)
        assert "full" in message(client.post(f"{session}/jobs", content=gray), 413)
        client.delete(job)
        add(client, session, gray)


def test_too_many_waiting(tiny_zoo, large):
    with opened(Limits(jobs=1, waiting=1)) as client:
        session = new_session(client)
        job = add(client, session, large)
        assert "waiting" in message(client.post(f"{session}/jobs", content=large), 429)
        assert len(client.get(session).json()["jobs"]) == 1
        client.delete(job)


def test_too_many_sessions(tiny_zoo, gray):
    with opened(Limits(sessions=1)) as client:
        session = new_session(client)
        assert "sessions" in message(client.post(f"{API}/sessions"), 429)
        message(client.post(f"{API}/restore", content=gray), 429)
        client.delete(session)
        assert client.post(f"{API}/restore", content=gray).status_code == 200


def test_json_bodies_are_small(client, gray):
    job = add(client, new_session(client), gray)
    answer = client.put(f"{job}/settings", content=b'{"model": "' + b"x" * 100_000 + b'"}')
    assert answer.status_code == 413


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


def test_what_waits_is_cancelled_at_once(tiny_zoo, large, gray):
    with opened(Limits(jobs=1)) as client:
        session = new_session(client)
        first, second = (add(client, session, content, task="denoise") for content in (large, gray))
        assert client.get(second).json()["status"] == "queued"
        assert client.post(f"{second}/cancel").json()["status"] == "cancelled"
        client.post(f"{first}/cancel")


def test_unknown_sessions_jobs_and_addresses(client):
    session = new_session(client)
    for address in (f"{API}/sessions/x", f"{API}/sessions/x/jobs/y", f"{session}/jobs/y", f"{API}/nothing", "/none"):
        message(client.get(address), 404)
    message(client.put(API + "/models"), 405)
    assert client.delete(session).status_code == 204
    message(client.get(session), 404)


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


def test_an_upload_that_stalls_is_ended(tiny_zoo):
    with served(Limits(stall=0.2)) as studio:
        host, port = studio.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as wire:
            wire.sendall(f"POST {API}/restore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nabc".encode())
            assert b" 408 " in wire.recv(1000).split(b"\r\n")[0]
        assert studio.sessions.stored() == 0
