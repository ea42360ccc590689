"""A study leaves its folder whole, trains nothing twice, and stands in the table of all."""

import json

import pytest

from hillotype.errors import DataError, RecipeError
from hillotype.studies import find_study
from hillotype.studies.results import markdown, ordered, run_study


def read(folder):
    return json.loads((folder / "results.json").read_text())


def test_a_study_leaves_page_results_and_runs(toy, tmp_path):
    told = []
    run_study(toy, tmp_path / "out", report=lambda what, progress: told.append((what, progress is not None)))
    results = read(tmp_path / "out")
    assert [run["name"] for run in results["runs"]] == ["net", "quick"]
    assert results["runs"][1]["recipe"]["optimization"]["learning_rate"] == 0.01
    assert results["runs"][0]["steps"] == 4
    assert results["figures"][0]["reached"] is True
    assert results["command"] == "hillotype study toy"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<code>net</code> &amp; its answers" in page
    assert page.count("data:image/webp") == 2
    assert "http" not in page
    assert "fast run" not in page
    assert ("quick", True) in told


def test_what_was_trained_is_not_trained_again(toy, tmp_path):
    run_study(toy, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").rglob("last.safetensors")}
    run_study(toy, tmp_path / "out", changes={"net.optimization.batch": 3})
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "runs").rglob("last.safetensors")}
    assert len(before) == 2
    assert len(after) == 4
    assert before.items() <= after.items()


def test_a_fast_run_is_marked(toy, tmp_path):
    run_study(toy, tmp_path / "studies" / "toy", fast=True)
    assert "no figure means anything" in (tmp_path / "studies" / "toy" / "report.html").read_text()
    assert "[toy](studies/toy/report.html) (fast)" in markdown(tmp_path / "studies")


def test_the_table_shows_every_figure(toy, tmp_path):
    run_study(toy, tmp_path / "studies" / "toy")
    page = markdown(tmp_path / "studies")
    assert "Not run in full yet: " in page
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len(table) == 3
    assert len({line.count("|") for line in table}) == 1
    assert "0.1 (train)" in table[2]


def test_missing_and_damaged_results_are_named(toy, tmp_path):
    with pytest.raises(DataError, match="no results of studies"):
        markdown(tmp_path)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "results.json").write_text("{}")
    with pytest.raises(DataError, match=f"toy: holds one study; give the folder that it lies in, {tmp_path}"):
        markdown(tmp_path / "toy")
    with pytest.raises(DataError, match=r"toy/results\.json: not the results of a study"):
        markdown(tmp_path)


def test_unknown_studies_and_settings_are_named(toy, tmp_path):
    with pytest.raises(RecipeError, match="study 'toys': unknown; use one of"):
        find_study("toys")
    with pytest.raises(RecipeError, match="colour: unknown setting"):
        run_study(toy, tmp_path / "out", changes={"net.colour": 1})
    with pytest.raises(RecipeError, match="nets"):
        run_study(toy, tmp_path / "out", changes={"nets.optimization.steps": 1})


def test_studies_are_listed_by_report(toy):
    reports = [study.report for study in ordered()]
    assert reports == sorted(reports)
