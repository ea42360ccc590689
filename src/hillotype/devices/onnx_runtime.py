"""Networks run by ONNX Runtime."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from hillotype.devices import PROVIDERS, Device
from hillotype.errors import HillotypeError


class OnnxNetwork:
    """A network on the processor or a GPU, always computed in the same way."""

    def __init__(self, source: bytes | Path, threads: int, device: Device = Device.cpu) -> None:
        provider = PROVIDERS[device][0] if device in PROVIDERS else None
        if device == Device.cuda:
            onnxruntime.preload_dlls()  # the libraries of CUDA that pip installed
        self._session = open_session(source, threads=threads, provider=provider)
        if provider is not None and provider not in self._session.get_providers():
            raise HillotypeError(f"device {device}: does not start; update its driver, or choose the device cpu")
        self._input = self._session.get_inputs()[0].name
        # A GPU is asked one thing at a time: it is not faster otherwise, and DirectML must not be.
        self._turn: AbstractContextManager[object] = nullcontext() if provider is None else threading.Lock()

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (N, C, H, W) to (N, K, H, W)."""
        with self._turn:
            (output,) = self._session.run(None, {self._input: pictures})
        return output  # type: ignore[no-any-return]

    def release(self, nothing: NDArray[np.float32]) -> None:
        """Gives back the memory that is kept after a run for the next one: up to 200 MB after large tiles."""
        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with self._turn:
            self._session.run(None, {self._input: nothing}, options)


def open_session(
    source: bytes | Path, *, threads: int = 1, optimize: bool = True, provider: str | None = None
) -> onnxruntime.InferenceSession:
    """Opens a session.

    Args:
        source: the content of an .onnx file, or its path.
        threads: how many threads compute.
        optimize: whether the graph is made faster, which takes a while.
        provider: ONNX Runtime's name of a GPU; None for the processor.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal only: every failure becomes an error of ours
    options.intra_op_num_threads = threads
    options.use_deterministic_compute = True
    # Measured on tiles of many shapes: plans per shape cost 10 % more memory, waiting threads 30 % more time.
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    providers = [name for name in (provider, "CPUExecutionProvider") if name]
    return onnxruntime.InferenceSession(source, options, providers=providers)
