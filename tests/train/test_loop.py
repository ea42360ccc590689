"""Training: it learns, it leaves a whole run folder, and it resumes exactly."""

import errno
import io
import itertools
import json
import math
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from hillotype.errors import DataError, ModelFileError, RecipeError
from hillotype.metrics import psnr
from hillotype.train import checkpoint, figures, loop
from hillotype.train.average import copy_weights, update_average
from hillotype.train.batches import load_split
from hillotype.train.config import Optimization, read_recipe
from hillotype.train.export import export
from hillotype.train.figures import loss_curve
from hillotype.train.log import Log, curve
from hillotype.train.loop import fit, schedule
from hillotype.train.losses import LOSSES
from hillotype.train.trained import open_run


def curve_of(folder, key):
    return curve(Log(folder).rows(), key)


def test_a_run_learns_and_leaves_its_folder(tiny, tmp_path):
    reports = []
    run = tiny(optimization={"steps": 150, "batch": 8, "learning_rate": 3e-3}, validate_every=50)
    fit(run, tmp_path / "run", report=reports.append)
    names = {path.name.split(".")[0] for path in (tmp_path / "run").iterdir()}
    assert names == {"run", "metrics", "events", "loss", "samples", "last", "best"}
    losses = [loss for _, loss in curve_of(tmp_path / "run", "train_loss")]
    assert losses[-1] < 0.8 * losses[0]
    scores = dict(curve_of(tmp_path / "run", "validation_psnr"))
    assert scores[150] > dict(curve_of(tmp_path / "run", "untouched_psnr"))[150] + 1
    assert reports[-1].fraction == 1
    assert [share for _, share in curve_of(tmp_path / "run", "done")][-1] == 1
    assert read_recipe(tmp_path / "run" / "run.toml") == run


def test_the_plot_has_the_last_losses_and_shows_a_single_one(tiny, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "loss_curve", lambda rows: drawn.append(rows) or loss_curve(rows))
    fit(tiny(optimization={"steps": 3, "batch": 2}), tmp_path)
    assert {key for row in drawn[-1] for key in row} >= {"train_loss", "validation_loss"}
    plot = Image.open(io.BytesIO(loss_curve([{"step": 3, "train_loss": 0.1}]))).convert("RGB")
    middle = np.asarray(plot.crop((300, 100, 600, 380)), dtype=int)  # without the legend
    assert np.ptp(middle, axis=2).max() > 50


def test_noise_is_taken_out_that_no_clean_picture_told_of(tiny, tmp_path):
    """From noisy pictures of smooth things, a model learns to answer nearer to the clean ones."""
    rng = np.random.default_rng(0)
    clean = [
        np.asarray(Image.fromarray(rng.integers(60, 200, (3, 3, 3), dtype=np.uint8)).resize((64, 64), Image.BICUBIC))
        for _ in range(8)
    ]
    noisy = [np.clip(each + rng.normal(0, 25, each.shape), 0, 255).astype(np.uint8) for each in clean]
    (tmp_path / "noisy").mkdir()
    for number, each in enumerate(noisy):
        Image.fromarray(each).save(tmp_path / "noisy" / f"{number}.png")
    run = tiny(
        task={"name": "self_denoise"},
        data={"sources": [{"name": f"folder:{tmp_path / 'noisy'}"}], "augment": {"crop": 32}},
        optimization={"steps": 150, "batch": 8, "learning_rate": 3e-3, "loss": "mse"},
    )
    fit(run, tmp_path / "run")
    assert curve_of(tmp_path / "run", "validation_psnr") == []
    with Image.open(tmp_path / "run" / "samples.png") as samples:
        assert samples.size[1] == 2 * 32  # seen and answered; nobody knows the truth
    truth, seen = (np.stack(each).transpose(0, 3, 1, 2).astype(np.float32) / 255 for each in (clean, noisy))
    answer = open_run(tmp_path / "run").answer(seen)
    assert psnr(answer, truth).mean() > psnr(seen, truth).mean() + 1.5


@pytest.mark.parametrize("task", [{"name": "denoise"}, {"name": "colorize"}])
def test_resuming_is_exact(tiny, tmp_path, task):
    model = {"name": "residual_unet", "widths": [8, 16], "blocks": [1, 1]}
    if task["name"] == "colorize":
        model = {"name": "lite0_unet", "widths": [8, 8, 8, 8, 16]}
    run = tiny(task=task, model=model, optimization={"steps": 6, "batch": 2}, validate_every=3, log_every=1)
    fit(run, tmp_path / "whole")

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.step == 4:
            raise StopError

    often = run.model_copy(update={"checkpoint_seconds": 1e-9})
    with pytest.raises(StopError):
        fit(often, tmp_path / "parts", report=stop)
    assert (tmp_path / "parts" / "last.safetensors").exists()
    fit(often, tmp_path / "parts", resume=True)
    whole, parts = (load_file(tmp_path / name / "last.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, rtol=0, atol=0)
    assert curve_of(tmp_path / "whole", "train_loss") == curve_of(tmp_path / "parts", "train_loss")


def test_a_run_tells_what_computed_it(tiny, tmp_path, monkeypatch):
    def train_on(device, end):
        monkeypatch.setattr(loop, "machine", lambda fabric: device)
        monkeypatch.setattr(loop, "done", lambda run, state, minutes: state.step / end)
        return fit(tiny(), tmp_path, resume=True)

    train_on("a processor", 2)
    folder = train_on("a processor", 4)
    assert open_run(tmp_path, best=False).machines == ("a processor",)
    with safe_open(folder.last, framework="pt") as file:
        metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    progress = json.loads(metadata["progress"])
    del progress["machines"], progress["earlier"]  # as older versions wrote it
    save_file(tensors, folder.last, metadata | {"progress": json.dumps(progress)})
    assert open_run(tmp_path, best=False).machines == ()
    train_on("a graphics card", 6)
    train_on("a processor", 8)
    assert open_run(tmp_path, best=False).machines == ("a graphics card", "a processor")


def test_a_run_may_start_with_the_weights_of_another(tiny, tmp_path):
    first = fit(tiny(optimization={"steps": 3, "batch": 2}), tmp_path / "first")
    still = {"steps": 1, "batch": 2, "learning_rate": 1e-12}
    second = fit(tiny(start=str(tmp_path / "first"), optimization=still, seed=5), tmp_path / "second")
    before, after = (load_file(folder.best) for folder in (first, second))
    for name in before:
        if name.startswith("average/"):
            torch.testing.assert_close(after[name], before[name])


def test_a_start_that_is_no_model_file_is_refused(tiny, tmp_path):
    (tmp_path / "foreign.onnx").write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"foreign\.onnx"):
        fit(tiny(start=str(tmp_path / "foreign.onnx")), tmp_path / "run")


def test_a_run_may_start_with_the_weights_of_a_model_file(tiny, tmp_path):
    first = fit(tiny(optimization={"steps": 3, "batch": 2}), tmp_path / "first")
    export(tmp_path / "first", tmp_path / "first.onnx")
    still = {"steps": 1, "batch": 2, "learning_rate": 1e-12}
    second = fit(tiny(start=str(tmp_path / "first.onnx"), optimization=still, seed=5), tmp_path / "second")
    before, after = (load_file(folder.best) for folder in (first, second))
    for name in before:
        if name.startswith("average/"):
            torch.testing.assert_close(after[name], before[name], rtol=1e-3, atol=1e-6)  # files hold float16


def test_a_deeper_net_starts_as_the_shallower_one(tiny, tmp_path):
    fit(tiny(optimization={"steps": 3, "batch": 2}), tmp_path / "first")
    export(tmp_path / "first", tmp_path / "first.onnx")
    still = {"steps": 1, "batch": 2, "learning_rate": 1e-12}
    deeper = {"name": "residual_unet", "widths": [8, 16], "blocks": [2, 3]}
    first = open_run(tmp_path / "first").model.eval()
    picture = torch.rand(1, 3, 16, 16)
    for start in ("first", "first.onnx"):
        fit(tiny(start=str(tmp_path / start), model=deeper, optimization=still), tmp_path / f"from-{start}")
        second = open_run(tmp_path / f"from-{start}").model.eval()
        torch.testing.assert_close(second(picture), first(picture), rtol=1e-3, atol=1e-4)  # files hold float16


@pytest.mark.parametrize("start", ["runs/none", "denoise", "first/best.safetensors"])
def test_a_start_that_is_not_there_is_refused_by_its_name(start, tiny, tmp_path):
    with pytest.raises(DataError, match=f"start: {start}: no run .* or one of .*denoise-color"):
        fit(tiny(start=start), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_start_of_another_model_is_refused(tiny, tmp_path):
    fit(tiny(optimization={"steps": 1, "batch": 2}), tmp_path / "first")
    export(tmp_path / "first", tmp_path / "first.onnx")
    wider = {"name": "residual_unet", "widths": [8, 24], "blocks": [1, 1]}
    for start, error in (("first", DataError), ("first.onnx", DataError), ("none.onnx", ModelFileError)):
        with pytest.raises(error, match=start):
            fit(tiny(start=str(tmp_path / start), model=wider), tmp_path / f"from-{start}")


def test_a_run_folder_is_not_overwritten(tiny, tmp_path):
    fit(tiny(optimization={"steps": 1, "batch": 1}), tmp_path)
    with pytest.raises(RecipeError, match="--resume"):
        fit(tiny(), tmp_path)
    with pytest.raises(RecipeError, match=r"another recipe \(optimization\.batch differs\); go on with .*run\.toml"):
        fit(tiny(optimization={"steps": 1, "batch": 2}, seed=9), tmp_path, resume=True)


def test_minutes_end_a_run_with_its_rate_annealed(tiny, tmp_path, monkeypatch):
    ticks = itertools.count(step=0.05)  # a clock that every look moves on
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    fit(tiny(optimization={"steps": 10**6, "batch": 1}), tmp_path, minutes=0.1)
    rates = [rate for _, rate in curve_of(tmp_path, "learning_rate")]
    assert 5 < len(rates) < 50
    assert rates[-1] < 0.1 * max(rates)
    assert (tmp_path / "best.safetensors").exists()


def test_a_loss_that_explodes_is_named(tiny, tmp_path):
    run = tiny(optimization={"steps": 50, "batch": 2, "learning_rate": 1e30, "clip": 1e30})
    with pytest.raises(RecipeError, match="lower optimization"):
        fit(run, tmp_path)


def test_an_empty_split_is_named(tiny, tmp_path, photos):
    data = {"sources": [{"name": f"folder:{photos}", "fractions": [1.0, 0.0, 0.0]}]}
    with pytest.raises(RecipeError, match="no pictures in the validation split"):
        fit(tiny(data=data), tmp_path)


def test_checkpoints_refuse_foreign_files(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(DataError, match="not a readable checkpoint"):
        checkpoint.read_run(tmp_path / "bad.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(DataError, match="not a checkpoint of hillotype"):
        checkpoint.read_run(tmp_path / "foreign.safetensors")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda tensors, metadata: metadata.update(progress="{"), "not a readable checkpoint"),
        (lambda tensors, metadata: metadata.update(progress="{}"), "not a checkpoint of hillotype"),
        (lambda tensors, metadata: tensors.pop(next(iter(tensors))), "of another model"),
        (lambda tensors, metadata: tensors.update({"optimizer/step/nothing": torch.zeros(1)}), "of another model"),
    ],
)
def test_checkpoints_that_do_not_fit_are_named(tiny, tmp_path, change, says):
    run = tiny(optimization={"steps": 1, "batch": 1})
    fit(run, tmp_path)
    path = tmp_path / "last.safetensors"
    with safe_open(path, "pt") as file:
        metadata, tensors = file.metadata(), {key: file.get_tensor(key) for key in sorted(file.keys())}
    change(tensors, metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(DataError, match=says) as caught:
        fit(run, tmp_path, resume=True)
    assert "\n" not in str(caught.value)


def test_a_log_that_was_cut_off_is_mended(tiny, tmp_path):
    run = tiny(optimization={"steps": 6, "batch": 1}, log_every=2)
    fit(run, tmp_path)
    kept = curve_of(tmp_path, "train_loss")
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 6, "train_lo\xff')
    fit(run, tmp_path, resume=True)
    assert curve_of(tmp_path, "train_loss") == kept


def test_a_run_folder_that_cannot_be_written_is_named(tiny, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").touch()
    with pytest.raises(RecipeError, match="cannot be made"):
        fit(tiny(), tmp_path / "file")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecipeError, match="disk is full"):
        fit(tiny(), tmp_path / "run")
    assert not any(path.name.startswith(".") for path in (tmp_path / "run").iterdir())


def test_the_schedule_rises_then_falls_to_nothing():
    values = [schedule(step / 100, Optimization(warmup=0.1)) for step in range(101)]
    assert values[0] < 0.02
    assert max(values) == pytest.approx(1, abs=1e-2)
    assert values.index(max(values)) in (9, 10, 11)
    assert values[-1] == pytest.approx(0, abs=1e-9)


def test_a_constant_schedule_stays_at_the_peak():
    values = [schedule(step / 10, Optimization(warmup=0.0, schedule="constant")) for step in range(11)]
    assert values == [1.0] * 11


def test_epochs_count_the_training_pictures(tiny, tmp_path):
    folder = fit(tiny(optimization={"epochs": 2.5, "batch": 4}), tmp_path / "run")
    trained = checkpoint.read_run(folder.last)
    pictures = len(load_split(tiny(), "train"))
    assert folder.log.rows()[-1]["step"] == math.ceil(2.5 * pictures / 4)
    assert trained["optimization"]["epochs"] == 2.5


def test_losses_agree_with_each_other():
    answer, target = torch.rand(3, 2, 4, 4), torch.rand(3, 2, 4, 4)
    assert LOSSES["half_sse"](answer, target) == pytest.approx(float(LOSSES["mse"](answer, target)) * 32 / 2, rel=1e-5)
    assert LOSSES["bce_sum"](answer, target) == pytest.approx(float(LOSSES["bce"](answer, target)) * 32, rel=1e-5)
    assert torch.isfinite(LOSSES["bce"](torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)))


def test_the_average_follows_the_weights():
    model = torch.nn.Linear(2, 2)
    average = copy_weights(model)
    model.weight.data.add_(1)
    for step in range(1, 2000):
        update_average(average, model, step, 0.99)
    torch.testing.assert_close(average["weight"], model.weight.detach())
