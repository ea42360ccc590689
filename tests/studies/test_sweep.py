"""A sweep trains every combination once, in one process or several, and goes on where it was broken off."""

from itertools import product

import pytest

from hillotype.errors import DataError, RecipeError
from hillotype.studies.bench import Bench
from hillotype.studies.sweep import STORAGE, sweep

RATES = {"optimization.batch": (1, 2), "optimization.learning_rate": (1e-3, 1e-2)}


def told(bench):
    lines = []
    bench.report = lambda what, progress: lines.append(what)
    return lines


def validation_losses(trained):
    return [loss for _, loss in trained.curve("validation_loss")]


@pytest.fixture
def bench(toy, tmp_path):
    bench = Bench("toy", tmp_path / "out")
    bench.open_out()
    return bench


def test_every_combination_is_trained_in_the_order_of_the_grid(bench):
    swept = sweep(bench, "net", RATES, jobs=1)
    assert [tuple(point.values()) for point, _ in swept.points] == list(product(*RATES.values()))
    for point, trained in swept.points:
        assert trained.run.optimization.batch == point["optimization.batch"]
        assert trained.run.optimization.learning_rate == point["optimization.learning_rate"]
    assert [run.name for run in bench.runs] == ["net-1-0.001", "net-1-0.01", "net-2-0.001", "net-2-0.01"]
    assert set(swept.importances) == set(RATES)
    assert sum(swept.importances.values()) == pytest.approx(1)


def test_several_processes_find_the_same(bench, tmp_path):
    grid = {"optimization.learning_rate": (1e-3, 1e-2)}
    one = sweep(bench, "net", grid, jobs=1)
    other = Bench("toy", tmp_path / "other")
    other.open_out()
    two = sweep(other, "net", grid, jobs=2)
    for (_, first), (_, second) in zip(one.points, two.points, strict=True):
        assert validation_losses(first) == pytest.approx(validation_losses(second))


def test_what_is_done_is_not_done_again(bench):
    sweep(bench, "net", RATES, jobs=1)
    lines = told(bench)
    sweep(bench, "net", RATES, jobs=1)
    assert lines == []


def test_a_sweep_that_was_broken_off_goes_on(bench):
    class Broken(Exception):
        pass

    def stop(what, progress):
        if what == "net: 2 of 4 trained":
            raise Broken

    bench.report = stop
    with pytest.raises(Broken):
        sweep(bench, "net", RATES, jobs=1)
    lines = told(bench)
    sweep(bench, "net", RATES, jobs=1)
    assert len([line for line in lines if line.endswith("reading pictures")]) == 2


def test_another_recipe_is_another_sweep(bench):
    sweep(bench, "net", RATES, jobs=1)
    bench.changes = {"net.optimization.steps": 2}
    assert {trained.steps for _, trained in sweep(bench, "net", RATES, jobs=1).points} == {2}


def test_a_setting_that_does_not_exist_is_named(bench):
    with pytest.raises(RecipeError, match="depth"):
        sweep(bench, "net", {"model.depth": (1, 2)}, jobs=1)


def test_a_damaged_file_is_named(bench):
    (bench.out / STORAGE).write_text("no JSON\nnor this\n")
    with pytest.raises(DataError, match="delete it"):
        sweep(bench, "net", RATES, jobs=1)
