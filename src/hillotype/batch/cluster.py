"""Restore pictures on many cores and machines, with Ray.

Bytes travel, not paths: the file of a picture goes to a worker through Ray's object store, and the file of the result
comes back. So workers need this package and nothing else, and no folder is shared. What is to be done is decided by the
caller, who also writes and keeps the journal, in one way for all engines (`hillotype.batch.folder`).

A picture is a Ray *task*. A pool of actors (`ray.util.ActorPool`, `Dataset.map_batches` of Ray Data) could hold the
models as well, but has to be sized beforehand, loses a place when an actor dies, and Ray Data wants Arrow and pandas
besides. Tasks go where a core is free, on machines that join later too; Ray itself takes up those of a worker that
died; and its processes live on between tasks, so that they keep the models (`_received`).
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hillotype import __version__
from hillotype.batch.jobs import Job
from hillotype.batch.parcels import restore_parcel
from hillotype.batch.results import Answer, Parcel, Result, Settings
from hillotype.errors import HillotypeError
from hillotype.modelfile import usable_cores
from hillotype.restore.restorer import Restorer

if TYPE_CHECKING:
    from ray import ObjectRef

AHEAD: Final = 2
"""Pictures sent for each core: one is worked on, one waits."""

_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else a warning about GPUs, which nobody asks for
}
"""What Ray reads from the environment: tell nobody that it is used, and warn of nothing."""


class RayEngine:
    """Restores pictures as Ray tasks of one core each: the engine for `restore_files`.

    Where a worker dies, its picture is tried once more; then it fails, and the others go on.

    Args:
        address: of a Ray cluster, `HOST:PORT`, `auto` or `ray://HOST:PORT`; None for that in RAY_ADDRESS. Without any,
            Ray is started on this machine, and ended with the last picture. If Ray runs in this process, that is used.
        cores: how many pictures are worked on at once where Ray is started here; None for one on each core.

    Raises:
        HillotypeError: Ray is not installed.
    """

    def __init__(self, address: str | None = None, *, cores: int | None = None) -> None:
        self.address, self.cores = address or os.environ.get("RAY_ADDRESS"), cores
        self._ray = _import_ray()

    def __call__(
        self, restorer: Restorer, settings: Settings, parcels: Iterator[Parcel | Result]
    ) -> Generator[Answer | Result, None, None]:
        """Restores parcels, and yields the answer to each as it is finished.

        Args:
            restorer: goes to the workers with its models; loaded with `threads=1`, as each task has one core.
            settings: how.
            parcels: the pictures; results among them come back as they are. Ray is started for the first picture.

        Raises:
            HillotypeError: Ray is not to be reached or stops, or its workers do not have this version of hillotype.
        """
        with ExitStack() as ending:
            away: dict[ObjectRef[Answer], Job] = {}
            send: Callable[[Parcel], ObjectRef[Answer]] | None = None
            for parcel in parcels:
                if isinstance(parcel, Result):
                    yield parcel
                    continue
                if send is None:
                    ending.callback(self._end, away, running=self._ray.is_initialized())
                    send = self._sender(restorer, settings)
                away[send(parcel)] = parcel.job
                while len(away) >= self._room():
                    yield _next(self._ray, away)
            while away:
                yield _next(self._ray, away)

    def _sender(self, restorer: Restorer, settings: Settings) -> Callable[[Parcel], ObjectRef[Answer]]:
        """Starts Ray or joins it, and returns what sends a parcel to a worker."""
        if not self._ray.is_initialized():
            self._start()
        task = self._ray.remote(num_cpus=1, max_retries=1)(_restore)
        sent = self._ray.put(restorer)  # in a list: a reference that is an argument itself is unpacked for each task
        return lambda parcel: task.remote([sent], parcel, settings, __version__)

    def _start(self) -> None:
        options: dict[str, Any] = {"address": self.address or "local", "log_to_driver": False}
        if not self.address:
            options |= {"num_cpus": self.cores or usable_cores(), "include_dashboard": False}
        if (self.address or "").startswith("ray://"):  # hands all options to the other side, which refuses this one
            logging.getLogger("ray").setLevel(logging.CRITICAL)
        else:
            options["logging_level"] = logging.CRITICAL
        try:
            _reach(self.address)
            self._ray.init(**options)
        except Exception as error:  # ConnectionError, RuntimeError, ValueError and gRPC's own
            place = f"at {self.address}" if self.address else "on this machine"
            raise HillotypeError(
                f"Ray {place}: does not start or answer ({_first_line(error)}); check --address, `ray status` and, "
                "if it wants a token, RAY_AUTH_MODE=token"
            ) from error

    def _room(self) -> int:
        """Returns how many pictures may be away at once; machines come and go."""
        return AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def _end(self, away: Collection[ObjectRef[Answer]], *, running: bool) -> None:
        """Calls back what is away still, and ends Ray unless it was running before."""
        with suppress(Exception):  # Ray may be gone
            for reference in away:
                self._ray.cancel(reference, force=True)
        if not running:
            self._ray.shutdown()


def _reach(address: str | None) -> None:
    """Finds out at once whether somebody listens at HOST:PORT; Ray itself tries for two minutes.

    Raises:
        OSError: nobody does.
    """
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def _restore(sent: list[ObjectRef[Restorer]], parcel: Parcel, settings: Settings, version: str) -> Answer:
    """Restores a parcel on a worker. What goes wrong with one picture is an answer, what would with all is raised."""
    if version != __version__:
        raise HillotypeError(f"hillotype {__version__} is on a worker, {version} here; install the same everywhere")
    restorer = _received(sent[0])
    try:
        return restore_parcel(restorer, parcel, settings)
    except (OSError, MemoryError) as error:
        return _failed(parcel.job, f"its worker could not take it ({str(error) or 'not enough memory'}); run again")


@lru_cache(maxsize=1)
def _received(sent: ObjectRef[Restorer]) -> Restorer:
    """Returns what the caller sent, once a process, so that models are not loaded for each picture."""
    restorer: Restorer = _import_ray().get(sent)
    return restorer


def _next(ray: Any, away: dict[ObjectRef[Answer], Job]) -> Answer:  # noqa: ANN401
    """Waits for the next answer, and takes its picture off those that are away."""
    (done, *_), _ = ray.wait(list(away), num_returns=1)
    job = away.pop(done)
    try:
        answer: Answer = ray.get(done)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, HillotypeError):
            raise error.cause from None
        reason = _first_line(error.cause or error)
        raise HillotypeError(
            f"Ray's workers cannot run hillotype ({reason}); install hillotype {__version__} with the same Python there"
        ) from error
    except ray.exceptions.OutOfMemoryError:
        return _failed(job, "its worker had not enough memory for it; give Ray fewer cores or more memory")
    except ray.exceptions.RaySystemError as error:
        raise HillotypeError(
            f"Ray stopped ({_first_line(error)}); run the same command again: what is finished is kept"
        ) from error
    except ray.exceptions.RayError as error:  # the worker or its machine died, or lost what was sent
        return _failed(job, f"its worker died, twice ({type(error).__name__}); run the same command again")
    return answer


def _failed(job: Job, message: str) -> Answer:
    return Answer(Result(job.source, job.target, "failed", message=f"{job.source}: {message}"))


def _import_ray() -> Any:  # noqa: ANN401
    """Imports Ray, which reads the environment as it is imported.

    Raises:
        HillotypeError: it is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise HillotypeError("ray is not installed: the engine needs it; run `pip install 'hillotype[ray]'`") from error
    return ray


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
