"""The bound that variational autoencoders are trained on, and the cross-entropy in it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hillotype.models import Generative, normal_divergence
from hillotype.train.trained import Floats

_EDGE = 1e-6  # how near a probability may come to 0 and 1
_BATCH = 250


def cross_entropy(answers: Floats, truths: Floats) -> np.ndarray:
    """Returns the binary cross-entropy of each picture in nats, summed over its elements, float64 (N,).

    The numbers of `answers` are taken for chances of white, independent of each other; grays of `truths` count by
    their share.
    """
    chances = answers.astype(np.float64).clip(_EDGE, 1 - _EDGE)
    each = truths * np.log(chances) + (1 - truths) * np.log1p(-chances)
    return np.asarray(-each.reshape(len(truths), -1).sum(axis=1))


@torch.no_grad()
def bound(model: Generative, pictures: Floats, rng: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the two parts of the bound on each picture's -log p (Kingma and Welling 2014), in nats, (N,) each.

    They are the cross-entropy of one draw's answer, summed over the picture, and the divergence of the posterior from
    the prior. Their sum is too large by what the posterior misses, on average. https://arxiv.org/abs/1312.6114
    """
    parts: list[tuple[Tensor, Tensor]] = []
    for batch in torch.split(torch.from_numpy(pictures), _BATCH):
        mean, logvar = model.posterior(batch)
        code = mean + torch.exp(0.5 * logvar) * torch.randn(mean.shape, generator=rng)
        divergence = normal_divergence(mean, logvar).sum(dim=1)
        parts.append((torch.from_numpy(cross_entropy(np.asarray(model.decode(code)), np.asarray(batch))), divergence))
    entropies, divergences = zip(*parts, strict=True)
    return np.asarray(torch.cat(entropies)), np.asarray(torch.cat(divergences))
