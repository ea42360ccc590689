"""From a recipe's sources to batches: pictures in memory, crops in a repeatable order."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from hillotype.data import Augment, Samples, load_pictures, open_source, split_names
from hillotype.errors import RecipeError
from hillotype.train.config import Run

Pictures = list[np.ndarray]
"""(H, W, C) uint8 arrays."""


def load_split(run: Run, split: str, report: Callable[[int, int], None] | None = None) -> Pictures:
    """Returns the pictures of a run's `train`, `validation` or `test` split.

    Raises:
        DataError: a source is missing or unreadable.
        RecipeError: the split is empty.
    """
    pictures: Pictures = []
    for settings in run.data.sources:
        source = open_source(settings.name)
        names = split_names(source.names, split, settings.fractions)
        if split == "validation":
            names = names[: run.data.validation_pictures]
        if names:
            found = load_pictures(
                source,
                names,
                gray=run.data.gray,
                reduce=settings.reduce,
                short_side=run.data.short_side,
                min_spread=run.data.min_spread,
                report=report,
            )
            pictures += found * (settings.repeat if split == "train" else 1)
    if not pictures:
        raise RecipeError(f"{run.name}: no pictures in the {split} split; give its sources a larger fraction")
    return pictures


def validation_crops(pictures: Pictures, run: Run) -> Tensor:
    """Returns one unaugmented crop of each of some pictures, always the same: uint8 (N, C, crop, crop)."""
    count = min(len(pictures), run.data.validation_pictures)
    spread = [pictures[index * len(pictures) // count] for index in range(count)]
    samples = Samples(spread, Augment(crop=run.data.augment.crop, flip=False), run.seed)
    return torch.stack([samples[index] for index in range(count)])


def batches(run: Run, pictures: Pictures, first_step: int, fabric: Fabric) -> Iterator[Tensor]:
    """Yields float batches (N, C, crop, crop) in [0, 1] from `first_step` on; every process takes its own crops."""
    size, world = run.optimization.batch, fabric.world_size
    share = range(first_step * size * world + fabric.global_rank, run.optimization.steps * size * world, world)
    samples = Samples(pictures, run.data.augment, run.seed)
    for crops in DataLoader(samples, batch_size=size, sampler=share, num_workers=run.workers):
        yield to_floats(crops.to(fabric.device, non_blocking=True))


def to_floats(crops: Tensor) -> Tensor:
    """Maps uint8 to float32 in [0, 1], laid out channels last."""
    return (crops.float() / 255).contiguous(memory_format=torch.channels_last)


def randomness(fabric: Fabric, *key: int) -> torch.Generator:
    """Returns a generator on this process's device that is a function of the key's numbers alone."""
    mixed = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    return torch.Generator(device=fabric.device).manual_seed(int(mixed >> 1))
