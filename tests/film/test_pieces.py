import numpy as np
import pytest
from tests.film.conftest import av, gray_frames, write

from hillotype.errors import PictureError
from hillotype.film import pieces as module
from hillotype.film.frames import frames
from hillotype.film.pieces import Pieces
from hillotype.film.reader import read_film


@pytest.fixture
def film(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 8)
    return read_film(
        write(
            tmp_path / "a.mp4",
            gray_frames(20),
            times=[
                *range(0, 240, 12),
            ],
        )
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pieces"


def test_pieces_hold_frames_and_times(film, folder):
    with Pieces(folder, film, {}) as pieces:
        pieces.add(frames(film))
        assert [path.name for path in pieces.paths()] == ["000000.nut", "000001.nut", "000002.nut"]
        assert pieces.count() == 20
        times = []
        for path in pieces.paths():
            with av.open(str(path)) as container:
                times += [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert times == [frame.pts * film.time_base for frame in frames(film)]


def test_work_goes_on_after_the_last_whole_piece(film, folder):
    def stopped():
        for number, frame in enumerate(frames(film)):
            if number == 13:
                raise KeyboardInterrupt
            yield frame

    with Pieces(folder, film, {"a": 1}) as pieces, pytest.raises(KeyboardInterrupt):
        pieces.add(stopped())
    with Pieces(folder, film, {"a": 1}) as pieces:
        assert pieces.count() == 8
        assert sorted(path.name for path in folder.iterdir()) == ["000000.nut", "work.json"]
        first = pieces.paths()[0].stat().st_mtime_ns
        pieces.add(frames(film, skip=8))
        assert pieces.count() == 20
        assert pieces.paths()[0].stat().st_mtime_ns == first


def test_other_work_begins_anew(film, folder):
    for made_with, kept in (({"a": 1}, 0), ({"a": 1}, 20), ({"a": 2}, 0)):
        with Pieces(folder, film, made_with) as pieces:
            assert pieces.count() == kept
            pieces.add(frames(film, skip=kept))


def test_two_at_once_are_refused(film, folder):
    with Pieces(folder, film, {}), pytest.raises(PictureError, match="another hillotype is making this film"):
        Pieces(folder, film, {})


def test_a_full_disk_is_one_line(film, folder, monkeypatch):
    with Pieces(folder, film, {}) as pieces:
        monkeypatch.setattr(pieces, "_path", lambda _: folder / "missing" / "000000.nut")
        with pytest.raises(PictureError, match="could not be written"):
            pieces.add(frames(film))
    monkeypatch.undo()
    assert [path.name for path in folder.iterdir()] == ["work.json"]


@pytest.mark.parametrize(("height", "width", "bits"), [(47, 64, 8), (48, 63, 8), (48, 64, 10)])
def test_sizes_and_bits_are_kept(tmp_path, folder, height, width, bits):
    pix_fmt = "yuv444p10le" if bits == 10 else "yuv444p"
    film = read_film(write(tmp_path / "b.mkv", gray_frames(2, height=height, width=width), pix_fmt=pix_fmt))
    expected = [frame.pixels for frame in frames(film)]
    with Pieces(folder, film, {}) as pieces:
        pieces.add(frames(film))
        made = read_film(pieces.paths()[0])
    assert made.bits == bits
    for frame, pixels in zip(frames(made), expected, strict=True):
        assert frame.pixels.shape == pixels.shape
        assert np.abs(frame.pixels.astype(int) - pixels).max() < 8 * 2 ** (2 * (bits - 6) if bits > 8 else 0)
