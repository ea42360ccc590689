"""Recipes: every shipped one is sound, and each kind of mistake is named."""

from pathlib import Path

import pytest

from hillotype.errors import RecipeError
from hillotype.noise import Chain, Fixed, Gaussian, Mixture
from hillotype.train.config import RECIPES as BUILT_IN
from hillotype.train.config import build_model, build_task, find_recipe, make_run, read_recipe, with_steps

LEG = ("learning_rate", "loss")
"""What a last leg may change of the optimization."""

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))

TWO = {"name": "mixture", "parts": [{"name": "gaussian"}, {"name": "jpeg"}]}


def values(**changes):
    plain = {
        "name": "tiny",
        "task": {"name": "denoise"},
        "model": {"name": "residual_unet", "widths": [4, 8], "blocks": [1, 1]},
        "data": {"sources": [{"name": "folder:photos"}]},
    }
    return plain | changes


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes_are_sound(recipe):
    run = read_recipe(recipe)
    assert run.name == recipe.stem.removesuffix("-last").removesuffix("-scales")
    assert run.summary
    assert all(source.licence != "not stated" for source in run.data.sources)
    assert build_model(run, pretrained=False).multiple > 1


@pytest.mark.parametrize("last", [path for path in RECIPES if path.stem.endswith("-last")], ids=lambda path: path.stem)
def test_a_last_leg_differs_from_the_first_as_its_head_says(last):
    first = read_recipe(last.with_stem(last.stem.removesuffix("-last")))
    same = {"seed": first.seed, **{f"optimization.{key}": getattr(first.optimization, key) for key in LEG}}
    run = read_recipe(last, same)
    assert run.start == f"runs/{first.name}"
    assert {**run.model, **first.model} == run.model
    assert run.model_copy(update={key: getattr(first, key) for key in ("start", "task", "model")}) == first
    if run.task["name"] == "denoise":
        ours, theirs = (build_task(each).noise.parts for each in (run, first))
        assert {type(part) for part in ours} >= {type(part) for part in theirs}  # no noise is forgotten
    else:
        assert run.task == first.task


@pytest.mark.parametrize("name", ["denoise-gray", "denoise-color", "denoise-fast-gray"])
def test_a_third_leg_differs_from_the_second_as_its_head_says(name):
    folder = RECIPES[0].parent
    second = read_recipe(folder / f"{name}-last.toml")
    run = read_recipe(folder / f"{name}-scales.toml", {"optimization.steps": second.optimization.steps})
    assert run.start == f"runs/{second.name}-last"
    assert {source.name for source in run.data.sources} == {source.name for source in second.data.sources}
    assert build_task(run).noise.parts == build_task(second).noise.parts
    assert run.model_copy(update={key: getattr(second, key) for key in ("start", "seed", "task", "data")}) == second


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_recipes_are_sound_and_found_by_name(name):
    run = read_recipe(find_recipe(Path(name)), {"data.sources": [{"name": "folder:own"}]})
    assert run.name == name
    assert run.summary
    with pytest.raises(RecipeError, match="give --data"):
        read_recipe(find_recipe(Path(name)))
    assert find_recipe(RECIPES[0]) == RECIPES[0]
    with pytest.raises(RecipeError, match=f"nothing: no such recipe.*{name}"):
        find_recipe(Path("nothing"))


def test_noises_are_built_from_tables():
    noise = {
        "name": "mixture",
        "weights": [1, 3],
        "parts": [
            {"name": "gaussian", "sigma": [5, 5]},
            {"name": "chain", "parts": [{"name": "gaussian"}, {"name": "jpeg"}]},
        ],
    }
    built = build_task(make_run(values(task={"name": "denoise", "noise": noise}))).noise
    assert isinstance(built, Mixture)
    assert built.parts[0] == Gaussian((5, 5))
    assert isinstance(built.parts[1], Chain)
    fixed = {"name": "fixed", "seed": 3, "noise": {"name": "gaussian", "sigma": [5, 5]}}
    assert build_task(make_run(values(task={"name": "denoise", "noise": fixed}))).noise == Fixed(Gaussian((5, 5)), 3)


def test_a_range_out_of_reach_may_be_asked_for():
    out_of_reach = {"task": {"name": "colorize", "space": "ratio"}, "model": {"name": "lite0_unet"}}
    assert make_run(values(**out_of_reach, allow_unreachable=True)).allow_unreachable


def test_dotted_settings_override_the_file():
    run = read_recipe(RECIPES[0], {"optimization.steps": 7, "data.augment.crop": 64})
    assert run.optimization.steps == 7
    assert run.data.augment.crop == 64


def test_steps_that_are_asked_for_count_in_place_of_the_recipes_epochs():
    recipe = next(path for path in RECIPES[0].parent.rglob("*.toml") if "epochs = " in path.read_text())
    assert read_recipe(recipe).optimization.epochs
    run = read_recipe(recipe, {"optimization.steps": 7})
    assert (run.optimization.steps, run.optimization.epochs) == (7, None)
    run = read_recipe(recipe, {"optimization.epochs": 2, "optimization.steps": 7})
    assert run.optimization.epochs == 2


def test_epochs_count_the_pictures_of_all_processes():
    run = make_run(values(optimization={"epochs": 3, "batch": 8}))
    assert with_steps(run, 100, 1).optimization.steps == 38  # 300 pictures, 8 in a step
    assert with_steps(run, 100, 2).optimization.steps == 19


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task": {"name": "denoize"}}, "'denoize': unknown; use one of"),
        ({"model": {"name": "gan"}}, "'gan': unknown; use one of"),
        ({"model": {"name": "residual_unet", "depth": 3}}, "unknown setting 'depth'; it has blocks, .*widths"),
        ({"model": {"name": "residual_unet", "widths": 4}}, "'residual_unet': widths: must be an array"),
        ({"model": {"name": "lite0_unet", "dropout": "much"}}, "'lite0_unet': dropout: .* valid number"),
        ({"task": "denoise"}, "task: must be a table"),
        ({"data": {"sources": "mnist"}}, r"data\.sources: must be an array"),
        ({"task": {"name": "denoise", "noise": {"name": "gaussian", "std": 3}}}, "unknown setting 'std'"),
        ({"task": {"name": "denoise", "noise": {"name": "gaussian", "sigma": "loud"}}}, "Gaussian"),
        ({"task": {"name": "colorize", "space": "hsv"}}, "color space 'hsv': not known; choose one of"),
        (
            {
                "task": {"name": "colorize"},
                "model": {"name": "unet"},
                "data": {"sources": [{"name": "x"}], "gray": True},
            },
            r"data\.gray: leaves no colors",
        ),
        ({"task": {"name": "colorize", "amount": 3}}, "unknown setting 'amount'; it has .*space"),
        ({"task": {"name": "colorize", "doubt": True}}, "doubt"),
        ({"task": {"name": "denoise", "noise": "gaussian"}}, "must be a table"),
        ({"task": {"name": "denoise", "noise": {"name": "gaussian", "sigma": [3]}}}, r"Gaussian: sigma\.1"),
        ({"task": {"name": "denoise", "noise": {"name": "fixed"}}}, "Fixed.*'noise'"),
        ({"task": {"name": "denoise", "noise": {"name": "chain", "parts": 3}}}, "Chain: parts: must be an array"),
        ({"task": {"name": "denoise", "noise": {**TWO, "weights": "all"}}}, "Mixture: weights: must be an array"),
        ({"task": {"name": "denoise", "noise": {**TWO, "weights": [1]}}}, r"2 parts and weights \[1\.0\]; give"),
        ({"task": {"name": "denoise", "shift": "half"}}, "task 'denoise': shift: .*number"),
        ({"task": {"name": "colorize", "space": ["lab"]}}, "color space .*: not known"),
        ({"task": {"name": ["denoise"]}}, "unknown; use one of"),
        ({"colour": True}, "colour: unknown setting; correct"),
        ({"name": "../up"}, "name"),
        ({"seed": -1}, "seed"),
        ({"model": {"name": "residual_unet", "widths": [-4, 8], "blocks": [1, 1]}}, "'residual_unet': "),
        ({"data": {"sources": [{"name": "x"}], "augment": {"crop": 0}}}, "crop 0: must be at least 1"),
        ({"data": {"sources": [{"name": "x"}], "augment": {"crop": 30}}}, r"augment\.crop: 30 is no multiple of 4"),
        ({"data": {"sources": []}}, r"data\.sources"),
        ({"data": {}}, "names no pictures; give --data FOLDER"),
        ({"optimization": {"steps": 0}}, r"optimization\.steps"),
        (
            {"task": {"name": "self_denoise"}, "data": {"sources": [{"name": "x"}], "augment": {"crop": 36}}},
            r"augment\.crop: 36 is no multiple of 8",
        ),
        (
            {"task": {"name": "self_denoise"}, "data": {"sources": [{"name": "x"}], "augment": {"zoom": [0.5, 1]}}},
            r"augment\.zoom: mixes the noise",
        ),
        ({"task": {"name": "self_denoise"}, "model": {"name": "dense", "output": "linear"}}, "takes one size only"),
        ({"task": {"name": "colorize", "space": "ratio"}, "model": {"name": "lite0_unet"}}, "targets in"),
    ],
)
def test_mistakes_are_named(changes, says):
    with pytest.raises(RecipeError, match=says) as caught:
        make_run(values(**changes))
    assert "\n" not in str(caught.value)


def test_unreadable_recipes_are_named(tmp_path):
    with pytest.raises(RecipeError, match=r"missing\.toml"):
        read_recipe(tmp_path / "missing.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(RecipeError, match=r"bad\.toml: not a readable TOML recipe"):
        read_recipe(tmp_path / "bad.toml")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.toml").touch()
    with pytest.raises(RecipeError, match="no such recipe"):
        find_recipe(Path("a" * 300))
    with pytest.raises(RecipeError, match=r"is a run folder; give its recipe, .*run\.toml"):
        find_recipe(tmp_path / "run")
    with pytest.raises(RecipeError, match="not a table"):
        read_recipe(RECIPES[0], {"name.first": 1})
