"""Pictures that come as bytes are worked on side by side, as files are."""

import threading

from tests.batch.conftest import save

import hillotype
from hillotype.batch import parcels, steps
from hillotype.batch.jobs import find_jobs
from hillotype.batch.parcels import restore_here
from hillotype.batch.results import Answer, Parcel, Result, Settings


def sent(folder, out, sizes):
    for number, size in enumerate(sizes):
        save(folder / f"{number}.png", size=size)
    return [Parcel(job, job.source.read_bytes()) for job in find_jobs([folder], out)]


def test_two_at_once_in_order_and_a_large_one_alone(tiny_zoo, tmp_path, monkeypatch):
    small = sent(tmp_path / "in", tmp_path / "out", [(24, 16), (24, 16), (40, 40)])
    monkeypatch.setattr(steps, "LARGE", 1000)
    both, threads, restore = threading.Barrier(2, timeout=60), {}, parcels.restore_parcel

    def watched(restorer, parcel, settings):
        threads[parcel.job.source.stem] = restorer.threads
        if restorer.threads == 1:
            both.wait()  # neither goes on without the other
        return restore(restorer, parcel, settings)

    monkeypatch.setattr(parcels, "restore_parcel", watched)
    kept = Result(tmp_path / "in" / "9.png", tmp_path / "out" / "9.png", "kept")
    answers = list(restore_here(hillotype.load("colorize", threads=2), Settings(), iter([*small, kept])))
    assert [answer.result.source.stem for answer in answers if isinstance(answer, Answer)] == ["0", "1", "2"]
    assert answers[3] is kept
    assert threads == {"0": 1, "1": 1, "2": 2}


def test_one_alone_has_all_cores_and_nothing_is_nothing(tiny_zoo, tmp_path, monkeypatch):
    threads, restore = [], parcels.restore_parcel

    def watched(restorer, parcel, settings):
        threads.append(restorer.threads)
        return restore(restorer, parcel, settings)

    monkeypatch.setattr(parcels, "restore_parcel", watched)
    colorizer = hillotype.load("colorize", threads=2)
    (answer,) = restore_here(colorizer, Settings(), iter(sent(tmp_path / "in", tmp_path / "out", [(24, 16)])))
    assert answer.content
    assert threads == [2]
    assert list(restore_here(colorizer, Settings(), iter([]))) == []
