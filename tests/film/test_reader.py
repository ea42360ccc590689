"""Whatever is wrong with a film file is one line."""

import os
from itertools import islice
from random import Random

import pytest
from PIL import Image
from tests.film.conftest import av, gray_frames, write, write_sound

from hillotype.errors import PictureError
from hillotype.film.frames import frames
from hillotype.film.reader import read_film


def no_frames(path):
    write(path, gray_frames(1))
    content = path.read_bytes()
    with av.open(str(path)) as source, av.open(str(path) + ".new", "w", format="mp4") as out:
        out.add_stream_from_template(source.streams.video[0])
        out.start_encoding()
    os.replace(str(path) + ".new", path)
    assert path.read_bytes() != content


def cut_short(path):
    write(path, gray_frames(30), options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[:-400])


def cut_short_mkv(path):
    other = path.with_suffix(".mkv")
    write(other, gray_frames(200), sound=True)
    path.write_bytes(other.read_bytes()[: other.stat().st_size // 2])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "no regular file"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(Random(0).randbytes(5000)), "truncated or damaged"),
        (lambda path: path.write_text("no film at all\n" * 50), "truncated or damaged"),
        (lambda path: Image.new("RGB", (40, 30)).save(path, "JPEG"), "a picture, not a film"),
        (lambda path: Image.new("RGB", (40, 30)).save(path, "PNG"), "a picture, not a film"),
        (write_sound, "no moving pictures, only sound"),
        (no_frames, "no moving pictures;"),
        (cut_short, "truncated or damaged|breaks off"),
        (cut_short_mkv, "breaks off"),
    ],
)
def test_what_is_no_film_is_one_line(tmp_path, make, why):
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(PictureError, match=why) as caught:
        read_film(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_frames_that_are_too_large_are_refused(tmp_path):
    path = write(tmp_path / "a.mp4", gray_frames(1))
    with pytest.raises(PictureError, match="the limit is 3,000"):
        read_film(path, max_pixels=3000)


def test_of_two_streams_of_pictures_one_is_taken(tmp_path):
    film = read_film(write(tmp_path / "a.mkv", gray_frames(3), streams=2))
    assert len(list(islice(frames(film), 9))) == 3
    assert "2 streams of pictures" in film.notes[0]
