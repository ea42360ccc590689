"""The log of a run: metrics.jsonl, one JSON object a line, each with its `step`."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hillotype.files import write_whole

Row: TypeAlias = dict[str, float]
"""A line of a log: `step`, and `train_loss` or `validation_loss` among others."""


@dataclass(frozen=True)
class Log:
    """The metrics.jsonl of a run folder."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "metrics.jsonl"

    def add(self, step: int, numbers: Row) -> None:
        """Adds a line, its numbers to six digits."""
        row = {"step": step, **{name: float(f"{value:.6g}") for name, value in numbers.items()}}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def rewind(self, step: int) -> None:
        """Forgets the lines after a step, and one that an interruption cut off."""
        if self.path.exists():
            lines = self.path.read_text("utf-8", errors="replace").splitlines()
            kept = "".join(f"{line}\n" for line in lines if _step(line) <= step)
            write_whole([kept.encode()], self.path, overwrite=True)

    def rows(self) -> list[Row]:
        """Returns its lines."""
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


def curve(rows: list[Row], key: str) -> list[tuple[float, float]]:
    """Returns step and value of each line that has this figure, as `validation_loss`."""
    return [(row["step"], row[key]) for row in rows if key in row]


def _step(line: str) -> float:
    """Returns the step of a line, and infinity for one that an interruption cut off."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf
