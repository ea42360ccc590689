"""What tests of the studio share: pictures as bytes, a client in the process, and a server on a port."""

import io
import os
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from hillotype.studio import Limits, make_app, work
from hillotype.studio.serve import Server, listen

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


def film_of(folder, seconds):
    """A gray film of 64 x 48 pixels, 25 frames a second, with sound, as the bytes of an MP4."""
    made = pytest.importorskip("tests.film.conftest", reason="films need PyAV")
    return made.write(folder / "film.mp4", made.gray_frames(25 * seconds), sound=True).read_bytes()


@pytest.fixture(scope="session")
def short_film(tmp_path_factory):
    """Two seconds."""
    return film_of(tmp_path_factory.mktemp("short"), 2)


@pytest.fixture(scope="session")
def long_film(tmp_path_factory):
    """More than a preview shows."""
    return film_of(tmp_path_factory.mktemp("long"), 16)


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
    server = Server(app)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Live(f"http://127.0.0.1:{listening.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def live(tiny_zoo):
    with served() as studio:
        yield studio


def until(holds, seconds=120.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def files_in(folder, ending=""):
    """The files under a folder in which a thread is at work; `rglob` fails where one vanishes meanwhile."""
    return [Path(path, name) for path, _, names in os.walk(folder) for name in names if name.endswith(ending)]


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium (`apt-get install chromium`), driven by Playwright."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install 'hillotype[dev]'")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no browser is installed: apt-get install chromium")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Opens a page of a studio; what it logs as errors of scripts or of its policy fails the test."""
    contexts, errors = [], []

    def open_page(studio, path="", **options):
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: errors.append(told.text) if "Security Policy" in told.text else None)
        with page.expect_response("**/events"):  # the last thing that the page asks for at its start
            page.goto(f"{studio.address}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def payload(name, content):
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def choose(page, *files):
    page.set_input_files("#files", [payload(name, content) for name, content in files])


def wait_for(page, holds):
    """Wait until an expression holds in the page, whose policy forbids Playwright's own way."""
    until(lambda: page.evaluate(holds))


def wait_done(page, count=1):
    states = "[...document.querySelectorAll('#list small')]"
    going = f"{states}.some(each => /Sending|Waiting|Working|Making/.test(each.textContent))"
    wait_for(page, f"{states}.length >= {count} && !{going}")


def wait_shown(page, run=1):
    """Wait until the stage shows the result of a run, and all of it."""
    stage = "document.querySelector('#stage')"
    wait_for(
        page, f"!{stage}.matches('.single') && {stage}.querySelector('.after').src.endsWith('run={run}') && {_FITTED}"
    )


def hold(page, address, times=1):
    """What a page asks for at an address, the first times; it waits."""
    held = []
    page.route(address, lambda route: held.append(route) if len(held) < times else route.continue_())
    return held


def wait_held(page, held, times=1):
    """Wait until so much is held."""
    until(lambda: page.evaluate("true") and len(held) == times)


# The stage has another size once something appears below it, and only then the picture.
_FITTED = """[...document.querySelectorAll('#stage, #stage .before')].map(each => each.getBoundingClientRect())
    .map(({x, y, width, height}) => [x + width / 2, y + height / 2])
    .every(([x, y], at, all) => Math.hypot(x - all[0][0], y - all[0][1]) < 1)"""


@pytest.fixture
def brakes(monkeypatch):
    """Jobs whose files end so are held, nearly done, as long as this has the ending, however slow the page is."""
    held, restore_files = set(), work.restore_files

    def slowly(*given, progress, **named):
        def tell(job, share):
            progress(job, share)
            while share >= 0.8 and job.source.suffix in held:
                time.sleep(0.02)
                progress(job, share)  # ends it if it was cancelled

        return restore_files(*given, progress=tell, **named)

    monkeypatch.setattr(work, "restore_files", slowly)
    return held


@pytest.fixture
def barriers():
    """Finds what axe-core knows to keep people out of a page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing")

    def barriers(page):
        found = axe.Axe().run(page).response["violations"]
        return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]

    return barriers


def new_session(client):
    return f"{API}/sessions/{client.post(f'{API}/sessions').json()['id']}"


def add(client, session, content, **settings):
    answer = client.post(f"{session}/jobs", params=settings, content=content)
    assert answer.status_code == 202, answer.text
    return f"{session}/jobs/{answer.json()['id']}"


def ended(client, job):
    until(lambda: client.get(job).json()["status"] not in ("queued", "running"))
    return client.get(job).json()


def message(answer, status):
    assert answer.status_code == status, answer.text
    (text,) = answer.json().values()
    assert "Traceback" not in text
    assert "hillotype-studio-" not in text  # no path of ours
    return text


def pixels_of(answer):
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
