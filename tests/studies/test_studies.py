"""One contract over all studies: each runs fast on small stand-ins, and leaves a whole page and honest rows."""

import json
from pathlib import Path

import pytest

from hillotype.studies import STUDIES, bench, find_study
from hillotype.studies.results import run_study
from hillotype.train.config import read_recipe

SMALLER = {
    "faces": {f"{name}.model.filters": [8, 8, 8, 8] for name in ("vae", "vae-color")}
    | {f"{name}.model.latent": 32 for name in ("vae", "vae-color")},
    "ships-denoise": {"dense.model.widths": [64, 32, 64]},
    "ships-colorize": {"report.model.filters": [8, 8], "report.model.latent": 8},
    "class-specificity": {"report.model.filters": [8, 8], "report.model.latent": 8},
}
"""The largest nets made smaller: what takes long is to write their checkpoints."""

RECIPES = sorted(Path(bench.__file__).with_name("recipes").glob("*/*.toml"))


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_every_study_runs_fast(name, every_set, tmp_path, monkeypatch):
    monkeypatch.setenv("HILLOTYPE_DATA", str(every_set))
    told = []
    findings = run_study(
        find_study(name),
        tmp_path,
        fast=True,
        changes=SMALLER.get(name),
        report=lambda what, progress: told.append(what),
    )
    results = json.loads((tmp_path / "results.json").read_text())
    page = (tmp_path / "report.html").read_text()
    assert results["fast"] is True
    assert "NaN" not in (tmp_path / "results.json").read_text()
    assert findings.figures
    assert all(figure.count > 0 for figure in findings.figures)
    assert findings.sections
    assert told
    assert "data:image/webp" in page
    assert len(page) < 2_000_000
    assert page.count("http") == page.count("https://")  # sources are named, nothing is loaded
    assert "src=" not in page.replace('src="data:image/webp;base64,', "")


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recipe_is_sound_and_says_how_to_run_it(recipe):
    assert read_recipe(recipe).name
    assert f"hillotype study {recipe.parent.name}" in recipe.read_text().partition("\nname")[0]
    assert recipe.parent.name in STUDIES
