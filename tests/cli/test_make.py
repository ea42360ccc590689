"""The make half from the command line: recipe to run to model file to figures to a restored picture."""

import json

import numpy as np
import pytest
import tomli_w
from PIL import Image
from tests.cli.conftest import run

from hillotype.modelfile import read_card


@pytest.fixture(scope="module")
def recipe(photos, tmp_path_factory):
    path = tmp_path_factory.mktemp("recipes") / "tiny.toml"
    values = {
        "name": "tiny",
        "summary": "A denoiser for tests",
        "task": {"name": "denoise", "noise": {"name": "gaussian", "sigma": [30, 30]}},
        "model": {"name": "residual_unet", "widths": [4, 8], "blocks": [1, 1]},
        "data": {
            "gray": True,
            "sources": [{"name": f"folder:{photos}", "licence": "made up", "fractions": [0.6, 0.4, 0.0]}],
            "augment": {"crop": 32},
        },
        "optimization": {"steps": 30, "batch": 4},
        "precision": "32-true",
        "validate_every": 15,
    }
    path.write_text(tomli_w.dumps(values))
    return path


@pytest.fixture(scope="module")
def model(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    trained = run("train", recipe, "-o", folder / "tiny", "--accelerator", "cpu")
    assert trained.exit_code == 0, trained.output
    assert trained.stdout.splitlines()[1:] == [f"  hillotype export {folder / 'tiny'} -o tiny.onnx"]
    exported = run("export", folder / "tiny", "-o", folder / "tiny.onnx")
    assert exported.exit_code == 0, exported.output
    return folder / "tiny.onnx"


def test_the_model_file_restores_a_picture(model, tmp_path):
    noisy = np.random.default_rng(0).integers(90, 160, (40, 50), dtype=np.uint8)
    Image.fromarray(noisy).save(tmp_path / "noisy.png")
    result = run("denoise", tmp_path / "noisy.png", "-o", tmp_path / "clean.png", "--model", model)
    assert result.exit_code == 0, result.output
    clean = np.asarray(Image.open(tmp_path / "clean.png"))
    assert clean.shape == noisy.shape
    assert not np.array_equal(clean, noisy)


def test_evaluation_prints_writes_and_records(model, photos, tmp_path):
    arguments = ["evaluate", model, "--data", f"folder:{photos}", "--limit", "2", "--sigma", "30"]
    shown = run(*arguments)
    assert shown.exit_code == 0, shown.output
    for row in ("identity", "mean color", "nl-means", "pca", "tiny"):
        assert row in shown.output
    recorded = run(*arguments, "--record", "--json", "-o", tmp_path / "report")
    facts = json.loads(recorded.stdout)
    assert facts["n"] == 2
    assert {row["condition"] for row in facts["rows"]} == {"sigma 30"}
    assert facts["command"].startswith(f"hillotype evaluate {model} --data")
    assert (tmp_path / "report" / "report.html").exists()
    assert read_card(model).metrics[0]["command"].startswith("hillotype evaluate tiny --data")
    assert [entry["data"] for entry in read_card(model).metrics] == [f"folder:{photos}"]
    assert run(*arguments, "--record").exit_code == 0
    assert len(read_card(model).metrics) == 1  # measured again, not twice


def test_a_file_that_exists_is_exported_to_only_if_asked(model, tmp_path):
    old = tmp_path / "old.onnx"
    old.write_bytes(b"precious")
    refused = run("export", model.parent / "tiny", "-o", old)
    assert refused.exit_code == 1
    assert refused.stderr == f"error: {old}: exists already; give --out another name or add --overwrite\n"
    assert old.read_bytes() == b"precious"
    assert run("export", model.parent / "tiny", "-o", old, "--overwrite").exit_code == 0
    assert read_card(old).name == "tiny"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "missing.toml"], "missing.toml"),
        (["train", "self-noise"], "give a TOML file, or the name of one that is built in: self-denoise"),
        (["train", "self-denoise"], "give --data FOLDER"),
        (["train", "self-denoise", "--data", "nowhere"], "nowhere: no such folder or zip"),
        (["export", "missing"], "missing"),
        (["export", "missing", "-o", "x.onnx"], "no such run folder"),
        (["export", "missing", "-o", "x.txt"], "must end in .onnx"),
        (["evaluate", "no-such-model", "--data", "."], "no-such-model"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_1(arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_run_folder_is_told_from_a_model_file_and_from_a_run_that_can_be_used(tmp_path):
    (tmp_path / "run.toml").touch()
    for command, says in (("evaluate", "hillotype export"), ("export", "has not validated yet")):
        result = run(command, tmp_path, *(["--data", "."] if command == "evaluate" else []))
        assert result.exit_code == 1
        assert says in result.stderr


@pytest.mark.parametrize(
    "options", [("--accelerator", "abacus"), ("--devices", "many"), ("--devices", "0"), ("--precision", "7")]
)
def test_hardware_that_is_not_there_is_one_line(recipe, tmp_path, options):
    result = run("train", recipe, "-o", tmp_path / "run", "--accelerator", "cpu", *options)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "change --accelerator" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_report_that_cannot_be_written_is_said_before_the_work(model, photos, tmp_path):
    (tmp_path / "file").touch()
    result = run("evaluate", model, "--data", photos, "-o", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr == f"error: {tmp_path / 'file'}: this folder cannot be made (File exists); choose another\n"


@pytest.mark.parametrize(
    "options", [("--limit", "0"), ("--sigma", "-5"), ("--sigma", "nan"), ("--sigma", "inf"), ("--seed", "-1")]
)
def test_options_out_of_range_exit_with_2(model, photos, options):
    assert run("evaluate", model, "--data", photos, *options).exit_code == 2


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (['task={name="reconstruct"}', 'model={name="dense", side=32, widths=[8, 2, 8]}'], "hillotype latent map"),
        (['model={name="dense", side=32, widths=[8, 2, 8]}'], "hillotype latent map"),
        (['task={name="inpaint"}', 'model={name="unet"}'], "hillotype latent fill"),
    ],
)
def test_what_is_next_is_what_can_be_done_with_the_run(recipe, tmp_path, settings, command):
    options = [word for setting in ("optimization.steps=1", *settings) for word in ("--set", setting)]
    result = run("train", recipe, "-o", tmp_path / "run", "--accelerator", "cpu", *options)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].strip().startswith(f"{command} {tmp_path / 'run'} -o ")


def test_settings_must_be_pairs(recipe, tmp_path):
    result = run("train", recipe, "-o", tmp_path, "--set", "steps")
    assert result.exit_code == 1
    assert "KEY=VALUE" in result.stderr


def test_settings_change_the_recipe(recipe, tmp_path):
    result = run("train", recipe, "-o", tmp_path / "run", "--set", "optimization.steps=2", "--accelerator", "cpu")
    assert result.exit_code == 0, result.output
    assert "steps = 2" in (tmp_path / "run" / "run.toml").read_text()
    again = run("train", recipe, "-o", tmp_path / "run")
    assert again.exit_code == 1
    assert "--resume" in again.stderr


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Noisy pictures of smooth things."""
    folder, rng = tmp_path_factory.mktemp("scans"), np.random.default_rng(0)
    for number in range(3):
        noisy = np.linspace(60, 190, 48)[:, None] + rng.normal(0, 20, (48, 56))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


TINY = ("--set", "model.widths=[4,8]", "--set", "model.blocks=[1,1]", "--set", "data.augment.crop=32")
TINY_RUN = (*TINY, "--set", "optimization.steps=2", "--set", "precision=32-true", "--accelerator", "cpu")


def test_a_denoiser_is_learned_from_noisy_pictures_alone(scans, tmp_path):
    trained = run("train", "self-denoise", "--data", scans, "-o", tmp_path / "run", *TINY_RUN)
    assert trained.exit_code == 0, trained.output
    assert "note:" not in trained.stderr
    exported = run("export", tmp_path / "run", "-o", tmp_path / "own.onnx")
    assert exported.exit_code == 0, exported.output
    assert read_card(tmp_path / "own.onnx").task == "denoise"
    done = run("denoise", scans, "-o", tmp_path / "clean", "--model", tmp_path / "own.onnx")
    assert done.exit_code == 0, done.output
    measured = run("evaluate", tmp_path / "own.onnx", "--data", scans, "--limit", "1", "--sigma", "20")
    assert measured.exit_code == 0, measured.output
    assert "pca" not in measured.stdout  # which learns from clean pictures


def test_noise_that_cannot_be_learned_from_is_said(scans, tmp_path):
    (tmp_path / "coarse").mkdir()
    for path in scans.iterdir():
        with Image.open(path) as scan:
            scan.resize((112, 96), Image.Resampling.BICUBIC).save(tmp_path / "coarse" / path.name)
    trained = run("train", "self-denoise", "--data", tmp_path / "coarse", "-o", tmp_path / "run", *TINY_RUN)
    assert trained.exit_code == 0, trained.output
    assert "note: most of these pictures have little noise" in trained.stderr


def test_gray_pictures_that_shall_teach_colors_are_said(photos, tmp_path):
    recipe = tmp_path / "color.toml"
    recipe.write_text('name = "color"\ntask.name = "colorize"\nmodel = { name = "unet" }')
    (tmp_path / "some").mkdir()
    for number, path in enumerate(sorted(photos.iterdir())):
        with Image.open(path) as photo:
            (photo.convert("L").convert("RGB") if number < 4 else photo).save(tmp_path / "some" / path.name)
    said = "note: 4 of 12 pictures looked at are gray"
    for data, options, expected in ((photos, (), False), ("some", (), True), ("some", ("data.min_spread=6",), False)):
        settings = [word for option in options for word in ("--set", option)]
        trained = run(
            "train", recipe, "--data", tmp_path / data, "-o", tmp_path / f"{data}{options}", *settings, *TINY_RUN
        )
        assert trained.exit_code == 0, trained.output
        assert (said in trained.stderr) == expected


def test_levels_of_noise_are_for_denoisers(tiny_zoo, photos):
    refused = run("evaluate", tiny_zoo / "colorize.onnx", "--data", photos, "--sigma", "25")
    assert refused.exit_code == 1
    assert "--sigma: is for denoisers" in refused.stderr


def test_studies_are_listed_run_and_tabled(toy, tmp_path):
    listed = run("study")
    assert listed.exit_code == 0, listed.output
    assert "toy" in listed.output
    assert any(row["name"] == "toy" for row in json.loads(run("study", "--json").output))
    done = run("study", "toy", "-o", tmp_path / "studies" / "toy", "--fast")
    assert done.exit_code == 0, done.output
    assert "must reach 1" in done.output
    assert "fast run" in done.output
    table = run("study", "--table", tmp_path / "studies")
    assert "| 009 |" in table.output
    assert run("study", "nothing").exit_code == 1
