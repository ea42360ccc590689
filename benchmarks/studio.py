r"""The studio under load: memory over thousands of requests, and many clients at once.

    python benchmarks/studio.py [--requests 2000] [--clients 50]

First single pictures of three sizes are restored, denoised and colorized one after another, and one in ten clients
hangs up before its answer; memory is the server's resident set. Then so many clients send a picture at the same moment;
each must get its own picture back. Linux only (/proc).

How schemathesis looks for answers of status 5xx, against a studio that runs:

    schemathesis run http://127.0.0.1:8760/api/v1/openapi.json --max-examples 200 --checks not_a_server_error \
        --exclude-path-regex '/events$'
"""

import argparse
import io
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image

SIZES = ((96, 64), (160, 120), (240, 200))
TASKS = ("restore", "denoise", "colorize")


def picture(width: int, height: int, shade: int = 128) -> bytes:
    """Returns a noisy gray PNG whose mean is `shade`."""
    pixels = np.random.default_rng(0).normal(shade, 20, (height, width)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@contextmanager
def studio(folder: str) -> Iterator[tuple[str, int]]:
    """Starts a studio with its temporary files in `folder`; yields its address and process id."""
    command = [sys.executable, "-u", "-m", "hillotype", "studio", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": folder})
    try:
        yield re.search(r"http://\S+", process.stdout.readline())[0], process.pid
    finally:
        process.terminate()
        process.wait()


def megabytes(pid: int) -> float:
    """Returns the resident set of a process."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def memory(client: httpx2.Client, pid: int, folder: str, count: int) -> None:
    """Prints memory while `count` requests are answered."""
    print("| requests | answered | hung up | resident MB | files |\n|---|---|---|---|---|")
    work = itertools.cycle([(task, picture(*size)) for task in TASKS for size in SIZES])
    answered = hung = 0
    for number, (task, content) in zip(range(count + 1), work, strict=False):
        if number % max(1, count // 10) == 0:
            files = sum(len(names) for _, _, names in os.walk(folder))  # folders go meanwhile
            print(f"| {number} | {answered} | {hung} | {megabytes(pid):.0f} | {files} |", flush=True)
        if number % 10 == 9:
            with suppress(httpx2.ReadTimeout):
                client.post(f"/api/v1/{task}", content=content, timeout=httpx2.Timeout(60, read=0.005))
                answered += 1
                continue
            hung += 1
        else:
            answer = client.post(f"/api/v1/{task}", content=content)
            assert answer.status_code == 200, answer.text
            answered += 1


def clients(address: str, count: int) -> None:
    """Prints how long each of `count` clients waits that come at once, each with a picture of its own shade."""

    def ask(number: int) -> float:
        shade = 60 + number % 130
        start = time.perf_counter()
        answer = httpx2.post(f"{address}api/v1/denoise", content=picture(240, 200, shade), timeout=600)
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == (240, 200)
            assert abs(np.asarray(image).mean() - shade) < 3, "another client's picture"
        return time.perf_counter() - start

    start = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        waits = sorted(pool.map(ask, range(count)))
    print(f"\n{count} clients at once: all served in {time.perf_counter() - start:.1f} s, lost 0; ", end="")
    print(f"the first waited {waits[0]:.2f} s, half {waits[len(waits) // 2]:.2f} s, the last {waits[-1]:.2f} s")


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=50)
    settings = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, studio(folder) as (address, pid):
        with httpx2.Client(base_url=address, timeout=600) as client:
            memory(client, pid, folder, settings.requests)
        clients(address, settings.clients)
        print(f"afterward {megabytes(pid):.0f} MB resident")


if __name__ == "__main__":
    main()
