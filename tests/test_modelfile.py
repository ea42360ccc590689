import errno
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from hillotype.errors import ModelFileError
from hillotype.modelfile import Card, load_model, read_card, write_card, zoo

CARD = Card(
    name="tiny",
    task="denoise",
    in_channels=1,
    out_channels=1,
    summary="Ein Bild, größer.",
    multiple=8,
    halo=68,
    parameters=12,
    training={"recipe": "a", "minutes": 1.5, "sources": ["x", "y"]},
    metrics=({"data": "bsd68", "rows": [{"sigma": 15, "psnr": 31.0}]},),
    created="2026-01-01T00:00:00Z",
)


def test_card_survives_json():
    assert Card.from_json(CARD.to_json()) == CARD
    assert json.loads(CARD.to_json())["format"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda card: card.pop("halo"), "missing halo"),
        (lambda card: card.update(extra=1), "unknown extra"),
        (lambda card: card.update(format=2), "format is 2"),
        (lambda card: card.pop("format"), "format is None"),
        (lambda card: card.update(multiple=0), "multiple is 0"),
        (lambda card: card.update(halo=-1), "halo is -1"),
        (lambda card: card.update(multiple="8"), "a whole number"),
        (lambda card: card.update(in_channels=True), "a whole number"),
        (lambda card: card.update(metrics=None), "a list"),
        (lambda card: card.update(failures=["skies"]), "text"),
        (lambda card: card.update(training=[]), "an object"),
    ],
)
def test_card_refuses(change, words):
    values = json.loads(CARD.to_json())
    change(values)
    with pytest.raises(ModelFileError, match=words):
        Card.from_json(json.dumps(values))


def test_older_cards_are_read():
    values = json.loads(CARD.to_json())
    del values["vividness"], values["failures"]
    card = Card.from_json(json.dumps(values))
    assert (card.vividness, card.failures) == (1.0, "")


@pytest.mark.parametrize("text", ["", "{", "[1]", "3"])
def test_card_refuses_what_is_no_object(text):
    with pytest.raises(ModelFileError, match="card"):
        Card.from_json(text)


def test_card_is_written_and_replaced(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    card = replace(read_card(path), summary="Another.")
    mode = path.stat().st_mode
    write_card(path, card)
    assert read_card(path) == card
    assert path.stat().st_mode == mode
    assert len(onnx.load(path).metadata_props) == 1
    assert {file.suffix for file in tiny_zoo.iterdir()} == {".onnx"}


def test_write_card_refuses_what_is_no_onnx(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"a\.onnx"):
        write_card(path, CARD)
    assert path.read_bytes() == b"no model"


def test_zoo_lists_and_loads_by_name_and_path(tiny_zoo):
    assert list(zoo()) == ["colorize", "denoise-color", "denoise-fast-color", "denoise-fast-gray", "denoise-gray"]
    assert load_model("colorize").card.task == "colorize"
    assert load_model(tiny_zoo / "colorize.onnx").card.task == "colorize"


def test_loading_again_is_free_until_the_file_changes(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    model = load_model("denoise-gray")
    assert load_model(path) is model
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    assert load_model(path) is not model


def test_runs_deterministically(tiny_zoo):
    picture = np.random.default_rng(0).random((2, 3, 64, 36), dtype=np.float32)
    first, second = (load_model("denoise-color", threads=threads).run(picture) for threads in (2, 2))
    assert first.shape == picture.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_released_memory_changes_no_answer(tiny_zoo):
    model = load_model("denoise-color")
    model.release()  # nothing was run yet
    picture = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    before = model.run(picture)
    model.release()
    np.testing.assert_array_equal(model.run(picture), before)


@pytest.mark.parametrize("shape", [(1, 3, 8, 8), (1, 1, 8, 6), (1, 8, 8)])
def test_refuses_inputs_that_the_card_rules_out(tiny_zoo, shape):
    with pytest.raises(ModelFileError, match="multiples of 4"):
        load_model("denoise-gray").run(np.zeros(shape, np.float32))


def test_refuses_a_card_that_lies(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    write_card(path, replace(read_card(path), out_channels=2))
    with pytest.raises(ModelFileError, match="its card says"):
        load_model(path).run(np.zeros((1, 1, 8, 8), np.float32))


def test_half_precision_weights_run_as_float32(tmp_path, tiny_zoo):
    model = onnx.load(tiny_zoo / "denoise-gray.onnx")
    casts = []
    for weight in model.graph.initializer:
        value = onnx.numpy_helper.to_array(weight).astype(np.float16)
        casts.append(onnx.helper.make_node("Cast", [weight.name + "_half"], [weight.name], to=1))
        weight.CopyFrom(onnx.numpy_helper.from_array(value, weight.name + "_half"))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    path = tmp_path / "half.onnx"
    onnx.save(model, path)
    picture = np.random.default_rng(0).random((1, 1, 16, 16), dtype=np.float32)
    expected = load_model("denoise-gray").run(picture)
    np.testing.assert_allclose(load_model(path).run(picture), expected, atol=5e-3)


def test_travels_with_its_file_in_it(tiny_zoo):
    model, seen = load_model("denoise-color", threads=1), np.zeros((1, 3, 8, 8), np.float32)
    before = model.run(seen)
    sent = pickle.dumps(model)
    model.path.unlink()
    arrived = pickle.loads(pickle.dumps(pickle.loads(sent)))
    np.testing.assert_array_equal(arrived.run(seen), before)
    assert (arrived.card, arrived.threads) == (model.card, 1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_files_are_refused_in_one_line(tiny_zoo, share):
    path = tiny_zoo / "denoise-gray.onnx"
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelFileError) as error:
        load_model(path).run(np.zeros((1, 1, 8, 8), np.float32))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"garbage" * 99, b"<html>not found</html>", b"\x80\x02}q\x00."])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.onnx"):
        load_model(path)


def test_foreign_onnx_is_refused(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    with pytest.raises(ModelFileError, match="without hillotype's card"):
        load_model(path)


def test_damaged_weights_are_named(tiny_zoo):
    path = tiny_zoo / "denoise-gray.onnx"
    model = onnx.load(path)
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights[0] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, model.graph.initializer[0].name))
    onnx.save(model, path)
    with pytest.raises(ModelFileError, match=r"denoise-gray\.onnx: answers what is no number"):
        load_model(path).run(np.full((1, 1, 8, 8), 0.5, np.float32))


def test_files_that_may_not_be_read_are_named(tiny_zoo, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(ModelFileError, match="may not read"):
        load_model(tiny_zoo / "denoise-gray.onnx")
    with pytest.raises(ModelFileError, match="cannot be reached"):
        load_model("a" * 300)


def test_a_full_disk_keeps_the_model_file(tiny_zoo, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tiny_zoo / "denoise-gray.onnx"
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelFileError, match="disk is full"):
        write_card(path, CARD)
    assert path.read_bytes() == before
    assert {file.suffix for file in tiny_zoo.iterdir()} == {".onnx"}


def test_unknown_names_are_answered_with_the_zoo(tiny_zoo):
    with pytest.raises(ModelFileError, match=r"colorize, denoise-color, .*, denoise-gray"):
        load_model("denois")
    with pytest.raises(ModelFileError, match="a folder"):
        load_model(tiny_zoo)


def test_no_noise_on_stderr_and_nothing_heavy_imported(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"garbage")
    code = (
        "import sys, hillotype, hillotype.modelfile as m\n"
        "assert not {'numpy', 'onnxruntime', 'onnx', 'torch', 'PIL'} & set(sys.modules)\n"
        f"try: m.read_card(m.Path({str(path)!r}))\n"
        "except hillotype.ModelFileError: pass\n"
        "assert not {'onnx', 'torch'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_onnx_runtime_reports_to_nobody(tiny_zoo, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(home))
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    code = (
        "import sys, numpy; from hillotype.modelfile import load_model;"
        "load_model(sys.argv[1]).run(numpy.zeros((1, 1, 8, 8), 'f4'))"
    )
    command = [sys.executable, "-c", code, str(tiny_zoo / "denoise-gray.onnx")]
    subprocess.run(command, env=environment | places, check=True)
    assert list(home.rglob("*")) == []  # what it reports it keeps there until it is sent
