"""What a study is: an experiment of a report, run by one command, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hillotype.errors import RecipeError
from hillotype.pages import Html

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench


@dataclass(frozen=True)
class Figure:
    """One line of a study's first table: the same figure, on the same pictures, from everyone. None: there is none.

    Attributes:
        what: the figure with its unit and averaging, for example "MSE per element, test digits".
        count: how many pictures it averages over.
        reported: as the report states it; text where it is no number of this unit.
        reproduced: from the report's own model and training, here.
        best: from our best model.
        identity: from leaving the input alone.
        plain: from the gray copy or the mean color.
        pca: from principal components fitted on training pictures.
        target: what `best` must not exceed.
    """

    what: str
    count: int
    reported: float | str | None = None
    reproduced: float | None = None
    best: float | None = None
    identity: float | None = None
    plain: float | None = None
    pca: float | None = None
    target: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether `best` is as good as the target; None without one."""
        return None if self.target is None or self.best is None else self.best <= self.target


@dataclass(frozen=True)
class Section:
    """A heading of the page and what stands under it."""

    title: str
    parts: tuple[Html, ...]


@dataclass(frozen=True)
class Findings:
    """What a study found.

    Attributes:
        figures: the first table.
        differs: what differs from the report, told honestly.
        sections: the rest of the page.
        numbers: everything measured, for results.json.
    """

    figures: tuple[Figure, ...]
    differs: str
    sections: tuple[Section, ...]
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """An experiment by name.

    Attributes:
        name: as the command line and the folder of its recipes call it.
        report: number of the report, "000" to "004".
        summary: one line on what it shows.
        data: the named sources or archives that it needs.
        minutes: how long it takes in full on two cores.
        run: does it all, and returns what it found.
    """

    name: str
    report: str
    summary: str
    data: tuple[str, ...]
    minutes: float
    run: Callable[[Bench], Findings]


STUDIES: dict[str, Study] = {}
"""The studies by name."""


def study(
    name: str, *, report: str, summary: str, data: tuple[str, ...], minutes: float
) -> Callable[[Callable[[Bench], Findings]], Callable[[Bench], Findings]]:
    """Enters a function as the study `name`; a name taken twice is an error."""

    def enter(run: Callable[[Bench], Findings]) -> Callable[[Bench], Findings]:
        if name in STUDIES:
            raise ValueError(f"study {name!r} is registered twice")
        STUDIES[name] = Study(name, report, summary, data, minutes, run)
        return run

    return enter


def find_study(name: str) -> Study:
    """Returns the study of that name.

    Raises:
        RecipeError: there is none.
    """
    if name not in STUDIES:
        raise RecipeError(f"study {name!r}: unknown; use one of {', '.join(STUDIES)} or all")
    return STUDIES[name]
