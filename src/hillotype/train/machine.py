"""What computes a training, for the run and the card: kinds of devices, nothing that tells computers apart."""

import platform
from pathlib import Path

import torch
from lightning_fabric import Fabric


def machine(fabric: Fabric) -> str:
    """Returns the devices that train, as the system names them, how many, and the version of torch.

    For example "Intel(R) Xeon(R) Processor, 2 cores, torch 2.13.0" or "2 x NVIDIA H100 80GB HBM3, torch 2.13.0".
    """
    count = fabric.world_size
    if fabric.device.type == "cpu":
        cores = count * torch.get_num_threads()
        devices = f"{processor()}, {cores} core{'s' if cores > 1 else ''}"
    else:
        name = torch.cuda.get_device_name(fabric.device) if fabric.device.type == "cuda" else fabric.device.type
        devices = name if count == 1 else f"{count} x {name}"
    return f"{devices}, torch {torch.__version__.partition('+')[0]}"


def processor() -> str:
    """Returns the model of the processor, or its architecture where the system tells no more."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), "") or platform.processor() or platform.machine()
