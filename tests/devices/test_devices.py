import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

import hillotype
from hillotype import devices
from hillotype.devices import VARIABLE, Device, chosen, has_openvino, onnx_runtime
from hillotype.devices.openvino import OpenVinoNetwork
from hillotype.errors import HillotypeError
from hillotype.modelfile import load_model

# not importorskip, which would import it with its telemetry
needs_openvino = pytest.mark.skipif(not has_openvino(), reason="pip install 'hillotype[openvino]'")


def test_devices_are_known_by_name(monkeypatch):
    assert chosen("cpu") == Device.cpu
    monkeypatch.setenv(VARIABLE, "cpu")
    assert chosen("auto") == Device.cpu
    monkeypatch.setenv(VARIABLE, "tpu")
    assert chosen("cpu") == Device.cpu
    with pytest.raises(HillotypeError, match=r"'tpu': unknown; choose auto, cpu, openvino, cuda"):
        chosen("auto")


def test_a_model_tells_what_computes_it(tiny_zoo, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("hillotype.devices.probe.faster", lambda *_: Device.openvino)
    monkeypatch.setattr(devices, "has_openvino", lambda: True)
    assert load_model("denoise-gray", device="auto").computed_by == Device.openvino
    assert load_model("colorize", device="auto").computed_by == Device.cpu  # other libraries gain nothing there
    assert load_model("denoise-gray").computed_by == Device.cpu
    monkeypatch.setattr(devices, "has_openvino", lambda: False)
    assert load_model("denoise-gray", device="auto").computed_by == Device.cpu


def test_what_is_not_installed_is_one_line_with_the_remedy(tiny_zoo, monkeypatch):
    monkeypatch.setattr(devices, "has_openvino", lambda: False)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for device, remedy in (("openvino", r"hillotype\[openvino\]"), ("cuda", "onnxruntime-gpu"), ("coreml", "macOS")):
        with pytest.raises(HillotypeError, match=f"device {device}: .*{remedy}"):
            hillotype.load("denoise", device=device)


def test_a_gpu_that_does_not_start_is_said(tiny_zoo, monkeypatch):
    fallen_back = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    model = load_model("denoise-gray", device="cuda")
    monkeypatch.setattr(onnx_runtime, "open_session", lambda *_, **__: fallen_back)
    with pytest.raises(HillotypeError, match="device cuda: does not start"):
        model.run(np.zeros((1, 1, 8, 8), np.float32))


@needs_openvino
def test_openvino_answers_as_onnx_runtime_does_in_many_threads(tiny_zoo):
    pictures = [np.random.default_rng(n).random((1, 3, 32, 16 + 4 * n), dtype=np.float32) for n in range(8)]
    reference, model = load_model("denoise-color"), load_model("denoise-color", threads=1, device="openvino")
    with ThreadPoolExecutor(4) as pool:
        for picture, answer in zip(pictures, pool.map(model.run, pictures), strict=True):
            np.testing.assert_allclose(answer, reference.run(picture), atol=5e-3)
    model.release()
    np.testing.assert_allclose(model.run(pictures[0]), reference.run(pictures[0]), atol=5e-3)
    assert model.with_threads(2).device == Device.openvino


@needs_openvino
def test_openvino_compiles_once_for_threads_that_come_and_go(tiny_zoo, monkeypatch):
    compiled, real = [], OpenVinoNetwork._compiled
    monkeypatch.setattr(OpenVinoNetwork, "_compiled", lambda self: compiled.append(self) or real(self))
    model, picture = load_model("denoise-color", device="openvino"), np.zeros((1, 3, 8, 8), np.float32)
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(model.run, picture).result()
            pool.submit(model.release).result()
    assert len(compiled) == 1


@needs_openvino
def test_openvino_refuses_other_files_in_one_line(tiny_zoo):
    model = load_model("denoise-color", device="openvino")
    model.path.write_bytes(b"garbage")
    with pytest.raises(HillotypeError, match="not a whole ONNX model"):
        model.run(np.zeros((1, 3, 8, 8), np.float32))


@needs_openvino
def test_openvino_tells_nobody_and_leaves_nothing_at_home(tiny_zoo, tmp_path):
    code = (
        "import sys\nfrom concurrent.futures import ThreadPoolExecutor\nfrom pathlib import Path\n"
        "from hillotype.devices.openvino import OpenVinoNetwork\n"
        f"files = list(Path({str(tiny_zoo)!r}).iterdir())\n"
        "with ThreadPoolExecutor(3) as pool:\n"  # all three import it
        "    assert len(list(pool.map(lambda file: OpenVinoNetwork(file, 1), files))) == 5\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry')]\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env={**os.environ, "HOME": str(home)})
    assert not list(home.iterdir())
