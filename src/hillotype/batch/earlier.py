"""Results of earlier runs that lie among the pictures they were made of: journals tell them, and they are no inputs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from hillotype.batch.journal import FOLDER, Entry
from hillotype.batch.url import Url


class Earlier:
    """Knows the results of earlier runs whose pictures lie in a folder as well, and counts those that it is asked of.

    What was made of pictures elsewhere is no result here, but a picture: `denoise scans/1938 -o clean/1938`, then
    `colorize clean -o color`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[Path, Path] = {}  # the output folder of each result
        self._met: Counter[Path] = Counter()

    def learn(self, journals: Iterable[Path]) -> None:
        """Takes in what journals tell; from one that cannot be read nothing is learned."""
        for journal in journals:
            with suppress(OSError):
                out = journal.parent.parent
                for entry in map(Entry.from_line, journal.read_bytes().splitlines()):
                    if entry and entry.result and entry.input and self._holds(out, entry.input.path):
                        self._runs[out / entry.result.path] = out

    def _holds(self, out: Path, name: str) -> bool:
        """Tells whether a picture of this name in a journal lies in the folder."""
        if isinstance(self._folder, Url):
            return name.startswith(f"{self._folder}/")
        return Path(os.path.abspath(out / name)).is_relative_to(os.path.abspath(self._folder))

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
