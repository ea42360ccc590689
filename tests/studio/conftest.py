"""What tests of the studio share: pictures as bytes, a client in the process, and a server on a port."""

import io
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient
from PIL import Image

from hillotype.studio import Limits, make_app
from hillotype.studio.serve import listen

API = "/api/v1"
USUAL = Limits()


def encoded(array, format="PNG", **options):
    """A picture file as bytes."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, format, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def gray():
    """A gray JPEG of 60 x 40 pixels."""
    return encoded(np.add.outer(np.arange(40), 3 * np.arange(60)).astype(np.uint8), "JPEG", quality=95)


@pytest.fixture(scope="session")
def large():
    """A noisy gray PNG whose denoising takes many tiles."""
    return encoded(np.random.default_rng(0).integers(0, 256, (3000, 3000), dtype=np.uint8), compress_level=0)


@contextmanager
def opened(limits=USUAL, **options):
    """A client of a studio in this process."""
    with TestClient(make_app(limits, **options), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def client(tiny_zoo):
    with opened() as client:
        yield client


@dataclass
class Live:
    """A studio that listens on a port of this computer."""

    address: str
    app: object

    @property
    def sessions(self):
        return self.app.state.sessions


@contextmanager
def served(limits=USUAL, **options):
    """A studio on a port, in a thread."""
    listening = listen("127.0.0.1", 0)
    app = make_app(limits, **options)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Live(f"http://127.0.0.1:{listening.getsockname()[1]}", app)
    finally:
        app.state.sessions.close()
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def live(tiny_zoo):
    with served() as studio:
        yield studio


def until(holds, seconds=20.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
