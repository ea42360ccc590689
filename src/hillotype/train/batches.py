"""From a recipe's sources to batches: pictures in memory, crops in a repeatable order."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from hillotype.data import (
    Augment,
    Samples,
    class_of,
    load_named_pictures,
    load_pictures,
    open_source,
    sample_names,
    split_names,
)
from hillotype.data.prepare import middle
from hillotype.errors import DataError, RecipeError
from hillotype.tasks import Task
from hillotype.train.config import Run

Pictures = list[np.ndarray]
"""(H, W, C) uint8 arrays."""

_FEW, _FEW_SIDE = 16, 1024  # pictures that are looked at before a training, and pixels a side of each, at most


def load_training(run: Run, task: Task) -> tuple[Pictures, Pictures]:
    """Returns the pictures that train and those that validate.

    Where pictures are not the truth, there is nothing to test, so the test split trains too; a few, of which none falls
    into the validation split, validate as well; and as many crops validate as there may be pictures. Such pictures are
    not enlarged to the size of a crop: that would spread their noise over neighbors.

    Raises:
        DataError: a source is missing or unreadable, or holds pictures that are too small.
        RecipeError: a split is empty.
    """
    if task.supervised:
        return load_split(run, "train"), load_split(run, "validation")
    train, held_out, test = (_find_split(run, split) for split in ("train", "validation", "test"))
    train += test
    _check_sizes(train + held_out, run)
    train, held_out = train or held_out, held_out or train
    crops_of_each = math.ceil(run.data.validation_pictures / len(held_out))
    return [pixels for _, pixels in train], [pixels for _, pixels in held_out] * crops_of_each


def _check_sizes(pictures: list[tuple[str, np.ndarray]], run: Run) -> None:
    least = run.data.augment.crop
    small = [name for name, pixels in pictures if min(pixels.shape[:2]) < least]
    if small:
        others = f" and {len(small) - 1} more" if len(small) > 1 else ""
        raise DataError(
            f"{small[0]}{others}: under {least} pixels a side, and enlarged pictures do not show their noise; take "
            "them out of the data, or lower data.augment.crop"
        )


def load_few(run: Run) -> Pictures:
    """Returns the middle of a few pictures of a run's first source, to look at."""
    settings = run.data.sources[0]
    source = open_source(settings.name)
    pictures = load_pictures(source, sample_names(source.names, _FEW), run.data.preparation(settings.reduce))
    return [middle(pixels, _FEW_SIDE, _FEW_SIDE) for pixels in pictures]


def load_split(run: Run, split: str) -> Pictures:
    """Returns the pictures of a run's `train`, `validation` or `test` split.

    Raises:
        DataError: a source is missing or unreadable.
        RecipeError: the split is empty.
    """
    return [pixels for _, pixels in load_named_split(run, split)]


def load_named_split(run: Run, split: str) -> list[tuple[str, np.ndarray]]:
    """Returns what `load_split` does, each picture with its name in its source."""
    pictures = _find_split(run, split)
    if not pictures:
        raise RecipeError(
            f"{run.name}: no pictures in the {split} split; add pictures, or give its sources a larger fraction"
        )
    return pictures


def _find_split(run: Run, split: str) -> list[tuple[str, np.ndarray]]:
    pictures: list[tuple[str, np.ndarray]] = []
    for settings in run.data.sources:
        source = open_source(settings.name)
        names = split_names(source.names, split, settings.fractions)
        if run.data.per_class is not None:
            names = _balanced(names, run.data.per_class)
        most = run.data.validation_pictures if split == "validation" else run.data.limit
        names = sample_names(names, most)
        if names:
            found = load_named_pictures(source, names, run.data.preparation(settings.reduce))
            pictures += list(found.items()) * (settings.repeat if split == "train" else 1)
    return pictures


def _balanced(names: list[str], most: int) -> list[str]:
    """At most so many names of each class."""
    classes: dict[str, list[str]] = {}
    for name in names:
        classes.setdefault(class_of(name), []).append(name)
    return sorted(name for members in classes.values() for name in sample_names(members, most))


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
    return torch.Generator(device=fabric.device).manual_seed(_seed(key))


@contextmanager
def drawing_from(*key: int) -> Iterator[None]:
    """Within it, what a model draws by itself (dropout, codes) is a function of the key's numbers alone."""
    with torch.random.fork_rng():
        # on a CPU alone, what seeds all devices spends more time on noting who asked for those that are not there
        seed = torch.manual_seed if torch.accelerator.is_available() else torch.default_generator.manual_seed
        seed(_seed(key))
        yield


def _seed(key: tuple[int, ...]) -> int:
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
