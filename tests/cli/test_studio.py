import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import httpx2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from hillotype.cli.app import app


def run(*arguments):
    return CliRunner().invoke(app, ["studio", *map(str, arguments)], env={"COLUMNS": "300"})


@pytest.fixture
def start(tmp_path):
    """Starts a studio as a process; returns it and the line that it prints."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-u", "-m", "hillotype", "studio", "--port", "0", *arguments]
        pipe = subprocess.PIPE
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)
        started.append(process)
        return process, process.stdout.readline()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_interrupted_and_leaves_nothing(start, tmp_path):
    process, line = start()
    address = re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
    with urllib.request.urlopen(address, timeout=60) as page:
        assert b"Drop pictures here" in page.read()
    session = urllib.request.urlopen(f"{address}api/v1/sessions", b"").read()
    events = urllib.request.urlopen(f"{address}api/v1/sessions/{session.decode()[7:29]}/events")
    assert os.listdir(tmp_path)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert events.read() == b""  # who listens does not hold it up
    assert os.listdir(tmp_path) == []
    assert process.stdout.read() == "the studio has ended, its pictures are removed\n"
    assert process.stderr.read() == ""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_amid_work_in_one_line_and_leaves_nothing(start, tmp_path, sign):
    process, line = start()
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", line)[1])
    address = f"http://127.0.0.1:{port}/api/v1/denoise"
    with ThreadPoolExecutor(1) as pool, socket.create_connection(("127.0.0.1", port), timeout=60) as stalled:
        stalled.sendall(b"POST /api/v1/denoise HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n\xff\xd8")
        picture = pool.submit(httpx2.post, address, content=large_picture(), timeout=120)
        while not {"upload", "picture.png"} <= {path.name for path in tmp_path.rglob("*")}:
            time.sleep(0.05)
        for _ in range(3):  # the impatient
            process.send_signal(sign)
        assert process.wait(120) == (0 if sign == signal.SIGINT else -sign)
        assert picture.result().status_code == 503
    assert os.listdir(tmp_path) == []
    assert process.stdout.read() == "the studio has ended, its pictures are removed, 1 of them unfinished\n"
    assert process.stderr.read() == ""


def large_picture():
    """A noisy gray PNG that takes seconds."""
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 3000), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


def test_other_computers_need_a_token(start):
    _, line = start("--host", "0.0.0.0")
    port, token = re.search(r":(\d+)/\?token=(\S{20,})", line).groups()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60)
    headers = {"Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers=headers)) as page:
        assert page.status == 200


def test_a_port_or_address_that_cannot_be_had_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", port)
        assert result.exit_code == 1
        assert re.fullmatch(rf"error: port {port}: in use already; .*--port.*\n", result.stderr)
    for host in ("192.0.2.1", "no-such-host.invalid"):
        result = run("--host", host, "--port", 0)
        assert result.exit_code == 1
        assert re.fullmatch(rf"error: {host}: .*\n", result.stderr)


def test_what_is_missing_is_said_with_what_installs_it():
    code = (
        "import sys; sys.modules['fastapi'] = None; sys.argv[1:] = ['studio']; from hillotype.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"error: fastapi is not installed: .*hillotype\[studio\].*\n", done.stderr)
