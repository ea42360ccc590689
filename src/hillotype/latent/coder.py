"""An autoencoder as two maps: from pictures to flat codes, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from hillotype.errors import RecipeError
from hillotype.models import Autoencoder, Generative
from hillotype.models.pca import Pca
from hillotype.tasks import Reconstruct
from hillotype.train.trained import Floats, Trained

Codes: TypeAlias = np.ndarray
"""float32 (N, D), a code of D numbers for each of N pictures."""

_BATCH = 250


@dataclass(frozen=True)
class Coder:
    """An autoencoder in evaluation mode: the same picture always has the same code.

    Attributes:
        name: what it is called beside others.
        model: the autoencoder.
        shape: of a picture, (C, H, W).
        code_shape: of a code as the model has it; here codes are flat.
        shift: what is taken off pictures before the model sees them, see `hillotype.tasks.Reconstruct`.
    """

    name: str
    model: Autoencoder
    shape: tuple[int, int, int]
    code_shape: tuple[int, ...]
    shift: float = 0.0

    @classmethod
    def of(cls, name: str, model: Autoencoder, shape: tuple[int, int, int], shift: float = 0.0) -> Coder:
        """Makes one of a model for pictures of `shape`, and sees what its codes are."""
        with torch.no_grad():
            code = model.eval().encode(torch.zeros(1, *shape))
        return cls(name, model, shape, tuple(code.shape[1:]), shift)

    @classmethod
    def pca(cls, pictures: Floats, size: int) -> Coder:
        """Makes one of the first `size` principal components of pictures (N, C, H, W): what others must beat."""
        channels, height, width = pictures.shape[1:]
        if height != width:
            raise RecipeError(f"PCA: pictures of {height}x{width}; give square ones")
        model = Pca(channels, channels, side=height, latent=min(size, pictures[0].size))
        return cls.of(f"PCA, {size}", model.fit(torch.from_numpy(pictures)), (channels, height, width))

    @property
    def size(self) -> int:
        """Numbers of a code."""
        return int(np.prod(self.code_shape))

    @property
    def generative(self) -> Generative | None:
        """The model, if it has a prior of its own."""
        return self.model if isinstance(self.model, Generative) else None

    @torch.no_grad()
    def encode(self, pictures: Floats) -> Codes:
        """Returns the codes of pictures (N, C, H, W) in [0, 1]: of a generative model, the means of its posterior.

        Raises:
            RecipeError: pictures of another shape, or with numbers that are none.
        """
        return _flat(torch.cat([self.model.encode(batch) for batch in self._seen(pictures)]))

    @torch.no_grad()
    def posterior(self, pictures: Floats) -> tuple[Codes, Codes]:
        """Returns means and logarithms of the variances of the codes of pictures.

        Raises:
            RecipeError: the model has no posterior, or pictures as for `encode`.
        """
        model = self.generative
        if model is None:
            raise RecipeError(f"{self.name}: gives a picture one code and no posterior; train a `vae`")
        means, logvars = zip(*(model.posterior(batch) for batch in self._seen(pictures)), strict=True)
        return _flat(torch.cat(means)), _flat(torch.cat(logvars))

    def decode(self, codes: Codes) -> Floats:
        """Returns the pictures (N, C, H, W) in [0, 1] that codes (N, D) stand for.

        Raises:
            RecipeError: codes of another length, or with numbers that are none.
        """
        if codes.ndim != 2 or codes.shape[1] != self.size:
            raise RecipeError(f"{self.name}: codes of shape {codes.shape}, but it has codes of {self.size} numbers")
        _check_finite(self.name, "codes", codes)
        with torch.no_grad():
            batches = torch.split(torch.from_numpy(codes.astype(np.float32)), _BATCH)
            answers = [self.model.decode(batch.reshape(-1, *self.code_shape)) for batch in batches]
        height, width = self.shape[1:]
        pictures = np.asarray(torch.cat(answers).float())[..., :height, :width] + np.float32(self.shift)
        return np.ascontiguousarray(pictures.clip(0, 1))

    def reconstruct(self, pictures: Floats) -> Floats:
        """Returns what is left of pictures (N, C, H, W) after the way through their codes."""
        return self.decode(self.encode(pictures))

    def _seen(self, pictures: Floats) -> list[Tensor]:
        if pictures.shape[1:] != self.shape:
            raise RecipeError(f"{self.name}: pictures of shape {pictures.shape[1:]}, but it was made for {self.shape}")
        _check_finite(self.name, "pictures", pictures)
        seen = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32)) - self.shift
        return list(torch.split(seen, _BATCH))


def open_coder(trained: Trained) -> Coder:
    """Makes the coder of a trained run.

    Raises:
        RecipeError: its model has no code that all of the picture passes through, or its code is not of a picture.
    """
    name = str(trained.run.model["name"])
    if not isinstance(trained.model, Autoencoder):
        raise RecipeError(
            f"{trained.folder}: its model {name!r} has no code that all of a picture passes through (skips carry the "
            "picture past it); train an autoencoder, as dense, conv or vae"
        )
    if not isinstance(trained.task, Reconstruct):
        raise RecipeError(
            f"{trained.folder}: was trained to {trained.task.name}, so its codes are not of whole pictures; "
            "train it for the task reconstruct or denoise"
        )
    crop = trained.run.data.augment.crop
    shape = (1 if trained.run.data.gray else 3, crop, crop)
    return Coder.of(trained.name, trained.model, shape, trained.task.shift)


def _flat(codes: Tensor) -> Codes:
    return np.asarray(codes.detach().float().flatten(1))


def _check_finite(name: str, what: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        broken = int(np.flatnonzero(~np.isfinite(values).reshape(len(values), -1).all(axis=1))[0])
        raise RecipeError(f"{name}: number {broken} of the {what} holds NaN or infinity; leave it out")
