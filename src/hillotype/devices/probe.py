"""Whether OpenVINO is faster for a network on this machine, and as good: measured once, and remembered."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hillotype.devices import Device, Network
from hillotype.errors import HillotypeError
from hillotype.files import make_folder, write_whole

SIDE: Final = 256
"""Pixels a side of what is measured on."""

GAIN: Final = 0.8
"""The share of the time that OpenVINO may take at most: it has to be loaded as well."""

APART: Final = 0.1 / 255
"""How far the answers may be apart, root mean square: more would cost 0.02 dB where a picture has little noise."""


@dataclass(frozen=True)
class Measured:
    """Seconds of one thread for SIDE x SIDE pixels, and how far the answers are apart."""

    cpu: float
    openvino: float
    apart: float

    def device(self) -> Device:
        """Returns what is to compute."""
        return Device.openvino if self.openvino < GAIN * self.cpu and self.apart < APART else Device.cpu


@cache
def faster(source: bytes | Path, channels: int, multiple: int) -> Device:
    """Returns which of cpu and openvino is to compute a network; what the library cannot compute is of the cpu.

    Args:
        source: the content of an .onnx file, or its path.
        channels: of its input.
        multiple: what height and width must be multiples of.
    """
    content = source if isinstance(source, bytes) else source.read_bytes()
    place, known = _file(), {}
    with suppress(OSError, ValueError, TypeError):
        known = dict(json.loads(place.read_bytes()))
    key = _key(content)
    with suppress(TypeError, KeyError):
        return Measured(**known[key]).device()
    try:
        measured = _measure(content, channels, -(-SIDE // multiple) * multiple)
    except Exception:  # OpenVINO's own have no common base
        return Device.cpu
    with suppress(OSError, HillotypeError):  # then it is measured again
        make_folder(place.parent)
        write_whole([json.dumps({**known, key: asdict(measured)}, indent=1).encode()], place, overwrite=True)
    return measured.device()


def _measure(content: bytes, channels: int, side: int) -> Measured:
    from hillotype.devices.onnx_runtime import OnnxNetwork
    from hillotype.devices.openvino import OpenVinoNetwork

    seen = np.random.default_rng(0).normal(0.5, 0.1, (1, channels, side, side)).astype(np.float32)
    (cpu, first), (openvino, second) = (_timed(kind(content, 1), seen) for kind in (OnnxNetwork, OpenVinoNetwork))
    return Measured(cpu, openvino, float(np.sqrt(np.mean((first - second) ** 2))))


def _timed(network: Network, seen: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """Returns the seconds of this thread, which alone computes, so that other work does not count; and the answer."""
    answer, times = network.run(seen), []
    for _ in range(3):
        start = time.thread_time()
        network.run(seen)
        times.append(time.thread_time() - start)
    return min(times), answer


def _key(content: bytes) -> str:
    """Names what a measurement depends on: machine, libraries, network."""
    machine = f"{platform.node()} {platform.machine()} {platform.processor()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "openvino"))
    return f"{hashlib.sha256(content).hexdigest()} on {machine}, {libraries}"


def _file() -> Path:
    """Returns where measurements are remembered: in the user's folder for what can be made again."""
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        folder = "~/Library/Caches"
    else:
        folder = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(folder), "hillotype", "devices.json")
