import io
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image
from tests.latent.conftest import blobs, make_tiny_run  # noqa: F401
from tests.studio.conftest import API, hold, opened, served, until, wait_held

from hillotype.studio.laboratory import runs, training
from hillotype.train.loop import fit

LABORATORY = f"{API}/laboratory"
STOPPED = {"name": "mine", "going": False, "stopping": False, "message": ""}


@pytest.fixture(scope="module")
def trained(blobs, tmp_path_factory):  # noqa: F811
    """A folder with a finished run of an autoencoder and one of a net without codes."""
    root = tmp_path_factory.mktemp("runs")
    fit(make_tiny_run(blobs, "vae", 40), root / "deep" / "vae")
    fit(make_tiny_run(blobs, "skip", 2), root / "skip")
    return root


@pytest.fixture
def root(trained, tmp_path, monkeypatch):
    """A working folder with these runs in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path


@pytest.fixture
def client(root):
    with opened() as client:
        yield client


def run_of(client, name):
    found = {run["name"]: run for run in client.get(LABORATORY).json()["runs"]}
    return f"{LABORATORY}/runs/{found[name]['id']}"


def picture(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/webp"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"))


def test_runs_are_found_with_their_figures(client):
    assert client.get(f"{API}/about").json()["laboratory"] is True
    runs = client.get(LABORATORY).json()["runs"]
    assert [run["name"] for run in runs] == ["deep/vae", "skip"]
    assert [run["status"] for run in runs] == ["finished", "finished"]
    assert runs[0]["step"] == runs[0]["steps"] == 40
    assert runs[0]["validation_loss"] > 0
    details = client.get(run_of(client, "deep/vae")).json()
    assert [curve["name"] for curve in details["curves"]] == ["training", "validation", "PSNR, dB"]
    assert 'name = "tiny-vae"' in details["recipe"]
    samples = client.get(f"{run_of(client, 'skip')}/samples")
    assert Image.open(io.BytesIO(samples.content)).size[0] > 12


def test_a_log_that_is_being_written(client, root):
    log = root / "runs" / "skip" / "metrics.jsonl"
    recipe = log.with_name("run.toml")
    recipe.write_text(recipe.read_text().replace("steps = 2", "steps = 500"))
    log.write_text('{"step": 1, "train_loss": 3.5, "learning_rate": 0.1}\n{"step": 2, "train_lo')
    details = client.get(run_of(client, "skip")).json()
    assert details["status"] == "training"
    assert details["step"] == 1
    assert details["train_loss"] == 3.5
    assert details["validation_loss"] is None
    log.write_text('{"step": 900, "train_loss": 3.5, "learning_rate": 0.1, "done": 0.5}\n')
    assert client.get(run_of(client, "skip")).json()["status"] == "training"
    log.write_text('{"step": 500, "train_loss": 3.5, "learning_rate": 0.1}\n')  # as older runs log
    assert client.get(run_of(client, "skip")).json()["status"] == "finished"
    log.write_text('{"step": 900, "train_loss": 3.5, "learning_rate": 0.1, "done": 0.5}\n')
    recipe.write_text(recipe.read_text().replace("steps = 500", "steps = 500\nepochs = 9.0"))
    details = client.get(run_of(client, "skip")).json()
    assert (details["status"], details["steps"], details["done"]) == ("training", None, 0.5)
    log.write_text('{"step": 1800, "train_loss": 3.5, "learning_rate": 0.1, "done": 1.0}\n')
    assert client.get(run_of(client, "skip")).json()["status"] == "finished"
    recipe.write_text("no recipe")
    assert client.get(run_of(client, "skip")).json()["task"] == ""


def test_events_come_when_a_run_logs_something(root):
    with (
        served() as studio,
        httpx2.Client(base_url=studio.address, timeout=20) as client,
        client.stream("GET", f"{LABORATORY}/events") as events,
    ):
        told = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
        assert next(told)["runs"][1]["step"] == 2
        with (root / "runs" / "skip" / "metrics.jsonl").open("a") as log:
            log.write('{"step": 3, "train_loss": 1.0}\n')
        assert next(told)["runs"][1]["step"] == 3


def test_the_map_and_what_stands_between(client):
    run = run_of(client, "deep/vae")
    answer = client.get(f"{run}/map").json()
    assert answer["numbers"] == 3
    assert answer["prior"] == "own"
    assert {point["label"] for point in answer["points"]} == {"left", "right"}
    first, last = answer["points"][0], answer["points"][-1]
    views = [picture(client.get(f"{run}/at", params={"x": each["x"], "y": each["y"]})) for each in (first, last)]
    assert np.abs(views[0].astype(int) - views[1]).max() > 5
    assert (
        picture(client.get(f"{run}/picture?number=0")).shape[1] > picture(client.get(f"{run}/at?x=0&y=0")).shape[0] / 2
    )
    picture(client.get(f"{run}/sample?count=4&seed=1"))
    picture(client.get(f"{run}/walk?pictures=0&pictures=5&how=slerp&steps=4"))
    picture(client.get(f"{run}/blend", params={"pictures": [0, 5], "expression": "a - 0.5*b"}))


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("skip", "map", "no code"),
        ("deep/vae", "walk?pictures=0", "fewer than two"),
        ("deep/vae", "walk?pictures=0&pictures=900", "0 to"),
        ("deep/vae", "blend?pictures=0&expression=a-b", "there is no b"),
        ("deep/vae", "blend?pictures=0&expression=;", "not understood"),
        ("deep/vae", "at?x=nan&y=0", "NaN"),
        ("deep/vae", "sample?count=0", "count"),
    ],
)
def test_what_cannot_be_explored_is_a_sentence(client, name, address, words):
    answer = client.get(f"{run_of(client, name)}/{address}")
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["message"]


def test_a_recipe_is_trained_stopped_and_goes_on(client, root, blobs):  # noqa: F811
    shutil.copytree(root / "runs" / "deep", root / "recipes")
    recipe = root / "recipes" / "vae" / "run.toml"
    recipe.write_text(recipe.read_text().replace("steps = 40", "steps = 100_000"))
    recipes = {recipe["name"]: recipe for recipe in client.get(f"{LABORATORY}/recipes").json()}
    assert "mnist-denoise/dense" in recipes  # of the package
    recipe = recipes["vae/run"]["id"]
    wanted = {"recipe": recipe, "name": "mine", "minutes": 10}
    going = client.post(f"{LABORATORY}/runs", json=wanted).json()
    assert going == {"name": "mine", "going": True, "stopping": False, "message": ""}
    refused = client.post(f"{LABORATORY}/runs", json={**wanted, "name": "other"})
    assert refused.status_code == 409
    assert "mine" in refused.json()["message"]
    until(lambda: (root / "runs" / "mine" / "metrics.jsonl").exists(), seconds=60)
    assert client.post(f"{LABORATORY}/stop").json() == STOPPED
    assert client.post(f"{LABORATORY}/runs", json=wanted).status_code == 409  # it holds a run
    assert status_of(client)["mine"] == "stopped"
    assert client.post(f"{run_of(client, 'mine')}/resume").json()["going"]
    assert status_of(client)["mine"] == "training"


def test_a_training_that_is_stopped_as_it_starts_says_that_nothing_is_kept(client):
    recipe = client.get(f"{LABORATORY}/recipes").json()[0]["id"]
    assert client.post(f"{LABORATORY}/runs", json={"recipe": recipe, "name": "mine"}).json()["going"]
    kept = "mine was stopped before it began: nothing is kept of it."
    assert client.post(f"{LABORATORY}/stop").json() == {**STOPPED, "message": kept}
    assert "mine" not in status_of(client)


# Stands in for `hillotype train RECIPE -o FOLDER`: logs a step, and takes its time to end.
_SLOW_TO_END = """
import shutil, signal, sys, time
from pathlib import Path
_, _, recipe, _, folder, *_ = sys.argv
folder = Path(folder)
folder.mkdir()
asked = []
signal.signal(signal.SIGINT, lambda *_: asked.append(1))
shutil.copy(recipe, folder / "run.toml")
(folder / "metrics.jsonl").write_text('{"step": 1, "train_loss": 1.0}\\n')
while not (folder / "end").exists():
    time.sleep(0.02)
(folder / "asked").write_text(str(len(asked)))
sys.exit(130)
"""


@pytest.fixture
def slow_to_end(monkeypatch, root):
    """A training that ends only once its folder holds a file `end`; `asked` then says how often it was asked to."""
    monkeypatch.setattr(training, "_HILLOTYPE", _SLOW_TO_END)
    yield root / "runs" / "mine"
    (root / "runs" / "mine" / "end").touch()  # in a test that failed


def start(client):
    """Start a recipe as a run that is called mine, and wait until it has logged something."""
    recipe = client.get(f"{LABORATORY}/recipes").json()[0]["id"]
    assert client.post(f"{LABORATORY}/runs", json={"recipe": recipe, "name": "mine"}).json()["going"]
    until(lambda: "mine" in status_of(client))


def status_of(client):
    return {run["name"]: run["status"] for run in client.get(LABORATORY).json()["runs"]}


def test_a_training_is_asked_once_to_stop_and_its_run_says_where_it_stands(client, slow_to_end):
    start(client)
    assert status_of(client)["mine"] == "training"
    with ThreadPoolExecutor() as pool:
        stops = [pool.submit(client.post, f"{LABORATORY}/stop") for _ in range(3)]
        until(lambda: status_of(client)["mine"] == "stopping")
        assert client.get(LABORATORY).json()["training"]["stopping"]
        assert client.get(run_of(client, "mine")).json()["status"] == "stopping"
        wait(stops, 0.5)
        (slow_to_end / "end").touch()
    assert [stop.result().json() for stop in stops] == [STOPPED] * 3
    assert (slow_to_end / "asked").read_text() == "1"
    assert status_of(client)["mine"] == "stopped"
    assert client.get(run_of(client, "mine")).json()["status"] == "stopped"
    with (slow_to_end / "metrics.jsonl").open("a") as file:  # as `hillotype train --resume` does
        file.write('{"step": 2, "train_loss": 1.0}\n')
    assert status_of(client)["mine"] == "training"


def test_the_page_says_at_once_that_a_training_stops(root, open_page, slow_to_end):
    with served() as studio, httpx2.Client(base_url=studio.address) as client:
        start(client)
        page = open_page(studio, "laboratory.html")
        page.get_by_text("Start a recipe", exact=True).click()
        run = page.locator("#runs li", has_text="mine")
        run.get_by_text("Training").wait_for()
        stop = page.get_by_role("button", name="Stop", exact=True)
        held = hold(page, "**/laboratory/stop")
        stop.click()
        wait_held(page, held)
        assert stop.is_disabled()
        assert page.locator("#training").inner_text() == "Stopping mine."
        held[0].continue_()
        run.get_by_text("Stopping").wait_for()
        assert stop.is_disabled()
        (slow_to_end / "end").touch()
        run.get_by_text("Stopped").wait_for()
        assert not stop.is_visible()


def test_a_run_that_was_stopped_before_it_logged_anything_is_there_and_can_go_on(client, slow_to_end, monkeypatch):
    monkeypatch.setattr(training, "_HILLOTYPE", _SLOW_TO_END.replace("metrics.jsonl", "no.log"))
    start(client)
    assert client.get(run_of(client, "mine")).json()["status"] == "training"
    (slow_to_end / "end").touch()
    assert client.post(f"{LABORATORY}/stop").json() == STOPPED
    details = client.get(run_of(client, "mine")).json()
    assert (details["status"], details["step"], details["train_loss"]) == ("stopped", 0, None)
    assert all(not curve["steps"] for curve in details["curves"])
    recipe = client.get(f"{LABORATORY}/recipes").json()[0]["id"]
    assert client.post(f"{LABORATORY}/runs", json={"recipe": recipe, "name": "mine"}).status_code == 409
    assert client.post(f"{run_of(client, 'mine')}/resume").status_code == 201


def test_a_recipe_that_needs_pictures_cannot_be_chosen_without_them(root, blobs, open_page):  # noqa: F811
    for options, ready in (({}, False), ({"data": Path(blobs)}, True)):
        with served(**options) as studio:
            page = open_page(studio, "laboratory.html")
            option = page.locator("#start option", has_text="self-denoise")
            option.wait_for(state="attached")
            assert option.is_enabled() is ready
            assert ("needs hillotype studio --data" in option.text_content()) is not ready


def test_a_training_that_fails_says_why(client, root):
    (root / "recipes").mkdir()
    text = (root / "runs" / "skip" / "run.toml").read_text()
    (root / "recipes" / "bad.toml").write_text(text.replace('"folder:', '"folder:/nowhere'))
    (recipe,) = [each["id"] for each in client.get(f"{LABORATORY}/recipes").json() if each["name"] == "bad"]
    client.post(f"{LABORATORY}/runs", json={"recipe": recipe, "name": "bad"})
    until(lambda: not client.get(LABORATORY).json()["training"]["going"], seconds=60)
    assert "nowhere" in client.get(LABORATORY).json()["training"]["message"]


def test_a_recipe_is_trained_on_pictures_that_the_studio_was_given(root, blobs):  # noqa: F811
    (root / "recipes").mkdir()
    text = (root / "runs" / "skip" / "run.toml").read_text()
    (root / "recipes" / "mine.toml").write_text(text.replace('"folder:', '"folder:/nowhere'))
    wanted = {"name": "mine", "own": True}
    with opened(data=Path(blobs)) as client:
        recipes = {each["name"]: each for each in client.get(f"{LABORATORY}/recipes").json()}
        assert recipes["self-denoise"]["data"] == []
        assert client.get(LABORATORY).json()["pictures"] == Path(blobs).name
        client.post(f"{LABORATORY}/runs", json={**wanted, "recipe": recipes["mine"]["id"]})
        until(lambda: not client.get(LABORATORY).json()["training"]["going"])
        assert client.get(LABORATORY).json()["training"]["message"] == ""
        assert str(blobs) in client.get(run_of(client, "mine")).json()["recipe"]
    with opened() as client:
        answer = client.post(
            f"{LABORATORY}/runs", json={"recipe": recipes["self-denoise"]["id"], "name": "own", "own": True}
        )
        assert answer.status_code == 422
        assert "--data" in answer.json()["message"]


@pytest.mark.parametrize("name", ["../out", "/tmp/x", "a/b", "", ".hidden", "-o"])
def test_names_that_lead_elsewhere_are_refused(client, name):
    answer = client.post(f"{LABORATORY}/runs", json={"recipe": "x", "name": name})
    assert answer.status_code == 422


def test_reports_run_no_script(client, root):
    folder = root / "studies" / "toy"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(
        "<!doctype html><style>p { color: red; }</style><p>Hello<script>alert(1)</script>"
    )
    (report,) = client.get(f"{LABORATORY}/reports").json()
    answer = client.get(f"{LABORATORY}/reports/{report['id']}")
    assert "Hello" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "style-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert client.get(f"{LABORATORY}/reports/x").status_code == 404


def test_the_studio_itself_never_imports_torch():
    code = (
        "import sys\n"
        "from fastapi.testclient import TestClient\n"
        "from hillotype.studio import Limits, make_app\n"
        "with TestClient(make_app(Limits()), base_url='http://localhost') as client:\n"
        "    client.get('/api/v1/models'); client.get('/api/v1/laboratory')\n"
        "print([name for name in ('torch', 'sklearn', 'matplotlib') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_of_the_laboratory(root, open_page, barriers):
    with served() as studio:
        page = open_page(studio, "laboratory.html")
        page.get_by_role("checkbox", name="deep/vae").check()
        page.get_by_role("checkbox", name="skip").check()
        page.locator("article").nth(1).wait_for()
        assert page.locator("#chart .line").count() == 4
        page.get_by_role("button", name="PSNR, dB").click()
        assert page.locator("#chart .line").count() == 2
        page.get_by_text("Start a recipe", exact=True).click()
        page.locator("article", has_text="skip").get_by_role("button", name="Explore its codes").click()
        page.locator("#explorer-told", has_text="has no code").wait_for()
        page.locator("article", has_text="vae").get_by_role("button", name="Explore its codes").click()
        page.locator("#map").wait_for(timeout=60_000)
        page.locator("#map").focus()
        page.keyboard.press("Enter")
        until(lambda: page.locator("#decoded").get_attribute("src"))
        first = page.locator("#decoded").get_attribute("src")
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        until(lambda: page.locator("#decoded").get_attribute("src") != first)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Walk from one to the next").click()
        page.locator("#made img").wait_for()
        assert barriers(page) == []


@pytest.fixture
def page(root, open_page):
    """The page of the laboratory, with both runs chosen."""
    with served() as studio:
        page = open_page(studio, "laboratory.html")
        for name in ("deep/vae", "skip"):
            page.get_by_role("checkbox", name=name).check()
        page.locator("article").nth(1).wait_for()
        yield page


def log(root, step):
    """Have the run that is called skip log something."""
    with (root / "runs" / "skip" / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"step": step, "train_loss": 1.0}) + "\n")


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(page, root):
    steps = page.locator("article", has_text="skip").locator("dl")
    address = "**/laboratory/runs/" + page.locator("#runs li", has_text="skip").get_attribute("data-id")
    held = hold(page, address)
    log(root, 3001)
    wait_held(page, held)
    answer = held[0].fetch()
    log(root, 3002)
    steps.get_by_text("3,002 in").wait_for()
    with page.expect_response(address):
        held[0].fulfill(response=answer)
    page.wait_for_timeout(300)
    steps.get_by_text("3,002 in").wait_for()


def test_what_was_refused_stays_said_while_a_run_trains(page, root):
    page.get_by_text("Start a recipe", exact=True).click()
    page.locator("#start input[name=name]").fill("skip")  # which holds a run
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#banner", has_text="holds a run already").wait_for()
    log(root, 3001)
    page.locator("article dl", has_text="3,001 in").wait_for()
    assert page.locator("#banner").is_visible()


def test_a_run_that_stops_can_go_on_and_one_that_is_removed_goes(page, root, monkeypatch):
    article = page.locator("article", has_text="skip")
    recipe = root / "runs" / "skip" / "run.toml"
    recipe.write_text(recipe.read_text().replace("steps = 2", "steps = 5000"))
    (root / "runs" / "skip" / "metrics.jsonl").write_text("")
    log(root, 3001)
    article.locator("dl", has_text="3,001 in").wait_for()
    monkeypatch.setattr(runs, "_FRESH", 0.0)
    article.get_by_role("button", name="Go on").wait_for()
    shutil.rmtree(root / "runs" / "skip")
    until(lambda: page.locator("article").count() == 1)


def test_what_was_asked_of_codes_before_does_not_come_after(page):
    page.locator("article", has_text="vae").get_by_role("button", name="Explore its codes").click()
    page.locator("#map").wait_for()
    held = hold(page, "**/sample?*")
    page.get_by_role("button", name="Sample new pictures").click()
    wait_held(page, held)
    page.locator("article", has_text="skip").get_by_role("button", name="Explore its codes").click()
    page.locator("#explorer-told", has_text="has no code").wait_for()
    with page.expect_response("**/sample?*"):
        held[0].continue_()
    page.wait_for_timeout(300)
    assert not page.locator("#made").is_visible()


def test_a_studio_that_does_not_answer_is_said_beside_the_codes(page):
    page.locator("article", has_text="vae").get_by_role("button", name="Explore its codes").click()
    page.locator("#map").wait_for()
    page.route("**/sample?*", lambda route: route.abort())
    page.get_by_role("button", name="Sample new pictures").click()
    page.locator("#made", has_text="does not answer").wait_for()


def test_what_is_asked_of_codes_comes_into_view(page):
    seen = "(id) => {{ const {{ top, height }} = document.getElementById(id).getBoundingClientRect(); return {}; }}"
    page.locator("article", has_text="vae").get_by_role("button", name="Explore its codes").click()
    until(lambda: page.evaluate(seen.format("top >= 0 && top < innerHeight / 2 && height > 100"), "map"))
    page.locator("#map").focus()
    for key in ("Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Walk from one to the next").click()
    until(lambda: page.evaluate(seen.format("height > 100 && top + height < innerHeight + 1"), "made"))


def test_a_run_that_has_logged_nothing_has_no_empty_plot(root, open_page):
    (root / "runs" / "new").mkdir()
    shutil.copy(root / "runs" / "skip" / "run.toml", root / "runs" / "new")
    with served() as studio:
        page = open_page(studio, "laboratory.html")
        page.get_by_role("checkbox", name="new").check()
        page.get_by_text("Nothing of this is logged yet").wait_for()
        assert not page.locator("#chart").is_visible()
        page.get_by_role("checkbox", name="deep/vae").check()
        page.locator("#chart").wait_for()
