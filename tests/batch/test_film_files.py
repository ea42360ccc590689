import os

import pytest

from hillotype.batch.film_files import is_film_name, starts_as_film


@pytest.mark.parametrize(
    ("start", "film"),
    [
        (b"\0\0\0\x20ftypisom", True),
        (b"\0\0\0\x20ftypqt  ", True),
        (b"\0\0\0\x20ftypheic", False),
        (b"\0\0\0\x20ftypavif", False),
        (b"\x1a\x45\xdf\xa3", True),
        (b"RIFF\0\0\0\0AVI ", True),
        (b"RIFF\0\0\0\0WEBP", False),
        (b"\0\0\x01\xba", True),
        (b"G" + b"\0" * 187 + b"G", True),
        (b"GIF89a", False),
        (b"\xff\xd8\xff", False),
        (b"", False),
    ],
)
def test_how_films_begin(tmp_path, start, film):
    (tmp_path / "a").write_bytes(start)
    assert starts_as_film(tmp_path / "a") is film


def test_what_is_no_file_is_no_film(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        assert not starts_as_film(tmp_path / name)


def test_names_of_films():
    assert all(map(is_film_name, ("a.mp4", "A.MKV", "b.x.Mov")))
    assert not any(map(is_film_name, ("a.jpg", "mp4", "a.mp4.txt", "a.gif")))
