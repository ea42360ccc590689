"""Frames come upright, each at its time, whatever the film is coded in."""

import os
from fractions import Fraction

import numpy as np
import pytest
from tests.film.conftest import av, gray_frames, write

from hillotype.film.frames import frame_at, frames
from hillotype.film.reader import read_film


def test_every_frame_at_its_time(tmp_path):
    times = [0, 24, 48, 96, 300, 312, 400]
    film = read_film(write(tmp_path / "a.mp4", gray_frames(7), times=times))
    assert [frame.pts * film.time_base for frame in frames(film)] == [Fraction(time, 600) for time in times]
    assert (film.frames, film.height, film.width) == (7, 48, 64)
    assert (film.end - film.start) * film.time_base > Fraction(400, 600)


def test_gray_films_have_one_channel_and_their_own_levels(tmp_path):
    pictures = gray_frames(3)
    film = read_film(write(tmp_path / "a.mkv", pictures, codec="ffv1"))
    for frame, picture in zip(frames(film), pictures, strict=True):
        assert frame.pixels.shape == (48, 64, 1)
        assert np.abs(frame.pixels[..., 0].astype(int) - picture[..., 0]).max() <= 1


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
def test_frames_come_upright(tmp_path, degrees):
    pictures = gray_frames(2)
    film = read_film(write(tmp_path / "a.mp4", pictures, rotate=degrees, options={"crf": "1"}))
    expected = np.rot90(pictures[0], degrees // 90)[..., :1]
    first = next(frames(film)).pixels
    assert first.shape == expected.shape
    assert np.abs(first.astype(int) - expected).max() < 12


def test_mirrored_frames_come_upright(tmp_path):
    pictures = gray_frames(1)
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.height, stream.width = 48, 64
        stream.set_display_rotation(90, hflip=True)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pictures[0], format="rgb24")))
        container.mux(stream.encode())
    turned = np.rot90(pictures[0])[..., :1]
    first = next(frames(read_film(path))).pixels.astype(int)
    assert np.abs(first - turned[:, ::-1]).max() < 12


def test_more_than_8_bits_stay(tmp_path):
    film = read_film(write(tmp_path / "a.mkv", gray_frames(2), pix_fmt="yuv420p10le"))
    assert film.bits == 10
    assert next(frames(film)).pixels.dtype == np.uint16


def test_odd_sizes(tmp_path):
    film = read_film(write(tmp_path / "a.mkv", gray_frames(2, height=47, width=63)))
    assert next(frames(film)).pixels.shape == (47, 63, 1)


def test_what_is_skipped_changes_nothing(tmp_path):
    film = read_film(write(tmp_path / "a.mp4", gray_frames(30)))
    whole = list(frames(film))
    for skip in (0, 1, 13, 30):
        part = list(frames(film, skip=skip))
        assert [frame.pts for frame in part] == [frame.pts for frame in whole[skip:]]
        assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(part, whole[skip:], strict=True))


def test_a_film_may_be_begun_and_ended_at_any_time(tmp_path):
    film = read_film(write(tmp_path / "a.mp4", gray_frames(40), options={"g": "10"}))
    start, end = int(Fraction(13, 25) / film.time_base), int(Fraction(30, 25) / film.time_base)
    whole, part = list(frames(film)), list(frames(film, start=start, end=end))
    assert [frame.pts for frame in part] == [frame.pts for frame in whole[13:30]]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(part, whole[13:30], strict=True))
    shown = frame_at(film, start + 1)
    assert (shown.pts, np.array_equal(shown.pixels, part[0].pixels)) == (start, True)
    assert frame_at(film, 10 * end).pts == whole[-1].pts


def test_a_damaged_packet_costs_its_frames_only(tmp_path):
    path = write(tmp_path / "a.mkv", gray_frames(30), options={"g": "5"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 60] = os.urandom(60)
    path.write_bytes(content)
    assert 10 < len(list(frames(read_film(path)))) <= 30


def test_a_moment_is_found_where_a_search_ends_behind_it(tmp_path):
    path = tmp_path / "dvd.mpg"
    with av.open(str(path), "w") as container:  # a stream without an index
        stream = container.add_stream("mpeg2video", rate=25)
        stream.height, stream.width = 48, 64
        for pixels in gray_frames(60):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    film = read_film(path)
    times = [frame.pts for frame in frames(film)]
    assert [frame_at(film, time).pts for time in times] == times
    assert [frame.pts for frame in frames(film, start=times[20], end=times[40])] == times[20:40]
