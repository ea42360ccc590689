import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
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
    assert process.stderr.read() == ""


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
