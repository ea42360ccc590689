import json
from pathlib import Path

from hillotype import __version__
from hillotype.batch.journal import Journal
from hillotype.batch.report import document, to_json, write_report
from hillotype.batch.results import Result, Settings

RESULTS = [
    Result(Path("in/a.jpg"), Path("out/a.jpg"), "done", 1.5, ("colorize",), ("no colors",)),
    Result(Path("in/\udcff.jpg"), Path("out/\udcff.jpg"), "failed", message="in/\udcff.jpg: truncated"),
]


def test_it_holds_options_versions_counts_and_each_picture():
    report = json.loads(to_json(document(RESULTS, Settings(strength=0.5), 2.0)))
    assert (report["strength"], report["overwrite"], report["seconds"]) == (0.5, False, 2.0)
    assert report["versions"]["hillotype"] == __version__
    assert report["counts"] == {"done": 1, "failed": 1}
    assert report["results"][0]["steps"] == ["colorize"]
    assert report["results"][1]["source"] == "in/\udcff.jpg"


def test_one_of_ours_is_replaced_and_one_of_others_left(tmp_path):
    path = tmp_path / "report.json"
    for number in (1, 2):
        with Journal(tmp_path, {}) as journal:
            assert write_report({"number": number}, journal) == path
        assert json.loads(path.read_text()) == {"number": number}
    path.write_text("mine")
    with Journal(tmp_path, {}) as journal:
        assert write_report({}, journal) is None
    assert path.read_text() == "mine"
