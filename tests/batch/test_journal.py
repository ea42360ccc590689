"""The journal of an output folder: lines that survive anything, and files that are known by their content."""

import errno
import json
import os
import stat
import subprocess
import sys

import pytest

from hillotype.batch import journal as journal_module
from hillotype.batch.journal import Entry, Journal, Stamp
from hillotype.errors import PictureError

MADE_WITH = {"task": "colorize", "models": {"colorize": "0f"}, "strength": 0.5}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def publish(journal, name="a.png", content=b"picture", *, overwrite=False, **values):
    staged = journal.stage(".png")
    staged.write_bytes(content)
    target = journal.out / name
    target.parent.mkdir(exist_ok=True)
    journal.publish(staged, target, Entry(status="done", **values), overwrite=overwrite)
    return target


def test_what_was_published_is_known_to_the_next_run(out, tmp_path):
    source = tmp_path / "in" / "a.png"
    source.parent.mkdir()
    source.write_bytes(b"input")
    with Journal(out, MADE_WITH) as journal:
        stamp = journal.stamp(source)
        target = publish(journal, "sub/a.png", input=stamp, made_with=MADE_WITH, steps=("colorize",), notes=("gray",))
        assert journal.standing(target)
    assert os.listdir(out / ".hillotype") == ["journal.jsonl"]
    with Journal(out, MADE_WITH) as journal:
        entry = journal.standing(target)
        assert (entry.input, entry.made_with, entry.steps, entry.notes) == (stamp, MADE_WITH, ("colorize",), ("gray",))
        assert entry.result.path == "sub/a.png"
        assert entry.input.path == "../in/a.png"
        assert entry.time
        assert journal.standing(out / "other.png") is None


def test_a_file_is_known_by_its_content(out):
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal)
        os.utime(target, (1, 1))
        assert journal.standing(target)  # as a copy to another disk would be
        target.write_bytes(b"pictUre")
        assert journal.standing(target) is None
        assert journal.last(target)
        target.write_bytes(b"pict")
        assert journal.standing(target) is None
        target.unlink()
        assert journal.standing(target) is None


def test_an_older_result_is_still_ours(out):
    """As after a kill between the line of a new result and its name."""
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal, content=b"old", notes=("old",))
        publish(journal, content=b"new", overwrite=True, notes=("new",))
        assert journal.standing(target).notes == ("new",)
        target.write_bytes(b"old")
        assert journal.standing(target).notes == ("old",)


def test_a_line_torn_anywhere_loses_that_line_alone(out):
    with Journal(out, MADE_WITH) as journal:
        first = publish(journal, "a.png")
        length = (out / ".hillotype" / "journal.jsonl").stat().st_size
        second = publish(journal, "b.png")
    path = out / ".hillotype" / "journal.jsonl"
    whole = path.read_bytes()
    for size in range(length, len(whole), 7):
        path.write_bytes(whole[:size])
        with Journal(out, MADE_WITH) as journal:
            assert journal.standing(first)
            assert journal.standing(second) is None
            publish(journal, "c.png", overwrite=True)
        assert [json.loads(line)["result"]["path"] for line in path.read_bytes().splitlines()] == ["a.png", "c.png"]


def test_lines_of_others_are_passed_over(out):
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal)
    with (out / ".hillotype" / "journal.jsonl").open("ab") as file:
        file.write(b'\n\xff\xfe\n[]\n{"status": 3}\n{"result": {"path": "a.png"}}\n{"status": "done", "result": 7}\n')
        file.write(b'{"status": "done", "result": {"path": "z.png", "size": 1}, "of_a_later_version": 1}\n')
    with Journal(out, MADE_WITH) as journal:
        assert journal.standing(target)
        assert journal.last(out / "z.png").result == Stamp("z.png", 1)


def test_names_that_are_no_text_come_back(out):
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal, "\udcff\n🙂.png")
    with Journal(out, MADE_WITH) as journal:
        assert journal.standing(target)
    assert (out / ".hillotype" / "journal.jsonl").read_bytes().isascii()


def test_what_a_killed_run_left_is_cleared_and_what_was_set_aside_stays(out):
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal)
        aside = out / journal.set_aside(target)
        journal.stage(".png").write_bytes(b"half")
        (out / ".hillotype" / ".hillotype-0123456789abcdef.tmp").write_bytes(b"half")
    with Journal(out, MADE_WITH):
        assert sorted(os.listdir(out / ".hillotype")) == ["journal.jsonl", "replaced"]
    assert aside.read_bytes() == b"picture"


def test_a_name_that_is_taken_is_left_unless_it_may_be_replaced(out):
    out.mkdir()
    (out / "a.png").write_bytes(b"mine")
    (out / "a.png").chmod(0o640)
    with Journal(out, MADE_WITH) as journal:
        with pytest.raises(PictureError, match="exists already"):
            publish(journal)
        assert (out / "a.png").read_bytes() == b"mine"
        assert journal.standing(out / "a.png") is None
        publish(journal, overwrite=True)
        assert (out / "a.png").read_bytes() == b"picture"
        assert stat.S_IMODE((out / "a.png").stat().st_mode) == 0o640
        (out / "b.png").mkdir()
        with pytest.raises(PictureError, match="a folder, pipe or device"):
            publish(journal, "b.png", overwrite=True)
    assert os.listdir(out / ".hillotype") == ["journal.jsonl"]


def test_hard_links_are_not_needed(out, monkeypatch):
    def fail(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    with Journal(out, MADE_WITH) as journal:
        target = publish(journal)
        assert target.read_bytes() == b"picture"
        with pytest.raises(PictureError, match="exists already"):
            publish(journal)
    assert os.listdir(out / ".hillotype") == ["journal.jsonl"]


def test_a_full_disk_tears_no_line(out, monkeypatch):
    with Journal(out, MADE_WITH) as journal:
        first = publish(journal)
        before = (out / ".hillotype" / "journal.jsonl").read_bytes()

        def full(_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(journal_module.os, "fsync", full)
            with pytest.raises(PictureError, match="disk is full"):
                publish(journal, "b.png")
        assert (out / ".hillotype" / "journal.jsonl").read_bytes() == before
        assert not (out / "b.png").exists()
        assert journal.standing(first)
        assert journal.standing(publish(journal, "b.png"))


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_two_runs_do_not_share_a_folder(out):
    code = f"from hillotype.batch.journal import Journal; Journal(__import__('pathlib').Path({str(out)!r}), {{}})"
    with Journal(out, MADE_WITH):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "another hillotype is writing to this folder" in done.stderr
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_output_that_cannot_be_written_to_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PictureError, match="cannot be made"):
        Journal(tmp_path / "file" / "out", MADE_WITH)


def test_it_is_known_when_the_folder_is_gone(out):
    with Journal(out, MADE_WITH) as journal:
        assert journal.is_there()
        (out / ".hillotype").rename(out / "elsewhere")
        assert not journal.is_there()


def test_a_file_that_cannot_be_reached_has_an_empty_stamp(out, tmp_path):
    with Journal(out, MADE_WITH) as journal:
        for path in (tmp_path / "missing", tmp_path / ("a" * 300), tmp_path / "nul\0", tmp_path):
            assert journal.stamp(path).size is None
            assert not journal.stamp(path).fits(path)
