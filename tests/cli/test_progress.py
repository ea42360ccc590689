from pathlib import Path

from hillotype.batch.jobs import Job
from hillotype.batch.results import Result
from hillotype.cli.progress import Display, WorkDisplay


def shown(display):
    """How many files are done, those that are worked on in part, of how many."""
    (task,) = display._bar.tasks
    return task.completed, task.total


def test_shares_of_files_that_are_worked_on_side_by_side_add_up():
    first, second, kept = (Job(Path(name), Path("out") / name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    with Display(3, quiet=True) as display:
        display.advance(second, 0.5)
        display.advance(first, 0.25)
        assert shown(display) == (0.75, 3)
        display.advance(second, 1.0)  # finished, but its result comes after the first one's
        display.finish(Result(first.source, first.target, "done"))
        assert shown(display) == (2.0, 3)
        display.finish(Result(second.source, second.target, "failed", message="b.jpg: damaged"))
        display.finish(Result(kept.source, kept.target, "kept"))
        assert shown(display) == (2.0, 2)


def test_without_a_terminal_a_measurement_is_a_line_at_every_twentieth(capsys):
    with WorkDisplay() as display:
        for done in range(1, 101):
            display.count(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "100%  100 of 100 measured"
    with WorkDisplay(shown=False) as display:
        display.count(1, 2)
    assert capsys.readouterr().err == ""
