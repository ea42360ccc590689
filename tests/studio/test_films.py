"""Films, by the API."""

import io
import sys

import numpy as np
import pytest
from PIL import Image
from tests.film.conftest import av, write_sound
from tests.studio.conftest import API, encoded, files_in, opened, until
from tests.studio.test_api import add, ended, message, new_session

from hillotype.studio import Limits, uploads


def seconds_of(content):
    with av.open(io.BytesIO(content)) as container:
        kinds = [stream.type for stream in container.streams]
        return container.duration / av.time_base, kinds


def picture(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)


def test_a_preview_then_the_whole(client, long_film):
    session = new_session(client)
    job = add(client, session, long_film, name="box/Opa.mp4", task="colorize", preview=3)
    message(client.get(f"{job}/after"), 409)
    until(lambda: client.get(job).json()["film"]["seconds"] > 0)
    assert picture(client.get(f"{job}/before")).shape == (48, 64, 3)
    state = ended(client, job)
    assert state["status"] == "done"
    assert state["film"] == {"seconds": pytest.approx(16, abs=0.1), "part": True, "begun": False}
    assert state["result"] == "box/Opa-colorized-preview.mp4"
    part = client.get(f"{job}/result")
    assert part.headers["content-type"] == "video/mp4"
    length, kinds = seconds_of(part.content)
    assert length == pytest.approx(3, abs=0.2)
    assert kinds == ["video", "audio"]
    assert picture(client.get(f"{job}/before")).shape == picture(client.get(f"{job}/after")).shape

    client.put(f"{job}/settings", json={"task": "colorize"})
    state = ended(client, job)
    assert state["film"]["part"] is False
    assert state["result"] == "box/Opa-colorized.mp4"
    assert seconds_of(client.get(f"{job}/result").content)[0] == pytest.approx(16, abs=0.2)


def test_frames_before_and_after_and_parts_to_play_it(client, short_film):
    job = add(client, new_session(client), short_film, name="a.mp4")
    assert ended(client, job)["steps"] == ["colorize"]
    before, after = (picture(client.get(f"{job}/{name}")) for name in ("before", "after"))
    assert before.shape == after.shape == (48, 64, 3)
    assert np.ptp(before, axis=2).max() == 0
    assert np.ptp(after, axis=2).max() > 10
    assert picture(client.get(f"{job}/after?side=32")).shape == (24, 32, 3)
    some = client.get(f"{job}/result", headers={"Range": "bytes=10-19"})
    assert some.status_code == 206
    assert some.content == client.get(f"{job}/result").content[10:20]


def test_film_in_film_out(client, short_film):
    answer = client.post(f"{API}/colorize?preview=1", content=short_film)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].endswith("picture-colorized-preview.mp4")
    assert seconds_of(answer.content)[0] == pytest.approx(1, abs=0.2)


def test_a_cancelled_preview_leaves_nothing_and_pictures_go_on_beside_it(tiny_zoo, long_film, gray):
    with opened(Limits(jobs=1)) as client:
        session = new_session(client)
        films = [add(client, session, long_film, name="a.mp4", task="denoise", preview=15) for _ in range(2)]
        until(lambda: client.get(films[0]).json()["progress"] > 0)
        assert ended(client, add(client, session, gray))["status"] == "done"
        assert client.get(films[1]).json()["status"] == "queued"
        for film in films:
            assert client.post(f"{film}/cancel").json()["status"] == "cancelled"
        folder = client.app.state.sessions.find(session.rpartition("/")[2]).folder
        until(lambda: not [path for path in files_in(folder) if "run-1" in str(path) and "film" in str(path)])
        client.put(f"{films[0]}/settings", json={"preview": 0.2})
        assert ended(client, films[0])["status"] == "done"


def test_a_whole_film_goes_on_where_it_was_cancelled(client, long_film):
    session = new_session(client)
    job = add(client, session, long_film, name="a.mp4", task="colorize")
    folder = client.app.state.sessions.find(session.rpartition("/")[2]).folder
    until(lambda: files_in(folder, ".nut"))  # a piece is done
    assert client.post(f"{job}/cancel").json()["film"]["begun"]
    (piece,) = files_in(folder, ".nut")
    made = piece.stat().st_mtime_ns
    client.put(f"{job}/settings", json={"task": "colorize", "preview": 0.2})
    state = ended(client, job)
    assert (state["film"]["part"], state["film"]["begun"]) == (True, True)

    again = client.put(f"{job}/settings", json={"task": "colorize"}).json()
    assert again["film"]["begun"]
    until(lambda: client.get(job).json()["progress"] > 0)
    assert not piece.exists() or piece.stat().st_mtime_ns == made
    state = ended(client, job)
    assert (state["status"], state["film"]["part"], state["film"]["begun"]) == ("done", False, False)
    with av.open(io.BytesIO(client.get(f"{job}/result").content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 400


def test_other_settings_begin_a_film_anew(client, long_film):
    session = new_session(client)
    job = add(client, session, long_film, name="a.mp4", task="colorize")
    folder = client.app.state.sessions.find(session.rpartition("/")[2]).folder
    until(lambda: files_in(folder, ".nut"))
    state = client.put(f"{job}/settings", json={"task": "colorize", "vividness": 0.5}).json()
    assert not state["film"]["begun"]
    client.delete(job)
    until(lambda: not files_in(folder, ".nut"))


def test_what_is_no_film_is_a_sentence(client, short_film, tmp_path):
    session = new_session(client)
    cases = {
        "sound.mp4": (write_sound(tmp_path / "sound.mp4").read_bytes(), "no moving pictures, only sound"),
        "half.mp4": (short_film[: len(short_film) // 2], "copy it again"),
        "noise.mkv": (bytes(range(256)) * 9, "truncated or damaged"),
    }
    for name, (content, words) in cases.items():
        state = ended(client, add(client, session, content, name=name))
        assert state["status"] == "failed"
        assert words in state["message"]
        assert state["message"].startswith(f"{name}: ")
        assert "/" not in state["message"]
    assert "empty" in message(client.post(f"{session}/jobs?name=a.mp4"), 422)
    good = client.post(f"{session}/jobs?name=a.mp4&hints=1,1,red", content=short_film)
    assert "one picture" in message(good, 422)


def test_a_preview_of_colors_is_of_pictures(client, short_film):
    job = add(client, new_session(client), short_film, name="a.mp4", preview=0.2)
    assert "film" in message(client.post(f"{job}/preview", json={}), 422)
    assert "one picture" in message(client.put(f"{job}/settings", json={"hints": ["1,1,red"]}), 422)


def test_limits_of_films_are_their_own(tiny_zoo, short_film, gray):
    with opened(Limits(bytes=len(gray), film_bytes=len(short_film))) as client:
        session = new_session(client)
        add(client, session, short_film, name="a.mp4", preview=0.1)
        message(client.post(f"{session}/jobs?name=a.mp4", content=short_film + b"x"), 413)
        message(client.post(f"{session}/jobs?name=a.jpg", content=short_film), 413)


def test_without_pyav_films_are_refused_in_a_sentence(client, short_film, gray, monkeypatch):
    monkeypatch.setattr(uploads, "reads_films", lambda: False)
    session = new_session(client)
    for name in ("a.mp4", "picture"):
        assert "hillotype[film]" in message(client.post(f"{session}/jobs?name={name}", content=short_film), 422)
    assert ended(client, add(client, session, gray))["status"] == "done"


def test_the_studio_starts_without_pyav(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(uploads.importlib.util, "find_spec", lambda name: None)
    with opened() as client:
        assert client.get(f"{API}/about").json()["films"] is False


def test_a_film_named_as_a_picture_is_still_a_film(client, short_film):
    job = add(client, new_session(client), short_film, name="a.jpg", preview=0.2)
    assert ended(client, job)["film"] is not None
    shot = add(client, new_session(client), encoded(np.zeros((9, 9), np.uint8)), name="a.mp4")
    assert ended(client, shot)["film"] is None
