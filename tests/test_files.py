"""Files appear whole or not at all, and a refusal of the disk is one line with its remedy."""

import errno
import os
import stat
from pathlib import Path

import pytest

from hillotype.errors import HillotypeError, PictureError
from hillotype.files import make_folder, why_not_written, write_whole, writing


def test_parts_are_joined_and_nothing_else_is_left(tmp_path):
    write_whole([b"one", memoryview(b"two")], tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"onetwo"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with pytest.raises(FileExistsError):
        write_whole([b"new"], path)
    assert path.read_bytes() == b"old"
    write_whole([b"new"], path, overwrite=True)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a").symlink_to("other")
    write_whole([b"new"], tmp_path / "a", overwrite=True)
    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "a").is_symlink()


def test_a_folder_cannot_be_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(PictureError, match="a: it could not be written"), writing(tmp_path / "a", PictureError):
        write_whole([b"new"], tmp_path / "a", overwrite=True)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EEXIST, "--overwrite"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "choose another folder"),
        (errno.ENOSPC, "disk is full"),
        (errno.ENAMETOOLONG, "choose another name"),
    ],
)
def test_every_refusal_has_a_rule_and_a_remedy(number, words):
    line = why_not_written(OSError(number, os.strerror(number)))
    assert words in line
    assert "; " in line
    assert "\n" not in line


def test_folders_are_made_or_the_reason_is_told(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "b"):
        with pytest.raises(HillotypeError, match=f"{Path(folder).name}: this folder cannot be made"):
            make_folder(folder)
