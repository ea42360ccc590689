"""What tests share: a zoo of tiny random models, and a folder of small pictures."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from hillotype import modelfile
from hillotype.modelfile import Card, write_card


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch):
    """Have everything computed in the same way, whatever is installed."""
    monkeypatch.setenv("HILLOTYPE_DEVICE", "cpu")


def _write(path, card, nodes, weights):
    shape = ["n", card.in_channels, "h", "w"]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", card.out_channels, "h", "w"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    write_card(path, card)
    return path


def write_tiny_denoiser(path: Path, channels: int, *, gain: float = 0.5) -> Path:
    """x + convolutions of x at half the size: multiple 4 (2 would do), reach 5 pixels.

    The first has no answer to what bends no more than a parabola: in a smooth picture it finds no noise.
    """
    rng = np.random.default_rng(channels)
    inner = 4 * channels
    nodes = [
        helper.make_node("SpaceToDepth", ["x"], ["a"], blocksize=2),
        helper.make_node("Conv", ["a", "first"], ["b"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("Conv", ["c", "second"], ["d"], pads=[1, 1, 1, 1]),
        helper.make_node("DepthToSpace", ["d"], ["e"], blocksize=2),
        helper.make_node("Add", ["x", "e"], ["y"]),
    ]
    color, down, across, row, column = np.mgrid[:channels, :2, :2, :3, :3].reshape(5, -1)
    y, x = 2 * row + down, 2 * column + across
    shades = np.stack([(color == c) * x**i * y**j for c in range(channels) for i in range(3) for j in range(3 - i)])
    basis, _ = np.linalg.qr(shades.T.astype(float))
    first = rng.normal(0, 0.2, (8, len(x)))
    first = (first - first @ basis @ basis.T).reshape(8, channels, 4, 3, 3).swapaxes(1, 2)  # as SpaceToDepth orders
    weights = {
        "first": first.reshape(8, inner, 3, 3).astype(np.float32),
        "second": rng.normal(0, 0.2 * gain, (inner, 8, 3, 3)).astype(np.float32),
    }
    card = Card(name=path.stem, task="denoise", in_channels=channels, out_channels=channels, multiple=4, halo=5)
    return _write(path, card, nodes, weights)


def write_tiny_colorizer(path: Path, *, doubt: bool = True) -> Path:
    """Chroma, and doubt, from a convolution of the lightness; multiple 32, seen at 64 pixels."""
    channels = 2 + doubt
    rng = np.random.default_rng(9)
    nodes = [
        helper.make_node("Conv", ["x", "weight", "bias"], ["a"], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["a"], ["y"]),
    ]
    weights = {
        "weight": rng.normal(0, 0.1, (channels, 1, 3, 3)).astype(np.float32),
        "bias": np.array([0.1, 0.2, 0.3][:channels], np.float32),
    }
    card = Card(
        name=path.stem,
        task="colorize",
        summary="A tiny one.",
        color_space="lab",
        in_channels=1,
        out_channels=channels,
        multiple=32,
        working_side=64,
        metrics=({"data": "none", "rows": [{"model": "tiny", "PSNR": 20.5}]},),
    )
    return _write(path, card, nodes, weights)


@pytest.fixture
def tiny_zoo(tmp_path, monkeypatch):
    """The zoo's folder, filled with tiny models of its names."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    write_tiny_denoiser(folder / "denoise-gray.onnx", 1)
    write_tiny_denoiser(folder / "denoise-color.onnx", 3)
    write_tiny_denoiser(folder / "denoise-fast-gray.onnx", 1, gain=1.0)
    write_tiny_denoiser(folder / "denoise-fast-color.onnx", 3, gain=1.0)
    write_tiny_colorizer(folder / "colorize.onnx")
    monkeypatch.setattr(modelfile, "ZOO_FOLDER", folder)
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of twelve small color pictures."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(12):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
        coarse.resize((80, 64), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    return folder


_TOY_RECIPE = """
name = "net"
[task]
name = "denoise"
noise = {{ name = "gaussian", sigma = [30, 30] }}
[model]
name = "residual_unet"
widths = [4, 8]
blocks = [1, 1]
[data]
side = 16
augment = {{ crop = 16, flip = false }}
[[data.sources]]
name = "folder:{folder}"
fractions = [0.6, 0.2, 0.2]
[optimization]
steps = 4
batch = 2
"""


@pytest.fixture
def toy(monkeypatch, tmp_path, photos):
    """Registers the study `toy`, which denoises with one recipe at two learning rates."""
    from hillotype import pages
    from hillotype.studies import STUDIES, Figure, Findings, Section, bench, page
    from hillotype.studies.study import study

    folder = tmp_path / "recipes" / "toy"
    folder.mkdir(parents=True)
    (folder / "net.toml").write_text(_TOY_RECIPE.format(folder=photos))
    monkeypatch.setattr(bench, "_RECIPES", tmp_path / "recipes")

    @study("toy", report="009", summary="A toy", data=("photos",), minutes=1)
    def toy(work):
        slow = work.train("net")
        quick = work.train("net", "quick", {"optimization.learning_rate": 0.01}, best=True)
        pictures = work.pictures(slow.run, "test")
        seen = slow.observe(pictures)
        error = float(((slow.answer(seen) - pictures) ** 2).mean())
        figure = Figure("MSE", len(pictures), reported="0.1 (train)", reproduced=error, best=error, target=1.0)
        shown = (
            pages.text("A `net` & its answers"),
            page.curves([slow, quick], "curves"),
            pages.grid({"truth": pictures, "seen": seen}, "pictures"),
            pages.table(["a", "b"], [[1, 0.25], ["x", None]]),
        )
        return Findings((figure,), "Nothing differs.", (Section("What it shows", shown),), {"error": error})

    yield STUDIES["toy"]
    del STUDIES["toy"]
