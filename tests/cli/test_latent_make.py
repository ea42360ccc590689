"""`hillotype latent sample`, `interpolate`, `blend` and `traverse`, from a recipe on."""

import json

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import latent, run, train

SIDE = 8


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run folders of a dense autoencoder and a VAE with a code of 3, trained for a moment on 60 gray pictures."""
    root = tmp_path_factory.mktemp("latent")
    rng = np.random.default_rng(0)
    (root / "pictures").mkdir()
    for number in range(60):
        coarse = Image.fromarray(rng.integers(0, 256, (2, 2), dtype=np.uint8))
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(root / "pictures" / f"{number:02}.png")
    models = {
        "ae": {"name": "dense", "side": SIDE, "widths": [16, 3, 16], "code": "linear"},
        "vae": {"name": "vae", "side": SIDE, "filters": [4], "strides": [2], "latent": 3, "norm": False},
        "unet": {"name": "residual_unet", "widths": [4, 8], "blocks": [1, 1]},
    }
    for name, model in models.items():
        recipe = {
            "name": name,
            "task": {"name": "reconstruct"},
            "model": model,
            "data": {
                "gray": True,
                "sources": [{"name": f"folder:{root / 'pictures'}", "fractions": [0.6, 0.1, 0.3]}],
                "augment": {"crop": SIDE, "flip": False},
            },
            "optimization": {"steps": 20, "batch": 8, "loss": "half_sse"},
            "precision": "32-true",
        }
        train(root, recipe)
    return root


@pytest.mark.parametrize(("name", "prior"), [("vae", "own"), ("ae", "mixture")])
def test_samples_come_from_the_prior_that_the_model_has(runs, tmp_path, name, prior):
    done = latent("sample", runs / name, "-o", tmp_path / "a.png", "--count", 10, "--json")
    facts = json.loads(done.stdout)
    assert facts["prior"] == prior
    assert np.shape(facts["codes"]) == (10, 3)
    assert np.isfinite(facts["log_density"]).all()
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.size == (4 * (10 * SIDE + 2), 3 * (10 * SIDE + 2))


@pytest.mark.parametrize("prior", ["own", "normal", "mixture"])
def test_the_same_seed_gives_the_same_file(runs, tmp_path, prior):
    for file, seed in (("a", 1), ("b", 1), ("c", 2)):
        latent("sample", runs / "vae", "-o", tmp_path / f"{file}.png", "--prior", prior, "--seed", seed)
    first, same, other = ((tmp_path / f"{file}.png").read_bytes() for file in "abc")
    assert first == same
    assert first != other


def test_a_walk_as_a_sheet(runs, tmp_path):
    pictures = (0, runs / "pictures" / "03.png", 2)
    done = latent("interpolate", runs / "ae", *pictures, "-o", tmp_path / "a.png", "--steps", 5, "--json")
    facts = json.loads(done.stdout)
    assert np.shape(facts["codes"]) == (2, 5, 3)
    assert facts["pictures"][1] == str(runs / "pictures" / "03.png")
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.height == 4 * (10 * SIDE + 2)  # pixels and codes, for two legs


@pytest.mark.parametrize(("options", "frames"), [((), 6), (("--one-way",), 4)])
@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_a_walk_as_a_film(runs, tmp_path, name, options, frames):
    film = () if name == "a.gif" else ("--film",)
    latent(*("interpolate", runs / "vae", 0, 1, "-o", tmp_path / name, "--steps", 4, "--how", "slerp", *options, *film))
    with Image.open(tmp_path / name) as moving:
        assert moving.n_frames == frames


def test_a_sheet_has_no_way_back_to_leave_out(runs, tmp_path):
    done = run("latent", "interpolate", runs / "vae", 0, 1, "-o", tmp_path / "a.png", "--one-way")
    assert (done.exit_code, done.stderr) == (
        1,
        f"error: --one-way: is for films, but {tmp_path / 'a.png'} is a picture; leave it out, or add --film\n",
    )


def test_a_blend_is_the_sum_of_codes(runs, tmp_path):
    done = latent("blend", runs / "vae", 0, 1, 2, "--as", "a - b + 0.5*c", "-o", tmp_path / "a.png", "--json")
    facts = json.loads(done.stdout)
    np.testing.assert_allclose(facts["code"], np.dot([1, -1, 0.5], facts["codes"]), atol=1e-5)
    assert len(facts["reconstruction_mse"]) == 3
    shown = latent("blend", runs / "vae", 0, 1, "-o", tmp_path / "a.png")
    assert "a + b of a = " in shown.stdout


def test_a_sweep_shows_what_varies_most_or_what_is_wanted(runs, tmp_path):
    facts = json.loads(latent("traverse", runs / "ae", 0, "-o", tmp_path / "a.png", "--json").stdout)
    deviations = [sweep["deviation"] for sweep in facts["sweeps"]]
    assert len(deviations) == 3
    assert deviations == sorted(deviations, reverse=True)
    wanted = ("--dimensions", "2, 0,2", "--span", "2", "--steps", "3", "--json")
    facts = json.loads(latent("traverse", runs / "ae", 0, "-o", tmp_path / "a.png", *wanted).stdout)
    assert [sweep["dimension"] for sweep in facts["sweeps"]] == [2, 0]
    for sweep in facts["sweeps"]:
        reach = 2 * sweep["deviation"]
        np.testing.assert_allclose(sweep["values"], sweep["mean"] + np.array([-reach, 0, reach]), rtol=1e-4, atol=1e-5)


def test_without_json_one_line_says_what_was_made(runs, tmp_path):
    done = latent("sample", runs / "ae", "-o", tmp_path / "a.png", "--count", 4)
    assert done.stdout.startswith(f"{tmp_path / 'a.png'}: 4 pictures from a mixture fitted to ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sample", "{runs}/none", "-o", "a.png"], "no such run folder"),
        (["sample", "{runs}/pictures", "-o", "a.png"], "no best.safetensors in it"),
        (["sample", "{runs}/unet", "-o", "a.png"], "skips carry the picture past it"),
        (["sample", "{runs}/ae", "-o", "a.png", "--prior", "own"], "normal or mixture"),
        (["sample", "{runs}/ae", "-o", "a.png", "--prior", "flat"], "use one of own, normal, mixture"),
        (["sample", "{runs}/ae", "-o", "a.txt"], "no format of a sheet"),
        (["interpolate", "{runs}/ae", "0", "-o", "a.png"], "give one more"),
        (["interpolate", "{runs}/ae", "0", "99", "-o", "a.png"], "choose one of them"),
        (["interpolate", "{runs}/ae", "0", "none.png", "-o", "a.png"], "there is no such file"),
        (["interpolate", "{runs}/ae", "0", "1", "-o", "a.png", "--how", "round"], "linear, slerp"),
        (["interpolate", "{runs}/ae", "0", "1", "-o", "a.png", "--film"], "no format of a film"),
        (["interpolate", "{runs}/ae", "0", "{runs}/pictures/03.png", "-o", "{runs}/pictures/03.png"], "are kept"),
        (["blend", "{runs}/ae", "0", "1", "-o", "a.png", "--as", "a + c"], "there is no c"),
        (["blend", "{runs}/ae", "0", "1", "-o", "a.png", "--as", "a ^ b"], "not understood from '^ b' on"),
        (["blend", "{runs}/ae", *"0" * 27, "-o", "a.png"], "give fewer"),
        (["traverse", "{runs}/ae", "0", "-o", "a.png", "--dimensions", "3"], "the numbers 0 to 2"),
        (["traverse", "{runs}/ae", "0", "-o", "a.png", "--dimensions", "one"], "joined by commas"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_1(runs, arguments, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("latent", *(argument.format(runs=runs) for argument in arguments))
    assert result.exit_code == 1, result.output
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [("--span", "0"), ("--span", "nan"), ("--steps", "1"), ("--steps", "1000"), ("--dimensions",)]
)
def test_options_out_of_range_exit_with_2(runs, tmp_path, options):
    assert run("latent", "traverse", runs / "ae", "0", "-o", tmp_path / "a.png", *options).exit_code == 2


def test_a_broken_checkpoint_is_one_line(tmp_path):
    (tmp_path / "best.safetensors").write_bytes(b"broken")
    result = run("latent", "sample", tmp_path, "-o", tmp_path / "a.png")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["sample", "interpolate", "blend", "traverse"])
def test_help_has_an_example(command):
    assert f"hillotype latent {command} runs/" in run("latent", command, "--help").output
