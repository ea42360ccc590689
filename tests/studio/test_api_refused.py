"""What the REST API refuses, in a sentence: bad files, settings out of range, too much at once."""

import socket

import pytest
from tests.studio.conftest import API, add, ended, message, new_session, opened, served

from hillotype.studio import Limits


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


def test_unknown_sessions_jobs_and_addresses(client):
    session = new_session(client)
    for address in (f"{API}/sessions/x", f"{API}/sessions/x/jobs/y", f"{session}/jobs/y", f"{API}/nothing", "/none"):
        message(client.get(address), 404)
    message(client.put(API + "/models"), 405)
    assert client.delete(session).status_code == 204
    message(client.get(session), 404)


def test_an_upload_that_stalls_is_ended(tiny_zoo):
    with served(Limits(stall=0.2)) as studio:
        host, port = studio.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as wire:
            wire.sendall(f"POST {API}/restore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\nabc".encode())
            assert b" 408 " in wire.recv(1000).split(b"\r\n")[0]
        assert studio.sessions.stored() == 0
