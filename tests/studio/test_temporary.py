"""What a killed studio leaves goes when the next one starts; what is anybody's else stays."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from hillotype.studio.temporary import TemporaryFolder

OPEN = """
import sys, time
from hillotype.studio.temporary import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "picture.jpg").write_bytes(b"x")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="locks are those of POSIX")
def test_what_a_killed_studio_leaves_goes_with_the_next_start(temporary):
    with subprocess.Popen([sys.executable, "-c", OPEN], stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        (left,) = temporary.iterdir()
        ours = TemporaryFolder()
        assert left.exists()  # it lives
        other.send_signal(signal.SIGKILL)
        other.wait()
        third = TemporaryFolder()
        assert sorted(temporary.iterdir()) == sorted([ours.path, third.path])
        for folder in (ours, third):
            folder.remove()
        assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="locks are those of POSIX")
def test_what_is_not_ours_stays(temporary):
    strange = temporary / "hillotype-studio-notes"
    strange.mkdir()
    (strange / "diary.txt").write_text("mine")
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "in-use").write_bytes(b"")
    (temporary / "hillotype-studio-link").symlink_to(elsewhere)
    (temporary / "hillotype-studio-file").write_bytes(b"")
    TemporaryFolder().remove()
    assert len(list(temporary.iterdir())) == 4
    assert (elsewhere / "in-use").exists()
