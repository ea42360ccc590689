"""Measuring: paired figures on the same observations, and how they are shown."""

import json
import re

import numpy as np
import pytest

from hillotype.evaluate.baselines import Identity
from hillotype.evaluate.measure import measure
from hillotype.evaluate.report import example_strips, tables, write_report
from hillotype.metrics import finite_psnr
from hillotype.noise import Gaussian
from hillotype.tasks import Denoise

TASKS = {"clean": Denoise(Gaussian((0, 0))), "sigma 25": Denoise(Gaussian((25, 25)))}


class Smooth:
    """Averages neighbors: right for flat pictures."""

    name = "smooth"

    def __call__(self, seen):
        return np.clip(np.full_like(seen, seen.mean()), 0, 1)


@pytest.fixture(scope="module")
def pictures():
    return [np.full((1, 24, 30), level, dtype=np.float32) for level in (0.3, 0.4, 0.5, 0.6, 0.7)]


@pytest.fixture(scope="module")
def results(pictures):
    return measure(TASKS, [Identity(), Smooth()], pictures, {"PSNR (dB)": finite_psnr})


def test_doing_nothing_has_the_psnr_of_its_noise(results):
    assert results.count == 5
    assert results.mean("clean", "identity", "PSNR (dB)") == 100
    assert results.mean("sigma 25", "identity", "PSNR (dB)") == pytest.approx(20.17, abs=0.3)


def test_gains_are_paired_and_their_interval_holds_the_mean(results):
    gain, low, high = results.gain("sigma 25", "smooth", "PSNR (dB)")
    assert 10 < low <= gain <= high
    assert results.gain("sigma 25", "identity", "PSNR (dB)")[0] == 0


def test_the_same_seed_shows_the_same_noise(results, pictures):
    again = measure(TASKS, [Identity(), Smooth()], pictures, {"PSNR (dB)": finite_psnr})
    for key, values in results.values.items():
        np.testing.assert_array_equal(values, again.values[key])


def test_noise_of_a_picture_does_not_depend_on_the_others(results, pictures):
    fewer = measure(TASKS, [Identity()], pictures[:2], {"PSNR (dB)": finite_psnr})
    key = ("sigma 25", "identity", "PSNR (dB)")
    np.testing.assert_array_equal(fewer.values[key], results.values[key][:2])


def test_the_table_has_a_row_a_method_and_a_column_a_condition(results):
    (table,) = tables(results)
    assert (table.title, table.head) == ("PSNR (dB)", ["clean", "sigma 25"])
    assert [row[0] for row in table.rows] == ["identity", "smooth", "smooth - identity"]
    assert re.fullmatch(r"\+\d+\.\d\d \(\+\d+\.\d\d, \+\d+\.\d\d\)", table.rows[-1][2])


def test_the_report_is_one_page_and_one_json(results, pictures, tmp_path):
    strips = example_strips(TASKS, Smooth(), pictures, count=2)
    facts = {"n": 5, "data": "<flat>"}
    page = write_report(tmp_path / "out", "smooth & flat", facts, results, strips)
    text = page.read_text()
    assert text.count("<img") == 6
    assert "smooth &amp; flat" in text
    assert "&lt;flat&gt;" in text
    assert "http" not in text
    rows = json.loads((tmp_path / "out" / "report.json").read_text())["rows"]
    assert len(rows) == 4
