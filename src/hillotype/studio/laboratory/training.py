"""Trainings that the studio starts: each a process of its own, `hillotype train`, one at a time."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from hillotype.studio.laboratory.recipes import find_recipe
from hillotype.studio.laboratory.runs import RECIPE, last_change
from hillotype.studio.laboratory.schemas import RunStatus, Start, TrainingState
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
        self._left: float | None = None  # when it changed last, once it has ended
        self._changing = threading.Lock()
        self._told = tempfile.TemporaryFile()  # noqa: SIM115

    def start(self, wanted: Start) -> TrainingState:
        """Trains a recipe in a new run folder.

        Raises:
            Refusal: another training goes on, the folder holds a run, there is no such recipe, or no pictures for it.
        """
        folder = self.root / wanted.name
        if (folder / RECIPE).exists():
            raise Refusal(409, f"{wanted.name}: holds a run already; choose another name, or go on with it.")
        minutes = [] if wanted.minutes is None else ["--minutes", str(wanted.minutes)]
        return self._train(find_recipe(wanted.recipe), folder, *minutes, *(self._own_pictures() if wanted.own else ()))

    def go_on(self, folder: Path) -> TrainingState:
        """Trains on where a run stopped.

        Raises:
            Refusal: another training goes on.
        """
        return self._train(folder / RECIPE, folder, "--resume")

    def stop(self) -> TrainingState:
        """Ends the training, and waits for its end; it can go on from its last checkpoint."""
        with self._changing:
            process, state = self._process, self.state()
            if process is not None and state.going and not state.stopping:
                self._stopped = True
                process.send_signal(signal.SIGINT)  # only once: another would interrupt its orderly end
        if process is not None:
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return self.state()

    def close(self) -> None:
        """Ends the training, and forgets what it said."""
        self.stop()
        self._told.close()

    def state(self) -> TrainingState:
        """Returns what is known of the last training."""
        code = None if self._process is None else self._process.poll()
        going = self._process is not None and code is None
        failed = code not in (None, 0, 130) and not self._stopped
        name = "" if self._process is None else self._folder.relative_to(self.root).as_posix()
        message = self._last_line() if failed else ""
        if self._stopped and not going and not (self._folder / RECIPE).exists():  # it was still reading its pictures
            message = f"{name} was stopped before it began: nothing is kept of it."
        return TrainingState(name=name, going=going, stopping=going and self._stopped, message=message)

    def status(self, folder: Path) -> RunStatus | None:
        """Returns where a run stands by its process, or None if that is not the studio's.

        Once the process has ended, somebody else may go on with the run: its log changes then.
        """
        if self._process is None or folder != self._folder:
            return None
        state = self.state()
        if state.going:
            return "stopping" if state.stopping else "training"
        changed = last_change(folder)
        if self._left is None:
            self._left = changed
        return "stopped" if changed == self._left else None

    def _own_pictures(self) -> tuple[str, str]:
        if self.data is None:
            raise Refusal(422, "The studio was given no pictures to train on; start it again with --data FOLDER.")
        return "--data", str(self.data)

    def _train(self, recipe: Path, folder: Path, *options: str) -> TrainingState:
        command = [sys.executable, "-c", _HILLOTYPE, "train", str(recipe), "-o", str(folder), *options]
        with self._changing:
            if self.state().going:
                raise Refusal(409, f"{self.state().name} is being trained; stop it first, or wait for its end.")
            self._told.seek(0)
            self._told.truncate()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._told,
                start_new_session=True,  # an interruption of the studio ends it in order, by `stop`
            )
            self._folder, self._stopped, self._left = folder, False, None
        return self.state()

    def _last_line(self) -> str:
        self._told.seek(0)
        lines = self._told.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].removeprefix("error: ") if lines else "The training failed and said nothing."
