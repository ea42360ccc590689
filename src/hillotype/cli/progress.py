"""What the commands show while they work: a bar on a terminal, else a line a picture."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hillotype.cli.text import printable
from hillotype.restore.folder import Job, Result
from hillotype.restore.page import describe


class Display:
    """Shows results as they come: on stdout what was done, on stderr what failed and, if a terminal, a bar."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.quiet = quiet
        self._done = 0
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            redirect_stdout=sys.stdout.isatty(),
            transient=True,
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
        """Show how much of a picture is done."""
        self._bar.update(self._task, description=printable(job.source.name), completed=self._done + share)

    def finish(self, result: Result) -> None:
        """Show what became of a picture."""
        self._done += 1
        self._bar.update(self._task, completed=self._done)
        if result.message:
            typer.echo(f"error: {printable(result.message)}", err=True)
        elif not self.quiet:
            line = f"{result.source} -> {result.target}: {describe(result)}, {result.seconds:.1f} s"
            typer.echo(printable(line))
