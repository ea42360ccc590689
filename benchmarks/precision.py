"""What a denoiser gains in speed and loses in PSNR in half precision and in 8 bits, by ONNX Runtime and OpenVINO.

    python benchmarks/precision.py [--model denoise-color] [--pictures 12]

CPU seconds a megapixel of one thread, the best of three; then the mean PSNR on photographs with Gaussian noise of each
sigma, of 255, as a difference to that of float32. int8 is calibrated on 16 noisy training pictures, per channel.
The pictures are of DATA, looked for in HILLOTYPE_DATA. Needs `pip install 'hillotype[train,openvino]'`.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from hillotype.data.images import to_floats
from hillotype.data.load import load_pictures
from hillotype.data.sources import open_source
from hillotype.data.splits import split_names
from hillotype.devices.onnx_runtime import open_session
from hillotype.devices.openvino import core
from hillotype.modelfile import find_model, read_card

DATA, SIGMAS = "zip:photos-nips17-256.zip", (0, 5, 15, 25, 50)
Run = Callable[[np.ndarray], np.ndarray]


def by_onnx_runtime(path: Path) -> Run:
    """Returns what runs a file on one thread."""
    session = open_session(path)
    return lambda seen: session.run(None, {session.get_inputs()[0].name: seen})[0]


def by_openvino(path: Path, precision: str) -> Run:
    """Returns what runs a file on one thread in a precision."""
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    request = core().compile_model(core().read_model(path), "CPU", options).create_infer_request()
    return lambda seen: request.infer([seen])[0]


def in_8_bits(path: Path, pictures: list[np.ndarray], folder: Path) -> Path:
    """Writes the model with 8-bit weights and activations."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    whole, small = folder / "whole.onnx", folder / "int8.onnx"
    options = onnxruntime.SessionOptions()  # weights stored in float16 become plain float32
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(whole)
    name = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    rng = np.random.default_rng(0)
    noisy = iter([{name: noised(clean, rng.uniform(0, 50), rng)} for clean in pictures])

    class Reader(CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(noisy, None)

    quantize_static(whole, small, Reader(), per_channel=True, activation_type=QuantType.QUInt8)
    return small


def noised(clean: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Returns a picture in [0, 1] with Gaussian noise of so many 255ths."""
    return (clean + rng.normal(0, sigma / 255, clean.shape)).astype(np.float32)


def seconds(run: Run, channels: int) -> float:
    """Returns CPU seconds a megapixel."""
    seen = np.random.default_rng(0).random((1, channels, 512, 512), dtype=np.float32)
    run(seen)
    taken = []
    for _ in range(3):
        started = time.thread_time()
        run(seen)
        taken.append(time.thread_time() - started)
    return min(taken) / (512 * 512 / 1e6)


def qualities(run: Run, pictures: list[np.ndarray]) -> np.ndarray:
    """Returns the mean PSNR at each sigma."""
    rng, rows = np.random.default_rng(1), []
    for clean in pictures:
        errors = [np.mean((run(noised(clean, sigma, rng)) - clean) ** 2) for sigma in SIGMAS]
        rows.append(-10 * np.log10(errors))
    return np.mean(rows, axis=0)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="denoise-color")
    parser.add_argument("--pictures", type=int, default=12)
    settings = parser.parse_args()
    path = find_model(settings.model)
    channels, source = read_card(path).in_channels, open_source(DATA)

    def pictures(split: str, count: int) -> list[np.ndarray]:
        loaded = load_pictures(source, split_names(source.names, split)[:count])
        squares = [to_floats(picture[:256, :256])[None] for picture in loaded]
        return [square if channels == 3 else square.mean(axis=1, keepdims=True) for square in squares]

    shown = pictures("validation", settings.pictures)
    print(f"{settings.model}, {len(shown)} pictures of {DATA} (validation)\n")
    print("| | CPU s a megapixel | " + " | ".join(f"sigma {sigma}" for sigma in SIGMAS) + " |")
    print("|---|---|" + "---|" * len(SIGMAS))
    with tempfile.TemporaryDirectory() as name:
        small = in_8_bits(path, pictures("train", 16), Path(name))
        runs = {
            "ONNX Runtime, float32": by_onnx_runtime(path),
            "ONNX Runtime, int8": by_onnx_runtime(small),
            "OpenVINO, float32": by_openvino(path, "f32"),
            "OpenVINO, float16": by_openvino(path, "f16"),
            "OpenVINO, bfloat16": by_openvino(path, "bf16"),
            "OpenVINO, int8": by_openvino(small, "f16"),
        }
        reference = None
        for label, run in runs.items():
            quality = qualities(run, shown)
            shift = quality if reference is None else quality - reference
            reference = quality if reference is None else reference
            cells = [f"{value:.2f}" if run is runs["ONNX Runtime, float32"] else f"{value:+.4f}" for value in shift]
            print(f"| {label} | {seconds(run, channels):.3f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
