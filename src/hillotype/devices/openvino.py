"""Networks run by OpenVINO in half precision, for processors that compute it: several times as fast there."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_importing = threading.Lock()


class OpenVinoNetwork:
    """A network on the processor, in float16 where that is faster, else in float32.

    A compiled network does one thing at a time, so there are as many as were ever needed at once.
    """

    def __init__(self, source: bytes | Path, threads: int) -> None:
        self._model = core().read_model(source)
        self._options = {"INFERENCE_PRECISION_HINT": "f16", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        self._idle = [self._compiled()]

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (N, C, H, W) to (N, K, H, W)."""
        request = self._taken() or self._compiled()
        output: NDArray[np.float32] = request.infer([pictures])[0]
        self._idle.append(request)
        return output

    def release(self, nothing: NDArray[np.float32]) -> None:
        """Gives back the memory kept after a run for the next one, of the network that ended its work last."""
        if request := self._taken():
            request.get_compiled_model().release_memory()
            self._idle.append(request)

    def _taken(self) -> Any:  # noqa: ANN401
        """Returns one that nothing is asked of, if there is one; no other thread can take it as well."""
        with suppress(IndexError):
            return self._idle.pop()

    def _compiled(self) -> Any:  # noqa: ANN401
        return core().compile_model(self._model, "CPU", self._options).create_infer_request()


def core() -> Any:  # noqa: ANN401
    """Returns OpenVINO's core, which reads and compiles networks."""
    with _importing:
        return _imported()


@cache
def _imported() -> Any:  # noqa: ANN401
    """Imports OpenVINO without its telemetry, which tells Google Analytics of each import; nothing here is sent.

    Its package does without where that one is missing, so it is missing while this one is imported.
    """
    telemetry = {name: module for name, module in sys.modules.items() if name.startswith("openvino_telemetry")}
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        del sys.modules["openvino_telemetry"]
        sys.modules.update(telemetry)
    return openvino.Core()
