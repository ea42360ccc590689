"""Validation during training: loss and PSNR of the averaged weights beside doing nothing, and samples to look at."""

import torch
from lightning_fabric import Fabric
from torch import Tensor

from hillotype.metrics import finite_psnr
from hillotype.tasks import Task
from hillotype.train.average import averaged
from hillotype.train.batches import randomness, to_floats
from hillotype.train.checkpoint import State
from hillotype.train.config import Run
from hillotype.train.losses import loss_of

_VALIDATION, _EXAMPLES = 1, 2  # streams of randomness; training has 0


def validate(run: Run, task: Task, state: State, crops: Tensor, fabric: Fabric) -> dict[str, float]:
    """Returns `validation_loss` and, where pictures are the truth, `validation_psnr` and `untouched_psnr` (dB).

    All are means over all crops; one that is exact, as one left alone may be, counts 100 dB. `crops` is uint8
    (N, C, H, W). Every process takes its share, and sums are added up over all of them: no crop counts twice, so the
    figures do not depend on the number of processes.
    """
    names = ("validation_loss", "validation_psnr", "untouched_psnr") if task.supervised else ("validation_loss",)
    totals = torch.zeros(len(names) + 1, dtype=torch.float64)
    size = run.optimization.batch
    with averaged(state.model, state.average):
        for number, batch in enumerate(torch.split(crops, size)):
            if number % fabric.world_size != fabric.global_rank:
                continue
            picture = to_floats(batch.to(fabric.device))
            seen = task.observe(picture, randomness(fabric, run.seed, _VALIDATION, number))
            with fabric.autocast():
                answer = state.model(seen).float()
            sums = [loss_of(run.optimization.loss, answer, task.target(picture)) * len(batch)]
            if task.supervised:
                sums += [finite_psnr(each, picture).sum() for each in (task.finish(seen, answer), task.untouched(seen))]
            totals += torch.tensor([*sums, len(batch)], dtype=torch.float64)
    reduced = fabric.all_reduce(totals.to(fabric.device), reduce_op="sum")
    *totalled, count = torch.as_tensor(reduced).tolist()
    return {name: total / count for name, total in zip(names, totalled, strict=True)}


def examples(task: Task, state: State, crops: Tensor, fabric: Fabric) -> tuple[Tensor, ...]:
    """Returns what the model sees in use, what it makes of it, and the truth if it is known, (N, C, H, W) in [0, 1]."""
    picture = to_floats(crops.to(fabric.device))
    with averaged(state.model, state.average):
        seen = task.observe(picture, randomness(fabric, _EXAMPLES)) if task.supervised else picture
        answer = state.model(seen)
        return task.untouched(seen), task.finish(seen, answer), *([picture] if task.supervised else [])
