"""Trainings that the studio starts: each a process of its own, `hillotype train`, one at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from hillotype.studio.laboratory.recipes import find_recipe
from hillotype.studio.laboratory.runs import LOG, RECIPE
from hillotype.studio.laboratory.schemas import Start, TrainingState
from hillotype.studio.problems import Refusal

_PATIENCE = 30.0  # seconds for a training to end by itself once it is asked to
# A studio that a shell runs in the background ignores interruptions, and so would what it starts.
_HILLOTYPE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from hillotype.cli import main; main()"
)


class Trainer:
    """Starts and ends trainings in run folders below `root`, on the pictures of the recipe or on those of `data`."""

    def __init__(self, root: Path, data: Path | None) -> None:
        self.root, self.data = root, data
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = root
        self._stopped = False  # by the person: its end is no failure then
        self._starting = threading.Lock()
        self._told = tempfile.TemporaryFile()  # noqa: SIM115

    def start(self, wanted: Start) -> TrainingState:
        """Train a recipe in a new run folder.

        Raises:
            Refusal: another training goes on, the folder holds a run, there is no such recipe, or no pictures for it.
        """
        folder = self.root / wanted.name
        if (folder / LOG).exists():
            raise Refusal(409, f"{wanted.name}: holds a run already; choose another name, or go on with it.")
        minutes = [] if wanted.minutes is None else ["--minutes", str(wanted.minutes)]
        return self._train(find_recipe(wanted.recipe), folder, *minutes, *(self._own_pictures() if wanted.own else ()))

    def go_on(self, folder: Path) -> TrainingState:
        """Train on where a run stopped.

        Raises:
            Refusal: another training goes on.
        """
        return self._train(folder / RECIPE, folder, "--resume")

    def stop(self) -> TrainingState:
        """End the training; it can go on from its last checkpoint."""
        if self._process is not None and self._process.poll() is None:
            self._stopped = True
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self.state()

    def close(self) -> None:
        """End the training, and forget what it said."""
        self.stop()
        self._told.close()

    def state(self) -> TrainingState:
        """Return what is known of the last training."""
        code = None if self._process is None else self._process.poll()
        going = self._process is not None and code is None
        failed = code not in (None, 0, 130) and not self._stopped
        name = "" if self._process is None else self._folder.relative_to(self.root).as_posix()
        return TrainingState(name=name, going=going, message=self._last_line() if failed else "")

    def _own_pictures(self) -> tuple[str, str]:
        if self.data is None:
            raise Refusal(422, "The studio was given no pictures to train on; start it again with --data FOLDER.")
        return "--data", str(self.data)

    def _train(self, recipe: Path, folder: Path, *options: str) -> TrainingState:
        command = [sys.executable, "-c", _HILLOTYPE, "train", str(recipe), "-o", str(folder), *options]
        with self._starting:
            if self.state().going:
                raise Refusal(409, f"{self.state().name} is being trained; stop it first, or wait for its end.")
            self._told.seek(0)
            self._told.truncate()
            self._folder, self._stopped = folder, False
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._told,
                start_new_session=True,  # an interruption of the studio ends it in order, by `stop`
            )
        return self.state()

    def _last_line(self) -> str:
        self._told.seek(0)
        lines = self._told.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else "The training failed and said nothing."
