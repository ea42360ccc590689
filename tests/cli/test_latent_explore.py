"""`hillotype latent map`, `anomalies` and `fill`, from a recipe on."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import latent, run, train

SIDE = 12


def refused(command, *arguments):
    """The one line that says why not."""
    done = run("latent", command, *arguments)
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def _write_spots(folder, column, count, rng):
    """Gray pictures with a spot about a column."""
    folder.mkdir(parents=True)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for number in range(count):
        spot = np.exp(-((rows - rng.uniform(3, 8)) ** 2 + (columns - column - rng.uniform(-1, 1)) ** 2) / 8)
        Image.fromarray((spot * 255).astype(np.uint8)).save(folder / f"{number:02}.png")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Spots in two classes, strangers, and run folders: ae, vae, inpaint, unet."""
    root = tmp_path_factory.mktemp("latent")
    rng = np.random.default_rng(0)
    _write_spots(root / "spots" / "left", 3, 30, rng)
    _write_spots(root / "spots" / "right", 8, 30, rng)
    _write_spots(root / "album", 3, 12, rng)
    (root / "strange").mkdir()
    for number in range(8):
        noise = Image.fromarray(rng.integers(0, 256, (SIDE, SIDE), dtype=np.uint8))
        noise.save(root / "strange" / f"{number}.png")
        if number < 2:
            noise.save(root / "album" / f"stranger-{number}.png")
    dense = {"name": "dense", "side": SIDE, "widths": [32, 3, 32], "code": "linear"}
    vae = {"name": "vae", "side": SIDE, "filters": [8], "strides": [2], "latent": 2, "norm": False}
    unet = {"name": "unet", "widths": [8], "blocks": [1], "output": "sigmoid"}
    for name, model, task in (
        ("ae", dense, "reconstruct"),
        ("vae", vae, "reconstruct"),
        ("inpaint", unet, "inpaint"),
        ("unet", unet, "reconstruct"),
    ):
        recipe = {
            "name": name,
            "task": {"name": task},
            "model": model,
            "data": {
                "gray": True,
                "sources": [{"name": f"folder:{root / 'spots'}", "fractions": [0.6, 0.2, 0.2]}],
                "augment": {"crop": SIDE, "flip": False},
            },
            "optimization": {"steps": 100, "batch": 16, "learning_rate": 5e-3, "loss": "half_sse", "kl_weight": 0.05},
            "precision": "32-true",
        }
        train(root, recipe)
    return root


@pytest.mark.parametrize(("name", "how"), [("ae", "pca"), ("ae", "tsne"), ("vae", "pca")])
def test_a_map_shows_codes_and_tells_how_far_classes_are_apart(root, name, how, tmp_path):
    arguments = ("map", root / name, "-o", tmp_path / "new" / "map.html", "--how", how)
    numbers = json.loads(latent(*arguments, "--json").stdout)
    page = (tmp_path / "new" / "map.html").read_text()
    assert page.count("<figure>") == 3
    assert numbers["count"] == len(numbers["pictures"]) > 5
    assert list(numbers["separation"]) == [
        f"{name}, {3 if name == 'ae' else 2} numbers",
        f"PCA, {3 if name == 'ae' else 2} numbers",
        "pixels, 144 numbers",
    ]
    assert numbers["separation"]["pixels, 144 numbers"]["neighbors"] > 0.9
    assert "right by 5 neighbors" in latent(*arguments).stdout
    assert (tmp_path / "new" / "map.html").read_text() == page


def test_pictures_without_classes_have_a_map_too(root, tmp_path):
    recipe = (root / "ae.toml").read_text().replace("/spots", "/album").replace("0.6,", "0.4,").replace("0.2,", "0.3,")
    recipe = recipe.replace("0.2]", "0.3]")
    (tmp_path / "album.toml").write_text(recipe)
    done = run("train", tmp_path / "album.toml", "-o", tmp_path / "run", "--set", "optimization.steps=2")
    assert done.exit_code == 0, done.output
    numbers = json.loads(latent("map", tmp_path / "run", "-o", tmp_path / "map.html", "--json").stdout)
    assert numbers["separation"] == {}
    assert "was not measured" in (tmp_path / "map.html").read_text()


def test_strange_pictures_are_told_from_normal_ones(root, tmp_path):
    arguments = ("anomalies", root / "vae", "-o", tmp_path / "a.html", "--strange", f"folder:{root / 'strange'}")
    numbers = json.loads(latent(*arguments, "--json").stdout)
    assert numbers["strange"] == 8
    assert list(numbers["scores"]) == [
        *("reconstruction error", "relative error", "PCA error", "latent, normal", "latent, mixture"),
        *("latent, own prior", "reconstruction probability", "latent, corrected", "combined"),
    ]
    combined = numbers["scores"]["combined"]
    assert combined["auc"] > 0.9
    assert combined["interval"][0] <= combined["auc"] <= combined["interval"][1]
    assert combined["found"] > 0.7 > combined["accused"]
    page = (tmp_path / "a.html").read_text()
    assert "combined: AUC" in latent(*arguments).stdout
    assert (tmp_path / "a.html").read_text() == page


def test_normal_pictures_may_be_named(root, tmp_path):
    sources = ("--strange", f"folder:{root / 'strange'}", "--normal", f"folder:{root / 'album'}")
    numbers = json.loads(latent("anomalies", root / "ae", "-o", tmp_path / "a.html", *sources, "--json").stdout)
    assert numbers["normal"] == 14
    assert 0.5 < numbers["scores"]["combined"]["auc"] < 1  # two of the album are strange too


def test_strangers_in_a_folder_are_found(root, tmp_path):
    arguments = ("anomalies", root / "ae", "-o", tmp_path / "a.html", "--data", f"folder:{root / 'album'}")
    numbers = json.loads(latent(*arguments, "--share", "0.1", "--json").stdout)
    ranked = numbers["pictures"]
    assert {each["name"] for each in ranked[:2]} == {"stranger-0.png", "stranger-1.png"}
    assert all(each["strange"] for each in ranked[:2])
    assert [each["score"] for each in ranked] == sorted((each["score"] for each in ranked), reverse=True)
    assert all(each["strange"] == (each["score"] > numbers["threshold"]) for each in ranked)
    assert "stranger-0.png" in latent(*arguments).stdout
    assert "stranger-0.png" in (tmp_path / "a.html").read_text()


def test_what_anomalies_cannot_do_is_said_in_one_line(root, tmp_path):
    arguments = ("anomalies", root / "ae", "-o", tmp_path / "a.html")
    strange = ("--strange", f"folder:{root / 'strange'}")
    assert "give --strange" in refused(*arguments)
    assert "not both" in refused(*arguments, *strange, "--data", "folder:x")
    assert "give --strange" in refused(*arguments, "--normal", "folder:x")
    assert "no such folder" in refused(*arguments, "--strange", "folder:nowhere")
    assert "use one of reconstruction error" in refused(*arguments, *strange, "--by", "luck")
    assert "end in .html" in refused("anomalies", root / "ae", "-o", tmp_path / "a.png", *strange)
    assert "no code" in refused("anomalies", root / "unet", "-o", tmp_path / "a.html", *strange)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("missing", ["pixels", "block", "scratches"])
def test_missing_pixels_are_filled_in(root, missing, tmp_path):
    arguments = ("fill", root / "ae", "-o", tmp_path / "f.png", "--missing", missing, "--with", root / "inpaint")
    numbers = json.loads(latent(*arguments, "--json").stdout)
    assert list(numbers["mse"]) == ["mean picture", "PCA", "ae, projection", "inpaint, inpainting"]
    assert numbers["mse"]["PCA"] < numbers["mse"]["mean picture"]
    assert len(numbers["mse_by_picture"]["PCA"]) == len(numbers["pictures"])
    sheet = (tmp_path / "f.png").read_bytes()
    assert "MSE" in latent(*arguments).stdout
    assert (tmp_path / "f.png").read_bytes() == sheet


def test_two_runs_of_one_recipe_are_told_apart_by_their_folders(root, tmp_path):
    again = shutil.copytree(root / "ae", tmp_path / "again")
    arguments = ("fill", root / "ae", "-o", tmp_path / "f.png")
    numbers = json.loads(latent(*arguments, "--with", again, "--json").stdout)
    assert list(numbers["mse"])[2:] == [f"{root / 'ae'}, projection", f"{again}, projection"]
    assert "given first" in refused(*arguments, "--with", root / "vae" / ".." / "ae")


def test_a_model_made_for_it_fills_in_alone_and_onto_a_page(root, tmp_path):
    numbers = json.loads(latent("fill", root / "inpaint", "-o", tmp_path / "f.html", "--count", "3", "--json").stdout)
    assert list(numbers["mse"]) == ["mean picture", "PCA", "inpaint, inpainting"]
    assert len(numbers["pictures"]) == 3
    assert "95% interval" in (tmp_path / "f.html").read_text()


def test_pictures_and_mask_may_be_files(root, tmp_path):
    mask = np.full((SIDE, SIDE), 255, np.uint8)
    mask[4:8] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    given = root / "album" / "00.png"
    arguments = ("-o", tmp_path / "f.png", "--missing", tmp_path / "mask.png")
    numbers = json.loads(latent("fill", root / "vae", "1", given, *arguments, "--json").stdout)
    assert numbers["pictures"][1] == str(given)
    assert numbers["missing_share"] == pytest.approx(1 / 3)
    assert "leave one of them out" in refused("fill", root / "vae", *arguments, "--share", "0.2")


def test_what_fill_cannot_do_is_said_in_one_line(root, tmp_path):
    arguments = ("fill", root / "ae", "-o", tmp_path / "f.png")
    assert "no format of a sheet" in refused("fill", root / "ae", "-o", tmp_path / "f.txt")
    assert "unknown; use pixels" in refused(*arguments, "--missing", "holes")
    assert "between 0 and 1" in refused(*arguments, "--share", "1.5")
    assert "no code" in refused("fill", root / "unet", "-o", tmp_path / "f.png")
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(tmp_path / "mask.png")
    assert "4x5" in refused(*arguments, "--missing", tmp_path / "mask.png")
    assert "kept" in refused("fill", root / "ae", tmp_path / "mask.png", "-o", tmp_path / "mask.png")
    assert "kept" in refused("fill", root / "ae", "-o", tmp_path / "mask.png", "--missing", tmp_path / "mask.png")
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]
