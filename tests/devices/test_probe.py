import json

import numpy as np
import pytest

from hillotype.devices import Device, has_openvino, probe
from hillotype.devices.probe import Measured
from hillotype.modelfile import load_model

FASTER = Measured(cpu=0.030, openvino=0.008, apart=1e-4)


# not importorskip, which would import it with its telemetry
needs_openvino = pytest.mark.skipif(not has_openvino(), reason="pip install 'hillotype[openvino]'")


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Counts the measurements, which all say that OpenVINO is faster, and keeps them in a folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(probe.sys, "platform", "linux")
    monkeypatch.setattr(probe, "version", lambda name: "1.0")
    taken = []
    monkeypatch.setattr(probe, "_measure", lambda content, *_: taken.append(content) or FASTER)
    return taken


def ask(content=b"a network"):
    probe.faster.cache_clear()
    return probe.faster(content, 3, 8)


def test_the_faster_one_is_taken_if_it_is_as_good():
    assert FASTER.device() == Device.openvino
    assert Measured(cpu=0.010, openvino=0.009, apart=1e-4).device() == Device.cpu
    assert Measured(cpu=0.030, openvino=0.008, apart=1e-2).device() == Device.cpu
    assert Measured(cpu=0.030, openvino=0.008, apart=float("nan")).device() == Device.cpu


def test_it_is_measured_once_for_a_network_and_version(measured, monkeypatch):
    assert [ask(), ask(), ask(b"another"), ask()] == [Device.openvino] * 4
    assert measured == [b"a network", b"another"]
    monkeypatch.setattr(probe, "version", lambda name: "2.0")
    ask()
    assert len(measured) == 3


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}'])
def test_what_is_damaged_is_measured_again(measured, content):
    ask()
    probe._file().write_text(content)
    assert ask() == Device.openvino
    assert len(measured) == 2
    assert FASTER in [Measured(**entry) for entry in json.loads(probe._file().read_text()).values() if entry != 1]


def test_a_home_that_cannot_be_written_is_no_obstacle(measured, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [ask(), ask()] == [Device.openvino] * 2
    assert len(measured) == 2


def test_what_openvino_cannot_compute_is_of_the_cpu(measured, monkeypatch):
    monkeypatch.setattr(probe, "_measure", lambda *_: 1 / 0)
    assert ask() == Device.cpu


def test_auto_asks_only_for_what_runs_at_full_size(tiny_zoo, monkeypatch):
    asked = []
    monkeypatch.delenv("HILLOTYPE_DEVICE")
    monkeypatch.setattr("hillotype.devices.has_openvino", lambda: True)
    monkeypatch.setattr(probe, "faster", lambda *arguments: asked.append(arguments[1:]) or Device.cpu)
    load_model("denoise-color", device="auto").run(np.zeros((1, 3, 8, 8), np.float32))
    load_model("colorize", device="auto").run(np.zeros((1, 1, 64, 64), np.float32))
    assert asked == [(3, 4)]


@needs_openvino
def test_it_measures(tiny_zoo):
    found = probe._measure((tiny_zoo / "denoise-color.onnx").read_bytes(), 3, 32)
    assert found.cpu > 0
    assert found.openvino > 0
    assert found.apart < 1e-2
