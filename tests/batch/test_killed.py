"""A run killed at any moment goes on where it was: nothing whole is made again, nothing partial is kept."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

# Children are forked from a process that has imported everything, so that a run costs what its pictures cost. Half are
# killed by the clock, half just before one of the operations on files by which a run can be seen.
DRIVER = """
import json, os, random, signal, sys, time
from pathlib import Path
import numpy, onnxruntime, PIL.Image
import hillotype.modelfile
hillotype.modelfile.ZOO_FOLDER = Path(sys.argv[1])
import hillotype.cli.use, hillotype.cli.progress, hillotype.batch.folder, hillotype.batch.page
from hillotype.cli import main

album, root = sys.argv[2], Path(sys.argv[3])
seen = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.truncate", "os.utime"}

def start(out, operations=None):
    pid = os.fork()
    if pid:
        return pid
    left = operations
    def count(event, arguments):
        nonlocal left
        if event in seen and str(root) in str(arguments):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    if operations is not None:
        sys.addaudithook(count)
    os.dup2(os.open(root.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    sys.argv = ["hillotype", "restore", album, "-o", str(out)]
    try:
        main()
    except SystemExit as end:
        os._exit(end.code or 0)
    finally:
        os._exit(99)

def wait(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def state(out):
    files = [path for path in out.rglob("*") if path.is_file() and ".hillotype" not in path.parts]
    return {path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
            for path in files if path.name != "report.json"}

begun = time.perf_counter()
assert wait(start(root / "whole")) == 0
seconds = time.perf_counter() - begun
whole = {name: content for name, (*_, content) in state(root / "whole").items()}
draw, kills = random.Random(int(sys.argv[4])), 0
for number in range(10):
    out, before = root / str(number), {}
    for attempt in range(2):
        if number % 2:
            pid = start(out, operations=draw.randrange(60))
        else:
            pid = start(out)
            time.sleep(draw.uniform(0, seconds))
            os.kill(pid, signal.SIGKILL)
        kills += wait(pid) == -signal.SIGKILL
        after = state(out)
        assert all(content in (b"", whole[name]) for name, (*_, content) in after.items()), "something partial"
        assert all(after[name] == known for name, known in before.items()), "something made again"
        before = {name: known for name, known in after.items() if known[2]}
    assert wait(start(out)) == 0
    after = state(out)
    assert {name: content for name, (*_, content) in after.items()} == whole, "something missing"
    assert all(after[name] == known for name, known in before.items()), "something made again"
    assert [path.name for path in (out / ".hillotype").iterdir()] == ["journal.jsonl"]
    report = json.loads((out / "report.json").read_text())
    assert report["counts"].get("kept", 0) == len(before)
print(json.dumps({"kills": kills, "pictures": len(whole)}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_run_that_is_killed_goes_on_where_it_was(tiny_zoo, tmp_path):
    album, rng = tmp_path / "album", np.random.default_rng(1)
    (album / "sub").mkdir(parents=True)
    for number in range(8):
        gray, noise = np.add.outer(np.arange(60), 2 * np.arange(70)), rng.normal(0, 20, (60, 70)) * (number % 2)
        picture = Image.fromarray(np.clip(gray + noise, 0, 255).astype(np.uint8))
        picture.save(album / f"{number}.{('jpg', 'png', 'tif')[number % 3]}")
    shades = np.linspace(0, 255, 150 * 200 * 3).reshape(150, 200, 3).astype(np.uint8)
    shades[..., 1] = shades[::-1, :, 1]
    Image.fromarray(shades).save(album / "sub" / "clean.png")
    (tmp_path / "runs").mkdir()
    arguments = [tiny_zoo, album, tmp_path / "runs", "7"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DRIVER, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["pictures"] == 9
    assert told["kills"] >= 10  # a run that ended before its time is none
