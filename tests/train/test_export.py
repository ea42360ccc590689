"""Export: the model file answers as torch does, and a file that does not is refused."""

import shutil

import numpy as np
import onnx
import pytest
import torch

import hillotype
from hillotype.color import YCbCr
from hillotype.errors import ModelFileError, RecipeError
from hillotype.evaluate.plan import note_on_seen
from hillotype.modelfile import load_model, read_card
from hillotype.models import build
from hillotype.tasks import Colorize, Denoise
from hillotype.train import checkpoint
from hillotype.train import export as module
from hillotype.train.config import build_model
from hillotype.train.export import export, why_not_exported
from hillotype.train.loop import fit
from hillotype.train.start import read_start
from hillotype.train.trained import open_run


@pytest.mark.parametrize("name", ["residual_unet", "lite0_unet"])
def test_the_model_file_answers_as_torch_does(tiny, tmp_path, name):
    task = {"name": "denoise"} if name == "residual_unet" else {"name": "colorize"}
    model = {"name": name}
    model |= {"widths": [8, 16], "blocks": [1, 1]} if name == "residual_unet" else {"frozen_blocks": 5}
    run = tiny(task=task, model=model, optimization={"steps": 2, "batch": 2}, working_side=64)
    folder = fit(run, tmp_path / "run")
    card = export(tmp_path / "run", tmp_path / "tiny.onnx")
    assert card == read_card(tmp_path / "tiny.onnx")
    assert (card.name, card.task, card.data_licence) == ("tiny", task["name"], "made up")
    assert card.training["steps"] == 2
    assert card.training["machine"].endswith(f"torch {torch.__version__.partition('+')[0]}")
    graph = onnx.load(tmp_path / "tiny.onnx").graph
    assert onnx.TensorProto.FLOAT16 in {initializer.data_type for initializer in graph.initializer}
    assert not {"BatchNormalization", "Slice"} & {node.op_type for node in graph.node}  # of training alone
    assert b"stack_trace" not in (tmp_path / "tiny.onnx").read_bytes()  # no paths of the machine it was made on

    net = build_model(run, pretrained=False)
    checkpoint.read_averaged(folder.best, net)
    picture = torch.rand(1, card.in_channels, 5 * card.multiple, 3 * card.multiple)
    with torch.no_grad():
        expected = net.eval()(picture).numpy()
    answer = load_model(tmp_path / "tiny.onnx").run(picture.numpy())
    np.testing.assert_allclose(answer, expected, atol=module.ROUNDING)


@pytest.mark.parametrize("bound", ["PARITY", "ROUNDING"])
def test_a_file_that_differs_is_not_put_in_place(tiny, tmp_path, monkeypatch, bound):
    fit(tiny(optimization={"steps": 1, "batch": 1}), tmp_path / "run")
    monkeypatch.setattr(module, bound, -1.0)
    with pytest.raises(ModelFileError, match="differs from torch"):
        export(tmp_path / "run", tmp_path / "out" / "tiny.onnx")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (Denoise(shift=0.5), "sees pictures less 0.5"),
        (Colorize(YCbCr()), "answers in ycbcr"),
        (Denoise(), ""),
        (Colorize(), ""),
    ],
)
def test_what_no_command_could_use_is_no_model_file(task, says):
    net = build("residual_unet", in_channels=1, out_channels=1)
    assert why_not_exported(task, net).startswith(says)
    assert bool(why_not_exported(task, net)) == bool(says)


def test_a_colorizer_that_no_picture_could_be_shown_to_is_refused(tiny, tmp_path):
    task, model = {"name": "colorize"}, {"name": "unet", "widths": [4, 8], "blocks": [1, 1]}
    fit(tiny(task=task, model=model, optimization={"steps": 1, "batch": 1}), tmp_path / "run")
    with pytest.raises(RecipeError, match="add --working-side 256"):
        export(tmp_path / "run", tmp_path / "tiny.onnx")
    export(tmp_path / "run", tmp_path / "tiny.onnx", working_side=32)
    assert hillotype.load(tmp_path / "tiny.onnx")(np.full((40, 50), 0.5, np.float32)).shape == (40, 50, 3)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"best\.safetensors"):
        export(tmp_path, tmp_path / "x.onnx")


def test_a_card_names_what_the_weights_learned_from_before(tiny, tmp_path, photos):
    def on(name, licence, **more):
        data = {"sources": [{"name": name, "licence": licence}], "augment": {"crop": 32}}
        return tiny(data=data, optimization={"steps": 1, "batch": 1}, **more)

    other = tmp_path / "other"
    shutil.copytree(photos, other)
    fit(on(f"folder:{photos}", "research only"), tmp_path / "first")
    second = on(f"folder:{other}", "free", start=str(tmp_path / "first"))
    for _ in range(2):
        fit(second, tmp_path / "second", resume=True)
    cards = [export(tmp_path / "second", tmp_path / "second.onnx")]
    again = on(f"folder:{other}", "free", start=str(tmp_path / "second.onnx"))
    cards.append(export(fit(again, tmp_path / "third").path, tmp_path / "third.onnx"))
    for card in cards:
        assert card.data_licence == "free; research only"
        assert [source["name"] for source in card.sources] == [f"folder:{other}", f"folder:{photos}"]
        assert "was trained on pictures of" in note_on_seen(card, str(photos), "all")


def test_a_model_goes_back_toward_what_its_run_began_with(tiny, tmp_path):
    fit(tiny(optimization={"steps": 2, "batch": 1}), tmp_path / "first")
    again = tiny(optimization={"steps": 3, "batch": 1}, seed=4, start=str(tmp_path / "first"))
    fit(again, tmp_path / "second")
    card = export(tmp_path / "second", tmp_path / "half.onnx", keep=0.5)
    assert card.training["kept of the start"] == 0.5
    (name, first), (_, second) = (
        next(iter(open_run(tmp_path / run).model.named_parameters())) for run in ("first", "second")
    )
    net = build_model(again)
    read_start(str(tmp_path / "half.onnx"), net)
    torch.testing.assert_close(net.get_parameter(name), (first + second) / 2, rtol=1e-3, atol=1e-4)
    with pytest.raises(RecipeError, match="start=MODEL"):
        export(tmp_path / "first", tmp_path / "none.onnx", keep=0.5)
