"""The journal of an output folder that lies elsewhere, in a store of objects that knows no appending and no renaming.

An entry is an object of its own in `.hillotype`, put before its result: a put is whole or not at all, so whatever a
killed run leaves is known, as with the journal of a local folder. The end of a run, and the start of the next one if
it was killed, folds these objects into one, `.hillotype/journal.jsonl`. There are no locks: two runs at once into one
such folder do the same work twice, and each may lose the entries of the other.
"""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from hillotype.batch.journal import FOLDER, NAME, REPLACED, Entry, Journal, line_of
from hillotype.batch.url import Url, fetch_all, remove_all
from hillotype.errors import PictureError
from hillotype.files import writing


class RemoteJournal(Journal):
    """A `Journal` whose output folder is a `Url`; what is not finished lies in a folder of this machine.

    Raises:
        PictureError: the store cannot be reached or does not take the journal.
    """

    out: Url

    def __init__(self, out: Url, made_with: Mapping[str, Any]) -> None:
        super().__init__(out, made_with)

    def _open(self) -> None:
        self._there = self.out / FOLDER
        with writing(self._there / NAME, PictureError):
            self._loose = [url for url in self._there.inside() if url.suffix == ".json" and url.parent == self._there]
            whole = self._there / NAME
            self._lines = whole.read_bytes().splitlines(keepends=True) if whole.exists() else []
            self._lines += fetch_all(self._loose)
            self._fold()
        for line in self._lines:
            self._index(line)
        self._working = tempfile.TemporaryDirectory(prefix="hillotype-")
        self._folder = Path(self._working.name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the next run folds
            self._fold()
        self._working.cleanup()

    def _fold(self) -> None:
        """Puts all entries into one object; then those of their own can go."""
        if self._loose:
            (self._there / NAME).put(b"".join(self._lines))
            remove_all(self._loose)
            self._loose.clear()

    def name(self, file: Path) -> str:
        """Returns the name of a file in the journal: its path from the output folder, or its whole address."""
        text = str(file) if isinstance(file, Url) else file.absolute().as_posix()
        return text.removeprefix(f"{self.out}/")

    def record(self, entry: Entry) -> None:
        """Puts an entry.

        Raises:
            PictureError: the store does not take it.
        """
        line = line_of(entry)
        loose = self._there / f"{time.time_ns():020}-{secrets.token_hex(4)}.json"
        with writing(loose, PictureError):
            loose.put(line)
        self._loose.append(loose)
        self._lines.append(line)
        self._index(line)

    def publish(self, staged: Path, target: Path, entry: Entry, *, overwrite: bool) -> None:
        """Records a finished file as the result of an entry, then puts it where it belongs; see `Journal.publish`.

        A second entry tells the store's time of it, so that later runs need not fetch it to know it.
        """
        try:
            result = replace(self.stamp(staged), path=self.name(target), mtime_ns=None)
            self.record(replace(entry, result=result))
            with writing(target, PictureError):
                if not overwrite and target.exists():
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
                Url(target).put(staged.read_bytes())
                changed = target.stat().st_mtime_ns
            self.record(replace(entry, result=replace(result, mtime_ns=changed)))
        finally:
            with suppress(OSError):
                staged.unlink()

    def set_aside(self, target: Path) -> str:
        """Moves a result into the journal's folder; see `Journal.set_aside`."""
        aside = self._there / REPLACED / f"{target.stem[:100]}-{secrets.token_hex(4)}{target.suffix}"
        with writing(target, PictureError):
            Url(target).move(aside)
        return self.name(aside)

    def is_there(self) -> bool:
        """Tells whether the store still answers."""
        try:
            self._there.inside()
        except OSError:
            return False
        return True
