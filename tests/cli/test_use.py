import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import run
from tests.conftest import write_tiny_colorizer

from hillotype import __version__
from hillotype.batch.journal import Journal
from hillotype.cli import progress
from hillotype.modelfile import zoo
from hillotype.restore.colorize import Colorizer

HEAVY = ("torch", "onnxruntime", "PIL", "numpy", "onnx", "imagecodecs")


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "in" / "a.jpg"
    path.parent.mkdir()
    shades = np.add.outer(np.arange(60), 2 * np.arange(70)).astype(np.uint8)
    Image.fromarray(shades).save(path)
    return path


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["colorize", "--help"], ["models", "--help"]])
def test_help_imports_nothing_heavy_and_is_quick(arguments):
    code = (
        "import sys, time\n"
        f"sys.argv = ['hillotype', *{arguments!r}]\n"
        "from hillotype.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print('heavy', heavy, file=sys.stderr)\n"
        "print('seconds', time.process_time(), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy []" in done.stderr
    seconds = float(re.search(r"seconds (\S+)", done.stderr)[1])
    assert seconds < 1.0  # 0.4 is the aim; a loaded machine's clock is generous


def test_python_m_hillotype():
    done = subprocess.run([sys.executable, "-m", "hillotype", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"hillotype {__version__}"


COMMANDS = ("restore", "colorize", "denoise", "studio", "models", "train", "export", "evaluate", "study", "latent")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Example: hillotype .*\b{command}\b", result.output)


def test_colorizes_a_file_and_says_so(tiny_zoo, picture, tmp_path):
    out = tmp_path / "b.png"
    result = run("colorize", picture, "-o", out)
    assert result.exit_code == 0, result.output
    assert re.search(r"a\.jpg -> .*b\.png: colorized, \d+\.\d s", result.stdout)
    with Image.open(out) as image:
        assert image.mode == "RGB"


def test_one_bad_file_among_others(tiny_zoo, picture, tmp_path):
    bad = picture.with_name("bad.jpg")
    bad.write_bytes(picture.read_bytes()[:200])
    result = run("denoise", picture.parent, tmp_path / "missing.png", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert (tmp_path / "out" / "in" / "a.jpg").exists()
    errors = result.stderr.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(f"error: {bad}: ")
    assert errors[1].startswith(f"error: {tmp_path / 'missing.png'}: ")
    assert "1 done, 2 failed" in result.stdout


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read anything")
def test_what_may_not_be_read_does_not_stop_the_rest(tiny_zoo, picture, tmp_path):
    for name in ("secret.jpg", "locked"):
        path = picture.with_name(name)
        path.write_bytes(picture.read_bytes()) if path.suffix else path.mkdir()
        path.chmod(0)
    result = run("colorize", picture.with_name("secret.jpg"), picture.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 3
    assert (tmp_path / "out" / "in" / "a.jpg").exists()


def test_unreadable_files_are_no_usage_errors(tiny_zoo, picture, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # what the parser asks
    for options in (["--model", tmp_path / "none.onnx"], ["--like", picture]):
        result = run("colorize", picture, "-o", tmp_path / "out", *options)
        assert result.exit_code == 1


def test_json(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    result = run("restore", picture, "-o", out, "--json", "--page", "--strength", 0.5)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["command"] == "restore"
    assert document["strength"] == 0.5
    assert document["counts"] == {"done": 1}
    assert document["device"] == {"colorize": "cpu"}
    assert document["page"] == str(out / "index.html")
    (entry,) = document["results"]
    assert entry["steps"] == ["colorize"]
    assert entry["status"] == "done"
    assert entry["source"] == str(picture)
    assert entry["seconds"] > 0
    assert {"hillotype", "numpy", "onnxruntime", "pillow"} <= document["versions"].keys()
    again = run("restore", picture, "-o", out, "--json", "--strength", 0.5)
    assert again.exit_code == 0
    assert json.loads(again.stdout)["counts"] == {"kept": 1}
    assert json.loads(again.stdout)["device"] == {}
    (out / "a.jpg").write_bytes(b"mine")
    (out / ".hillotype" / "journal.jsonl").unlink()
    again = run("restore", picture, "-o", out, "--json", "--strength", 0.5)
    assert again.exit_code == 1
    assert json.loads(again.stdout)["results"][0]["status"] == "skipped"


def test_the_page_is_written_beside_the_results(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    assert f"page: {out / 'index.html'}" in run("colorize", picture, "-o", out, "--page").stdout
    assert run("colorize", picture, "-o", out, "--page").exit_code == 0  # ours, so replaced, with what was done before
    page = (out / "index.html").read_text()
    assert "1 done already." in page
    assert page.count("<figure>") == 1
    (out / "index.html").write_text("mine")
    refused = run("colorize", picture, "-o", out, "--page")
    assert refused.exit_code == 1
    assert (out / "index.html").read_text() == "mine"
    assert re.fullmatch(r"error: .*index\.html: exists already; .*--overwrite\n", refused.stderr)
    assert run("colorize", picture, "-o", out, "--page", "--overwrite").exit_code == 0
    assert run("colorize", picture, "-o", tmp_path / "file.png", "--page").exit_code == 0
    assert (tmp_path / "index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["colorize"], "Missing argument"),
        (["colorize", "a.jpg"], "--out"),
        (["colorize", "a.jpg", "-o", "out", "--strength", "2"], "--strength"),
        (["denoise", "a.jpg", "-o", "out", "--chroma-strength", "-1"], "--chroma-strength"),
        (["colorize", "a.jpg", "-o", "out", "--chroma-strength", "1"], "No such option"),
        (["colorize", "a.jpg", "-o", "out", "--max-pixels", "0"], "--max-pixels"),
        (["nonsense"], "No such command"),
    ],
)
def test_usage_errors_exit_with_2(tiny_zoo, arguments, words):
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_an_output_that_is_a_file_is_refused(tiny_zoo, picture, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    for arguments in ([picture, "-o", file], [picture.parent, "-o", file]):
        result = run("colorize", *arguments)
        assert result.exit_code == 1
        assert re.fullmatch(r"error: .*: is a file, .*\n", result.stderr)
    assert file.read_bytes() == b"mine"


def test_a_bad_model_file_is_one_line(tiny_zoo, picture, tmp_path):
    model = tmp_path / "model.onnx"
    model.write_bytes(b"garbage")
    for name in (model, "colorise", "denoise-gray", ""):
        result = run("colorize", picture, "-o", tmp_path / "out", "--model", name)
        assert result.exit_code == 1
        assert re.fullmatch(r"error: .*\n", result.stderr)
    assert not (tmp_path / "out").exists()


def test_an_interruption_leaves_nothing_half_done(tiny_zoo, picture, tmp_path, monkeypatch):
    picture.with_name("b.jpg").write_bytes(picture.read_bytes())
    calls = []
    apply = Colorizer.apply

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return apply(*arguments)

    monkeypatch.setattr(Colorizer, "apply", interrupted)
    result = run("colorize", picture.parent, "-o", tmp_path / "out")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    whole = {path.name for path in (tmp_path / "out").iterdir()} - {".hillotype"}
    assert whole < {"a.jpg", "b.jpg"}  # one may have been written, or none
    result = run("colorize", picture.parent, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert ("1 done, 1 done already" if whole else "2 done") in result.stdout


def test_a_second_run_says_how_many_were_done(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    assert run("colorize", picture.parent, "-o", out).exit_code == 0
    assert run("colorize", picture, "-o", out).stdout.startswith("1 done already in ")
    picture.with_name("b.jpg").write_bytes(picture.read_bytes())
    again = run("colorize", picture.parent, "-o", out)
    assert again.exit_code == 0
    assert len(again.stdout.splitlines()) == 3
    assert "b.jpg -> " in again.stdout
    assert "1 done, 1 done already in " in again.stdout
    run("colorize", picture.parent, "-o", out, "--strength", 0.5)
    assert "2 done in" in run("colorize", picture.parent, "-o", out).stdout
    assert "2 done in" in run("colorize", picture.parent, "-o", out, "--overwrite").stdout


def test_a_folder_has_a_report(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    bad = picture.with_name("bad.jpg")
    bad.write_bytes(b"no picture")
    result = run("restore", picture.parent, "-o", out)
    assert f"report: {out / 'report.json'}" in result.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["counts"] == {"done": 1, "failed": 1}
    assert [entry["status"] for entry in report["results"]] == ["done", "failed"]
    assert report["results"][1]["message"].startswith(f"{bad}: ")
    assert report["made_with"]["strength"] == 1.0
    assert all(len(digest) == 64 for digest in report["made_with"]["models"].values())
    assert report["versions"]["hillotype"] == __version__
    bad.unlink()
    run("restore", picture.parent, "-o", out)
    assert json.loads((out / "report.json").read_text())["counts"] == {"kept": 1}


def test_a_report_of_others_is_left(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.json").write_text("mine")
    result = run("restore", picture.parent, "-o", out, "--overwrite")
    assert result.exit_code == 0
    assert "report.json: a file of others has this name" in result.stderr
    assert (out / "report.json").read_text() == "mine"


def test_single_pictures_leave_no_report_and_files_no_journal(tiny_zoo, picture, tmp_path):
    run("colorize", picture, "-o", tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == [".hillotype", "a.jpg"]
    (tmp_path / "album").mkdir()
    run("colorize", picture, "-o", tmp_path / "album" / "b.png")
    assert os.listdir(tmp_path / "album") == ["b.png"]
    run("colorize", picture.parent, "-o", picture.parent)  # refused
    assert os.listdir(picture.parent) == ["a.jpg"]


def test_an_unplugged_disk_is_one_line_more(tiny_zoo, picture, tmp_path, monkeypatch):
    for name in "bcd":
        picture.with_name(f"{name}.jpg").write_bytes(picture.read_bytes())
    monkeypatch.setattr(Journal, "is_there", lambda _: False)
    monkeypatch.setattr(Journal, "stage", lambda *_: tmp_path / "gone" / "x.jpg")
    result = run("colorize", picture.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "1 failed" not in result.stdout
    *failed, last = result.stderr.splitlines()
    assert all(line.startswith("error: ") for line in failed)
    assert f"{4 - len(failed)} of 4 files are left" in last
    assert not (tmp_path / "out" / "report.json").exists()


def test_progress_is_told_without_a_terminal(tiny_zoo, picture, tmp_path, monkeypatch):
    picture.with_name("b.jpg").write_bytes(picture.read_bytes())
    monkeypatch.setattr(progress, "BETWEEN_LINES", 0.0)
    result = run("colorize", picture.parent, "-o", tmp_path / "out")
    assert re.fullmatch(r"1 of 2 done, 0:00:\d\d left\n", result.stderr)


def test_names_that_are_no_text(tiny_zoo, picture, tmp_path):
    path = picture.with_name("a\nb\x1b[31m.jpg")
    picture.rename(path)
    result = run("colorize", path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert r"a\nb\x1b[31m.jpg" in result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_models_are_listed_and_shown(tiny_zoo):
    listed = run("models")
    assert listed.exit_code == 0
    assert "denoise-gray" in listed.stdout
    assert "A tiny one." in listed.stdout
    card = run("models", "colorize")
    assert "working_side: 64" in card.stdout
    assert "20.5" in card.stdout
    assert json.loads(run("models", "colorize", "--json").stdout)["task"] == "colorize"
    assert "--model denoise-fast" in listed.stdout
    assert [entry["name"] for entry in json.loads(run("models", "--json").stdout)] == list(zoo())
    unknown = run("models", "nothing")
    assert unknown.exit_code == 1
    assert unknown.stderr.startswith("error: nothing: no such model")
    pair = run("models", "denoise")
    assert pair.exit_code == 1
    assert pair.stderr.endswith("name denoise-gray or denoise-color\n")


def test_wishes_reach_the_picture_and_the_journal(tiny_zoo, picture, tmp_path):
    reference = tmp_path / "blue.png"
    Image.new("RGB", (30, 30), (40, 60, 200)).save(reference)
    wishes = (["--hint", "50%,50%,#c03050"], ["--vividness", 2], ["--like", reference])
    results = set()
    for wished in ([], *wishes):
        assert run("colorize", picture, "-o", tmp_path / "out", *wished).exit_code == 0
        results.add((tmp_path / "out" / "a.jpg").read_bytes())
    assert len(results) == 4
    again = run("colorize", picture, "-o", tmp_path / "out", *wishes[2], "--json")
    assert json.loads(again.stdout)["counts"] == {"kept": 1}
    report = json.loads(run("colorize", picture, "-o", tmp_path / "h", *wishes[0], "--json").stdout)
    assert report["made_with"]["hints"] == ["50%,50%,#c03050"]


@pytest.fixture
def noisy(tmp_path):
    """A noisy color picture."""
    path = tmp_path / "in" / "noisy.png"
    path.parent.mkdir(exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 25, (128, 128, 3))
    Image.fromarray(np.clip(np.array([150, 110, 90]) + noise, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize("command", ["denoise", "restore"])
def test_how_it_is_denoised_reaches_the_picture_and_the_journal(tiny_zoo, noisy, tmp_path, command):
    results, out = set(), tmp_path / "out"
    ways = ([], ["--model", f"{command}-fast"], ["--chroma-strength", 0.3], ["--chroma-strength", 0.6])
    for way in ways:
        report = json.loads(run(command, noisy, "-o", out, *way, "--json").stdout)
        assert report["counts"] == {"done": 1}
        assert report["results"][0]["steps"] == ["denoise"]
        assert ("fast" in report["model"]) == ("--model" in way)
        assert report["made_with"].get("chroma_strength") == (way[1] if "--chroma-strength" in way else None)
        results.add((out / "noisy.png").read_bytes())
    assert len(results) == len(ways)
    assert json.loads(run(command, noisy, "-o", out, *ways[-1], "--json").stdout)["counts"] == {"kept": 1}


def test_a_way_to_do_another_task_is_one_line(tiny_zoo, noisy, tmp_path):
    for command, name, says in (
        ("restore", "denoise-fast", "run `hillotype denoise`, or choose restore or restore-fast"),
        ("denoise", "restore-fast", "run `hillotype restore`, or choose denoise or denoise-fast"),
        ("denoise", "fast", "no such model; .*one of denoise, denoise-fast"),
        ("denoise", "denoise-fast-gray", "this one has colors"),
    ):
        result = run(command, noisy, "-o", tmp_path / "out", "--model", name)
        assert result.exit_code == 1
        assert re.fullmatch(f"error: .*{says}.*\n", result.stderr), result.stderr
        assert not (tmp_path / "out" / "noisy.png").exists()


def test_hints_for_a_picture_with_colors_are_not_passed_over_in_silence(tiny_zoo, noisy, tmp_path):
    told = run("restore", noisy, "-o", tmp_path / "out", "--hint", "50%,50%,red")
    assert "colors, so hints are not used: colorize replaces them" in told.stdout
    assert "not used" not in run("restore", noisy, "-o", tmp_path / "out", "--overwrite").stdout


def test_wishes_that_cannot_be_met_are_one_line(tiny_zoo, picture, tmp_path):
    out = tmp_path / "out"
    for arguments in (
        [picture, "--hint", "1,2"],
        [picture, "--hint", "1,2,reddish"],
        [picture, "--hint", "500,2,red"],
        [picture.parent, "--hint", "1,2,red"],
        [picture, picture, "--hint", "1,2,red"],
        [picture, "--like", tmp_path / "missing.jpg"],
        [picture, "--like", picture],
    ):
        result = run("colorize", *arguments, "-o", out)
        assert result.exit_code == 1
        assert re.fullmatch(r"error: .*\n", result.stderr), result.stderr
        assert not (out / "a.jpg").exists()


def test_the_map_of_certainty_is_written_beside(tiny_zoo, picture, tmp_path):
    path = tmp_path / "maps" / "sure.png"
    for options in ([], ["--overwrite"]):
        result = run("colorize", picture, "-o", tmp_path / "out", "--certainty", path, *options)
        assert result.exit_code == 0, result.stderr
        assert f"certainty: {path}" in result.stdout
        with Image.open(path) as image, Image.open(picture) as original:
            assert (image.mode, image.size) == ("L", original.size)


def test_a_map_of_certainty_that_cannot_be_is_one_line(tiny_zoo, picture, tmp_path):
    before, there = picture.read_bytes(), tmp_path / "there.png"
    Image.new("L", (3, 3)).save(there)
    old = write_tiny_colorizer(tmp_path / "old.onnx", doubt=False)
    for arguments, says in (
        ([picture.parent, "-o", tmp_path / "out", "--certainty", tmp_path / "x.png"], "one picture"),
        ([picture, "-o", tmp_path / "out", "--certainty", tmp_path / "x.jpg"], "ends in .png"),
        ([picture, "-o", tmp_path / "out", "--certainty", there], "exists already"),
        ([picture, "-o", tmp_path / "b.png", "--certainty", tmp_path / "b.png"], "its result as well"),
        ([picture, "-o", tmp_path / "out", "--certainty", tmp_path / "x.png", "--model", old], "task.doubt"),
    ):
        result = run("colorize", *arguments)
        assert result.exit_code == 1
        assert re.fullmatch(rf"error: .*{says}.*\n", result.stderr), result.stderr
    assert not (tmp_path / "out").exists()
    assert picture.read_bytes() == before


def test_a_map_of_certainty_that_the_disk_does_not_take_is_not_told_as_written(tiny_zoo, picture, tmp_path):
    result = run("colorize", picture, "-o", tmp_path / "b.png", "--certainty", picture / "x.png")  # a file is no folder
    assert result.exit_code == 1
    assert "certainty: " not in result.stdout
    assert re.fullmatch(r"error: .*\n", result.stderr)
