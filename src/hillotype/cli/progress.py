"""What the commands show while they work: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import math
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hillotype.cli.text import printable

if TYPE_CHECKING:
    from hillotype.batch.jobs import Job
    from hillotype.batch.results import Result
    from hillotype.train.loop import Progress as Training


BETWEEN_LINES = 60.0
"""Seconds between two lines of progress where there is no terminal."""


class Display:
    """Shows results as they come: on stdout what was done, on stderr what failed, and how far it is.

    That is a bar on a terminal, else a line every minute. What an earlier run did is not counted: it takes no time.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.quiet = quiet
        self._done, self._total = 0, total
        self._shares: dict[Path, float] = {}  # of what is worked on, by target
        self._telling = threading.Lock()
        self._start = self._told = time.perf_counter()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            redirect_stdout=sys.stdout.isatty(),
            transient=True,
            speed_estimate_period=300.0,  # pictures differ in size
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, job: Job, share: float) -> None:
        """Show how much of a picture or film is done; called by the threads that work on them."""
        name = printable(job.source.name)
        with self._telling:
            self._shares[job.target] = share
            self._bar.update(self._task, description=name, completed=self._sum())
            if job.film and self._bar.disable and not self.quiet:
                self._say_now_and_then(f", {name} {share:.0%}")

    def finish(self, result: Result) -> None:
        """Show what became of a picture."""
        from hillotype.batch.page import describe

        with self._telling:
            self._shares.pop(result.target, None)
            if result.status == "kept":
                self._total -= 1
                self._bar.update(self._task, total=self._total)
                return
            self._done += 1
            self._bar.update(self._task, completed=self._sum())
            if self._bar.disable and not self.quiet:
                self._say_now_and_then()
        if result.message:
            typer.echo(f"error: {printable(result.message)}", err=True)
        elif not self.quiet:
            line = f"{result.source} -> {result.target}: {describe(result)}, {result.seconds:.1f} s"
            typer.echo(printable(line))

    def _sum(self) -> float:
        return self._done + sum(self._shares.values())

    def _say_now_and_then(self, of_this: str = "") -> None:
        now, done = time.perf_counter(), self._sum()
        if now - self._told < BETWEEN_LINES or not done or self._done >= self._total:
            return
        self._told = now
        left = round((now - self._start) / done * max(0.0, self._total - done))
        clock = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        typer.echo(f"{self._done} of {self._total} done{of_this}, {clock} left", err=True)


class WorkDisplay:
    """Shows how far a training or a measurement is: on a terminal as a bar, else as a line at every twentieth."""

    def __init__(self, *, shown: bool = True) -> None:
        self._console = Console(stderr=True)
        self._lines = shown and not self._console.is_terminal
        self._told = (-1, "")
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(), TextColumn("{task.description}", markup=False))
        self._bar = Progress(*columns, console=self._console, disable=not (shown and self._console.is_terminal))
        self._task = self._bar.add_task("reading pictures", total=1.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, what: str) -> None:
        """Show what is done that has no measure."""
        self._bar.update(self._task, completed=0, description=what)
        if self._lines:
            self._console.print(what, highlight=False, markup=False)

    def report(self, training: Training, what: str = "") -> None:
        """Show where a training stands; `what` names it."""
        validation = "-" if math.isnan(training.validation_loss) else f"{training.validation_loss:.4g}"
        hours, seconds = divmod(round(training.seconds_left), 3600)
        text = (
            f"{what}{'  ' * bool(what)}step {training.step}  train {training.train_loss:.4g}  "
            f"validation {validation}  {training.pictures_per_second:.0f} pictures/s  "
            f"{hours}:{seconds // 60:02}:{seconds % 60:02} left"
        )
        self._show(training.fraction, text, what)

    def count(self, done: int, total: int) -> None:
        """Show how many pictures are measured, each as often as it is."""
        self._show(done / total, f"{done} of {total} measured", "")

    def _show(self, fraction: float, text: str, what: str) -> None:
        self._bar.update(self._task, completed=fraction, description=text)
        twentieth = (int(fraction * 20), what)
        if self._lines and twentieth != self._told:
            self._console.print(f"{fraction:4.0%}  {text}", highlight=False, markup=False)
            self._told = twentieth
