"""The endless, repeatable stream of augmented crops that training reads."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from hillotype.data.augment import Augment


class Samples(Dataset[Tensor]):
    """Crop number t of the stream, for every t: a function of `seed` and t alone.

    Every epoch visits each picture once, in a fresh order. Since a crop depends on nothing but its number, training
    resumes exactly, on any number of worker processes or machines.

    Args:
        pictures: (H, W, C) uint8 arrays.
        augment: how crops are made.
        seed: the stream's seed.
    """

    def __init__(self, pictures: Sequence[np.ndarray], augment: Augment, seed: int) -> None:
        self.pictures, self.augment, self.seed = pictures, augment, seed
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, dtype=int))

    def __getitem__(self, index: int) -> Tensor:
        """Returns crop `index` as uint8 (C, crop, crop)."""
        epoch, place = divmod(index, len(self.pictures))
        if self._order[0] != epoch:
            order = np.random.default_rng([self.seed, 0, epoch]).permutation(len(self.pictures))
            self._order = (epoch, order)
        picture = self.pictures[self._order[1][place]]
        if not self.augment.leaves(picture):  # making a generator takes longer than copying a small picture
            picture = self.augment(picture, np.random.default_rng([self.seed, 1, index]))
        return torch.from_numpy(picture.transpose(2, 0, 1).copy())
