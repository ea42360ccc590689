from pathlib import Path

from hillotype.batch.jobs import Job
from hillotype.batch.results import Result
from hillotype.cli.progress import Display


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
