"""Results of earlier runs in a folder of pictures: their journals tell which they are, and they are no inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hillotype.batch.journal import FOLDER, Entry


class Earlier:
    """Knows the results of earlier runs among the files of a folder, and counts those that it is asked of."""

    def __init__(self) -> None:
        self._runs: dict[Path, Path] = {}  # the output folder of each result
        self._met: Counter[Path] = Counter()

    def learn(self, journals: Iterable[Path]) -> None:
        """Takes in what journals tell; from one that cannot be read nothing is learned."""
        for journal in journals:
            with suppress(OSError):
                out = journal.parent.parent
                entries = map(Entry.from_line, journal.read_bytes().splitlines())
                self._runs |= {out / entry.result.path: out for entry in entries if entry and entry.result}

    def made(self, file: Path) -> bool:
        """Tells whether an earlier run made a file, and counts it if so."""
        out = self._runs.get(file)
        if out is not None:
            self._met[out] += 1
        return out is not None

    def say(self, note: Callable[[str], None]) -> None:
        """Says of each output folder in one line how many of its files were met."""
        for out, count in sorted(self._met.items()):
            note(f"{out}: results of an earlier run, left out ({count}); name this folder to take them as inputs")


def is_journal(file: Path) -> bool:
    """Tells by its name whether a file is a journal, or an entry of one in a store."""
    return file.parent.name == FOLDER and file.suffix in (".jsonl", ".json")
