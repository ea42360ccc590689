"""What computes a network: ONNX Runtime on the processor or a GPU, or OpenVINO on the processor.

`open_network` is the only door. A network is opened by name of a device; `settled` says what "auto" comes to: ONNX
Runtime on the processor, or OpenVINO where that is installed and was measured to be faster (`probe`).
"""

from __future__ import annotations

import importlib.util
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from hillotype.errors import HillotypeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Since 1.29 ONNX Runtime reports to Microsoft, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


class Device(StrEnum):
    """What computes."""

    auto = "auto"
    cpu = "cpu"
    openvino = "openvino"
    cuda = "cuda"
    directml = "directml"
    coreml = "coreml"


VARIABLE: Final = "HILLOTYPE_DEVICE"
"""The environment variable that stands in for "auto"."""

PROVIDERS: Final = {
    Device.cuda: (
        "CUDAExecutionProvider",
        "run `pip uninstall onnxruntime; pip install 'onnxruntime-gpu[cuda,cudnn]'`",
    ),
    Device.directml: (
        "DmlExecutionProvider",
        "on Windows run `pip uninstall onnxruntime; pip install onnxruntime-directml`",
    ),
    Device.coreml: ("CoreMLExecutionProvider", "it is in the onnxruntime of macOS alone"),
}
"""ONNX Runtime's names of GPUs, and how to come by them."""


class Network(Protocol):
    """A network that is ready; several threads may run it."""

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (N, C, H, W) to (N, K, H, W)."""

    def release(self, nothing: NDArray[np.float32]) -> None:
        """Gives back the memory kept after a run for the next one; `nothing` is the smallest picture it takes."""


def chosen(device: str) -> Device:
    """Returns the device of a name; for "auto" that of HILLOTYPE_DEVICE, if it is set.

    Raises:
        HillotypeError: there is none of that name, or what it needs is not installed.
    """
    name = os.environ.get(VARIABLE, device) if device == Device.auto else device
    try:
        found = Device(name)
    except ValueError:
        raise HillotypeError(f"device {name!r}: unknown; choose {', '.join(Device)}") from None
    if found == Device.openvino and not has_openvino():
        raise HillotypeError("device openvino: is not installed; run `pip install 'hillotype[openvino]'`")
    if found in PROVIDERS:
        import onnxruntime

        provider, remedy = PROVIDERS[found]
        if provider not in onnxruntime.get_available_providers():
            raise HillotypeError(f"device {found}: not in the ONNX Runtime that is installed; {remedy}")
    return found


def settled(source: bytes | Path, device: Device, side: tuple[int, int]) -> Device:
    """Returns what computes a network for a device: of "auto" what was measured to be faster, which is done once.

    Args:
        source: the content of an .onnx file, or its path.
        device: what is asked for.
        side: channels of its input, and what height and width must be multiples of.
    """
    if device != Device.auto:
        return device
    if not has_openvino():
        return Device.cpu
    from hillotype.devices.probe import faster

    return faster(source, *side)


def open_network(source: bytes | Path, device: Device, threads: int) -> Network:
    """Opens a network for a device.

    Args:
        source: the content of an .onnx file, or its path.
        device: what computes; not "auto" (see `settled`).
        threads: how many threads compute, on the processor.

    Raises:
        HillotypeError: the device is there, and does not work.
        Exception: whatever the library says of a file that is no network.
    """
    from hillotype.devices.onnx_runtime import OnnxNetwork

    if device == Device.openvino:
        from hillotype.devices.openvino import OpenVinoNetwork

        return OpenVinoNetwork(source, threads)
    return OnnxNetwork(source, threads, device)


def has_openvino() -> bool:
    """Tells whether OpenVINO is installed; it is not imported."""
    return importlib.util.find_spec("openvino") is not None
