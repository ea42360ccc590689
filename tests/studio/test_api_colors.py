"""The colors of a picture by REST: hints, previews, likeness, certainty, and the noise of colors."""

import io

import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_tiny_colorizer
from tests.studio.conftest import API, add, encoded, ended, message, new_session, pixels_of
from typer.testing import CliRunner

from hillotype.cli.app import app as command
from hillotype.restore.colorize import Colorizer
from hillotype.studio import previews


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


def test_a_preview_of_a_damaged_picture_is_a_sentence(client, gray):
    job = add(client, new_session(client), gray[: len(gray) // 2], name="half.jpg")
    assert message(client.post(f"{job}/preview", json={}), 422).startswith("half.jpg: ")


@pytest.mark.parametrize("what", ["guessed", "certainty"])
def test_a_preview_while_the_picture_is_done_again(client, gray, monkeypatch, what):
    job = add(client, new_session(client), gray, task="colorize")
    ended(client, job)
    make = getattr(previews, f"_{what}")

    def meanwhile(path, *given):
        if "run-1" in path.parts:
            assert client.put(f"{job}/settings", json={"task": "colorize", "vividness": 0.5}).status_code == 200
            assert not path.exists()
        return make(path, *given)

    monkeypatch.setattr(previews, f"_{what}", meanwhile)
    asked = client.get(f"{job}/certainty") if what == "certainty" else client.post(f"{job}/preview", json={})
    assert asked.status_code == 200, asked.text
    assert pixels_of(asked).shape == (40, 60, 3)
