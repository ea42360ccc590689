"""Validation during training: loss and PSNR of the averaged weights beside doing nothing, and samples to look at."""

import torch
from lightning_fabric import Fabric
from torch import Tensor

from hillotype.metrics import psnr
from hillotype.tasks import Task
from hillotype.train.average import averaged
from hillotype.train.batches import randomness, to_floats
from hillotype.train.checkpoint import State
from hillotype.train.config import Run
from hillotype.train.losses import loss_of

_VALIDATION, _EXAMPLES = 1, 2  # streams of randomness; training has 0


def validate(run: Run, task: Task, state: State, crops: Tensor, fabric: Fabric) -> dict[str, float]:
    """Returns `validation_loss`, `validation_psnr` and `untouched_psnr` (dB), means over all crops.

    `crops` is uint8 (N, C, H, W). Every process takes its share, and sums are added up over all of them: no crop
    counts twice, so the figures do not depend on the number of processes.
    """
    totals = torch.zeros(4, dtype=torch.float64)
    size = run.optimization.batch
    with averaged(state.model, state.average):
        for number, batch in enumerate(torch.split(crops, size)):
            if number % fabric.world_size != fabric.global_rank:
                continue
            picture = to_floats(batch.to(fabric.device))
            seen = task.observe(picture, randomness(fabric, run.seed, _VALIDATION, number))
            with fabric.autocast():
                answer = state.model(seen).float()
            loss = loss_of(run.optimization.loss, answer, task.target(picture))
            answered = psnr(task.finish(seen, answer), picture).sum()
            untouched = psnr(task.untouched(seen), picture).sum()
            totals += torch.tensor([loss * len(batch), answered, untouched, len(batch)], dtype=torch.float64)
    reduced = fabric.all_reduce(totals.to(fabric.device), reduce_op="sum")
    sums = torch.as_tensor(reduced).tolist()
    names = ("validation_loss", "validation_psnr", "untouched_psnr")
    return {name: total / sums[-1] for name, total in zip(names, sums[:-1], strict=True)}


def examples(task: Task, state: State, crops: Tensor, fabric: Fabric) -> tuple[Tensor, Tensor, Tensor]:
    """Returns what the model sees, what it makes of it, and the truth, each (N, C, H, W) in [0, 1]."""
    picture = to_floats(crops.to(fabric.device))
    with averaged(state.model, state.average):
        seen = task.observe(picture, randomness(fabric, _EXAMPLES))
        answer = state.model(seen)
        return task.untouched(seen), task.finish(seen, answer), picture
