"""The training loop: plain functions over a Run, to be read in one sitting."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from hillotype.errors import RecipeError
from hillotype.models import ImageModel
from hillotype.tasks import Task
from hillotype.train import checkpoint
from hillotype.train.average import copy_weights, update_average
from hillotype.train.batches import batches, drawing_from, load_training, randomness, validation_crops
from hillotype.train.checkpoint import State
from hillotype.train.config import Optimization, Run, build_model, build_task, with_steps
from hillotype.train.folder import RunFolder
from hillotype.train.losses import loss_of, pull
from hillotype.train.machine import machine
from hillotype.train.start import read_start
from hillotype.train.validate import examples, validate

_TRAINING, _INSIDE = 0, 3  # streams of randomness: what the task draws, what the model draws; validation has its own


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for a progress bar.

    Attributes:
        fraction: share of the run that is done, 0 to 1.
        step: steps done.
        train_loss: mean since the last report.
        validation_loss: at the last validation; NaN before the first.
        pictures_per_second: speed since the last report.
        seconds_left: estimate from the time and the fraction so far.
    """

    fraction: float
    step: int
    train_loss: float
    validation_loss: float
    pictures_per_second: float
    seconds_left: float


def fit(
    run: Run,
    path: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
    fabric: Fabric | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
) -> RunFolder:
    """Trains a run and leaves it in the folder `path`.

    The folder then holds `run.toml`, `metrics.jsonl`, TensorBoard events, `loss.png`, `samples.png` (rows: what the
    model sees, what it makes of it, the truth if it is known) and the checkpoints `last` and `best`.

    Args:
        run: what to train.
        path: the run folder; made if it is missing.
        minutes: end, the learning rate annealed, after so many minutes if the steps are not done before.
        resume: go on from `last`, exactly: every random number is a function of seed and step alone.
        fabric: devices, precision and hosts; by default one device with the run's precision.
        report: called every `log_every` steps and at the end.

    Raises:
        RecipeError: the folder holds a run and `resume` is false, or cannot be written; the loss is not finite.
        DataError: a source is missing, or `last` does not fit the run.
    """
    fabric = fabric or Fabric(accelerator="auto", devices=1, precision=run.precision)
    fabric.launch()
    folder = RunFolder(path, run, resume=resume, writes=fabric.is_global_zero)
    task, state = build_task(run), _start(run, folder, fabric)
    pictures, held_out = load_training(run, task)
    crops = validation_crops(held_out, run)
    run = with_steps(run, len(pictures), fabric.world_size)
    net, optimizer = fabric.setup(state.model, state.optimizer)
    training = _Training(run, task, state, net, optimizer, fabric)
    folder.open(state.step)

    clock = _Clock(state.seconds)
    losses: list[float] = []
    validation_loss = math.nan
    net.train()
    for picture in batches(run, pictures, state.step, fabric):
        fraction = done(run, state, minutes)
        rate = run.optimization.learning_rate * schedule(fraction, run.optimization)
        loss = _descend(training, picture, rate, fraction)
        state.seconds = clock.seconds()
        if minutes is not None:  # one clock, or processes would not end together; asking for it takes milliseconds
            state.seconds = fabric.broadcast(state.seconds)
        losses.append(_finite(loss, run, state))
        fraction = min(done(run, state, minutes), 1.0)
        finished = fraction >= 1
        validated = finished or state.step % run.validate_every == 0

        if validated:
            validation_loss = _validate(training, crops, folder)
        if finished or state.step % run.log_every == 0:
            mean = sum(losses) / len(losses)
            speed = len(losses) * run.optimization.batch * fabric.world_size / clock.lap()
            row = {"train_loss": mean, "learning_rate": rate, "done": fraction, "seconds": state.seconds}
            folder.write_row(state.step, row)
            left = state.seconds * (1 - fraction) / fraction
            report(Progress(fraction, state.step, mean, validation_loss, speed, left))
            losses = []
        if validated:  # with the last losses in the plot
            folder.draw(*examples(task, state, crops[:8], fabric))
        if finished or clock.since_checkpoint() > run.checkpoint_seconds:
            folder.save(folder.last, state)
            clock.checkpointed()
        if finished:
            break
    folder.close()
    return folder


@dataclass(frozen=True)
class _Training:
    """What the steps of a training share: `net` and `optimizer` are the state's own as Fabric runs them."""

    run: Run
    task: Task
    state: State
    net: nn.Module
    optimizer: torch.optim.Optimizer
    fabric: Fabric


def _descend(training: _Training, picture: Tensor, rate: float, fraction: float) -> Tensor:
    """Takes a step on a batch of pictures, at a share `fraction` of the run; returns the loss before it."""
    run, state, fabric, optimizer = training.run, training.state, training.fabric, training.optimizer
    for group in optimizer.param_groups:
        group["lr"] = rate
    rng = randomness(fabric, run.seed, _TRAINING, state.step, fabric.global_rank)
    with drawing_from(run.seed, _INSIDE, state.step, fabric.global_rank):
        answer = training.net(training.task.observe(picture, rng))
    loss = _loss(run.optimization, answer.float(), training.task.target(picture), state.model, fraction)
    fabric.backward(loss)
    if math.isfinite(run.optimization.clip):
        fabric.clip_gradients(training.net, optimizer, max_norm=run.optimization.clip, error_if_nonfinite=False)
    optimizer.step()
    optimizer.zero_grad()
    state.step += 1
    update_average(state.average, state.model, state.step, run.optimization.ema)
    return loss


def _validate(training: _Training, crops: Tensor, folder: RunFolder) -> float:
    """Validates, logs it, and keeps the state if it is the best so far; returns the validation loss."""
    run, task, state, fabric = training.run, training.task, training.state, training.fabric
    scores = validate(run, task, state, crops, fabric)
    loss = scores["validation_loss"]
    folder.write_row(state.step, {**scores, "seconds": state.seconds})
    if loss < state.best:
        state.best = loss
        folder.save(folder.best, state)
    return loss


def _start(run: Run, folder: RunFolder, fabric: Fabric) -> State:
    """A fresh state, one that begins with given weights, or the one of the folder's last checkpoint."""
    resumes = folder.last.exists()
    torch.manual_seed(run.seed)
    model = build_model(run, pretrained=not resumes and run.start is None)
    earlier = read_start(run.start, model) if run.start is not None and not resumes else ()
    model.to(fabric.device)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(
        model.trained_parameters(),
        lr=run.optimization.learning_rate,
        weight_decay=run.optimization.weight_decay,
        fused=fabric.device.type == "cpu",  # a sixth of the time; other devices choose for themselves
    )
    state = State(model, copy_weights(model), optimizer, earlier=tuple(earlier))
    if resumes:
        checkpoint.restore(folder.last, state)
    state.machines = tuple(dict.fromkeys((*state.machines, machine(fabric))))
    return state


def done(run: Run, state: State, minutes: float | None) -> float:
    """Returns the share of the run that is done, by steps or by minutes, whichever is further."""
    by_time = state.seconds / (60 * minutes) if minutes else 0.0
    return max(state.step / run.optimization.steps, by_time)


def schedule(fraction: float, settings: Optimization) -> float:
    """Returns the learning rate's share of its peak: a linear rise, then half a cosine down to 0, or 1 throughout."""
    warmup = settings.warmup
    if fraction < warmup:
        return (fraction + 1e-3) / (warmup + 1e-3)
    if settings.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (fraction - warmup) / (1 - warmup))))


def _loss(settings: Optimization, answer: Tensor, target: Tensor, model: ImageModel, fraction: float) -> Tensor:
    """The weighted loss of a batch, and the divergence that a generative model adds to it."""
    loss = settings.loss_weight * loss_of(settings.loss, answer, target)
    if model.divergence is None:
        return loss
    capacity = None if settings.capacity is None else fraction * settings.capacity
    return loss + settings.kl_weight * pull(model.divergence, settings.free_bits, capacity)


def _finite(loss: Tensor, run: Run, state: State) -> float:
    value = loss.item()
    if not math.isfinite(value):
        raise RecipeError(
            f"{run.name}: the loss is {value} at step {state.step}; lower optimization.learning_rate, "
            "or look for broken pictures"
        )
    return value


class _Clock:
    """Seconds of training over all sessions, laps between reports, and the time since the last checkpoint."""

    def __init__(self, before: float) -> None:
        self._start = self._lap = self._saved = time.monotonic()
        self._before = before

    def seconds(self) -> float:
        return self._before + time.monotonic() - self._start

    def lap(self) -> float:
        now = time.monotonic()
        seconds, self._lap = now - self._lap, now
        return max(seconds, 1e-9)

    def since_checkpoint(self) -> float:
        return time.monotonic() - self._saved

    def checkpointed(self) -> None:
        self._saved = time.monotonic()
