"""From a run folder to a model file: one .onnx with its card, checked against torch before it counts."""

import datetime
import logging
import math
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor
from torch.export import Dim

from hillotype import __version__
from hillotype.color import Lab
from hillotype.errors import ModelFileError, RecipeError
from hillotype.files import make_folder, why_not_written
from hillotype.modelfile import EARLIER, Card, load_model, write_card
from hillotype.models import ImageModel
from hillotype.tasks import Colorize, Reconstruct, Task
from hillotype.train.config import Run
from hillotype.train.start import go_back
from hillotype.train.trained import Trained, open_run

PARITY = 1e-4
"""The largest difference between torch and ONNX Runtime, with the same weights, that an export may show."""

ROUNDING = 4e-3
"""The same with weights rounded to float16: a level of an 8-bit picture."""

_HALF_FROM = 256  # arrays of so many numbers are stored as float16; small ones (norms, biases) stay float32


def export(
    path: Path,
    target: Path | None = None,
    *,
    working_side: int | None = None,
    vividness: float = 1.0,
    keep: float = 0.0,
) -> Card:
    """Writes the best checkpoint of the run folder `path` as a model file; returns its card.

    Without a `target`, the file lies in the run folder under the model's name. `working_side` (in place of the
    recipe's) and `vividness` are for colorizers, see `Card`; set them on validation data, as `keep`: the share of the
    way back to the weights that the run began with, see `go_back`.

    Weights are stored as float16 and computed with as float32, which halves the file. It is put in place only after
    ONNX Runtime has agreed with torch to within `PARITY`, and the stored weights with the exact ones to within
    `ROUNDING`, at several sizes.

    Raises:
        RecipeError: `path` holds no run, its model cannot be a model file, a colorizer has no working side, or its run
            has no start to go back to.
        DataError: the weights that the run began with are missing or damaged.
        ModelFileError: ONNX and torch disagree, or the file cannot be written.
    """
    trained = open_run(path)
    run, model = trained.run, trained.model
    if reason := why_not_exported(trained.task, model):
        raise RecipeError(f"{path}: its model {run.model['name']!r} {reason}")
    if working_side is not None:
        run = run.model_copy(update={"working_side": working_side})
    if trained.task.name == "colorize" and run.working_side is None:
        raise RecipeError(f"{path}: its recipe lacks the side at which a colorizer works; add --working-side 256")
    if keep:
        go_back(run, model, keep)
    card = make_card(run, trained, vividness, keep)
    target = target or path / f"{card.name}.onnx"
    make_folder(target.parent, ModelFileError)
    proto = to_onnx(model, card)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            exact, stored = Path(folder, "exact.onnx"), Path(folder, "stored.onnx")
            for file, content in ((exact, proto), (stored, with_half_weights(proto))):
                onnx.save(content, file)
                write_card(file, card)
            check_answers(exact, model, PARITY)
            check_answers(stored, model, ROUNDING)
            os.replace(stored, target)
    except OSError as error:
        raise ModelFileError(f"{target}: {why_not_written(error)}") from error
    return card


def why_not_exported(task: Task, model: ImageModel) -> str:
    """Returns why a model cannot be a model file, with the remedy; nothing if it can."""
    if model.size is not None:
        height, width = model.size
        return f"takes {height}x{width} pictures only, a model file any size; train one without dense layers, as unet"
    if model.halo is None and task.name == "denoise":
        return "must see a picture whole, but denoising works in tiles; train one with a halo, as residual_unet"
    if isinstance(task, Reconstruct) and task.shift:
        return f"sees pictures less {task.shift:g}, which is taken off in training alone; train one with task.shift 0"
    if isinstance(task, Colorize) and not isinstance(task.space, Lab):
        return f"answers in {task.space.name}, but pictures are colored in lab; train one with task.space lab"
    return ""


def make_card(run: Run, trained: Trained, vividness: float, keep: float) -> Card:
    """Returns the card of a trained model, with the settings of `run`.

    Its metrics are empty until `hillotype evaluate --record`.
    """
    task, model = trained.task, trained.model
    recipe = run.model_dump(mode="json", exclude_none=True)
    earlier: list[Mapping[str, Any]] = []
    for source in trained.earlier:  # the legs of a training often have the same
        if source not in (*recipe["data"]["sources"], *earlier):
            earlier.append(source)
    taken, given = task.channels(1 if run.data.gray else 3)
    return Card(
        name=run.name,
        task=task.name,
        summary=run.summary,
        color_space=run.task.get("space", "lab") if task.name == "colorize" else None,
        in_channels=taken,
        out_channels=given,
        multiple=model.multiple,
        halo=model.halo or 0,
        working_side=run.working_side,
        vividness=vividness,
        parameters=sum(p.numel() for p in model.parameters()),
        training={
            "recipe": recipe,
            "steps": trained.steps,
            "minutes": round(trained.seconds / 60, 1),
        }
        | ({"machine": "; then ".join(trained.machines)} if trained.machines else {})
        | ({"kept of the start": keep} if keep else {})
        | ({EARLIER: earlier} if earlier else {}),
        data_licence="; ".join(dict.fromkeys(each["licence"] for each in (*recipe["data"]["sources"], *earlier))),
        code_version=__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def to_onnx(model: ImageModel, card: Card) -> onnx.ModelProto:
    """Returns the model as ONNX with free batch size, height and width."""
    side = 4 * model.multiple
    height, width = Dim("height", min=1, max=1 << 14), Dim("width", min=1, max=1 << 14)
    free = {0: Dim("batch", min=1, max=1 << 14), 2: model.multiple * height, 3: model.multiple * width}
    with _quiet_exporter(), torch.no_grad():
        program = torch.onnx.export(
            model,
            (torch.rand(2, card.in_channels, side, side + model.multiple),),
            dynamo=True,
            dynamic_shapes=(free,),
            input_names=["picture"],
            output_names=["answer"],
            verbose=False,
        )
    if program is None:
        raise ModelFileError(f"{card.name}: torch gave no ONNX program; check the versions of torch and onnxscript")
    return without_traces(program.model_proto)


def without_traces(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Takes out what the exporter notes on every node: source lines with the paths of this machine."""
    for part in (*proto.graph.node, *proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del proto.graph.metadata_props[:]
    return proto


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keeps the exporter's talk of its own internals and of packages that we do not use from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def with_half_weights(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy with large float32 weights as float16, each with a cast that ONNX Runtime folds away at load."""
    half = onnx.ModelProto()
    half.CopyFrom(proto)
    casts = []
    for initializer in half.graph.initializer:
        if initializer.data_type != TensorProto.FLOAT or np.prod(initializer.dims) < _HALF_FROM:
            continue
        name, weights = initializer.name, numpy_helper.to_array(initializer)
        initializer.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    onnx.checker.check_model(half)
    return half


@torch.no_grad()
def check_answers(path: Path, model: ImageModel, most: float) -> None:
    """Refuses a model file whose answers differ from torch's by more than `most`, on inputs in [0, 1].

    Raises:
        ModelFileError: with the largest difference.
    """
    file = load_model(path, threads=1)
    rng = torch.Generator().manual_seed(0)
    unit = model.multiple * math.ceil(16 / model.multiple)  # strides inside need some pixels to work on
    for batch, rows, columns in ((1, 2, 2), (1, 3, 5), (2, 6, 4)):
        shape = (batch, file.card.in_channels, rows * unit, columns * unit)
        picture = torch.rand(shape, generator=rng)
        expected: Tensor = model(picture)
        difference = float(np.abs(file.run(picture.numpy()) - expected.numpy()).max())
        if not difference <= most:
            raise ModelFileError(
                f"{file.card.name}: ONNX Runtime differs from torch by {difference:.2g} at {shape[2]}x{shape[3]}, "
                f"allowed are {most} ({path.stem} weights); the model was not exported"
            )
