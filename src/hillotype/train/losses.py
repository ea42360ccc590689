"""What training makes small: how far the answer is from the target."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def huber(answer: Tensor, target: Tensor) -> Tensor:
    """Quadratic below 0.1, linear above (Huber 1964); colors that many objects may have pull less than in MSE."""
    return functional.smooth_l1_loss(answer, target, beta=0.1)


def psnr(answer: Tensor, target: Tensor) -> Tensor:
    """PSNR below 50 dB, in dB, mean over the batch (Chen et al. 2021, HINet, https://arxiv.org/abs/2105.06086).

    A dB is worth the same in every picture, in a muted one as in a colorful one, with little noise as with much, where
    the other losses look at what is far off. Above 50 dB nothing is to be had.
    """
    error = (answer - target).square().flatten(1).mean(dim=1)
    return 10 * (1 + 1e5 * error).log10().mean()


def bce(answer: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy in nats, mean per element; both in [0, 1]."""
    chance = answer.clamp(1e-7, 1 - 1e-7)
    return -torch.lerp((1 - chance).log(), chance.log(), target).mean()  # half the time of torch's own on a CPU


def half_sse(answer: Tensor, target: Tensor) -> Tensor:
    """Half the squared error summed over a picture, mean over the batch: beside a divergence, the VAE's bound."""
    return 0.5 * (answer - target).square().flatten(1).sum(dim=1).mean()


def bce_sum(answer: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy summed over a picture, mean over the batch: the bound for pictures read as chances."""
    return bce(answer, target) * target[0].numel()


def loss_of(name: str, answer: Tensor, target: Tensor) -> Tensor:
    """Returns the loss of that name, a scalar; an answer (N, C + 1, H, W) to a target (N, C, H, W) states its doubt.

    The last channel then learns how far the others are from the target, and does not pull at them: the mean squared
    difference to the length of their error, which the mean error at such a place makes smallest.
    """
    channels = target.shape[1]
    loss = LOSSES[name](answer[:, :channels], target)
    if answer.shape[1] == channels:
        return loss
    error = (answer[:, :channels].detach() - target).norm(dim=1, keepdim=True)
    return loss + functional.mse_loss(answer[:, channels:], error)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": functional.l1_loss,
    "mse": functional.mse_loss,
    "huber": huber,
    "psnr": psnr,
    "bce": bce,
    "half_sse": half_sse,
    "bce_sum": bce_sum,
}
"""The losses by the names that recipes use; each maps answer and target, both (N, C, H, W), to a scalar.

`l1`, `mse`, `huber` and `bce` are means per element; `half_sse` and `bce_sum` are sums over a picture, `psnr` is
one number of each."""


def pull(divergence: Tensor, free_bits: float | None, capacity: float | None) -> Tensor:
    """Returns how far the codes of a batch are from what their prior allows, in nats, a scalar.

    Args:
        divergence: of each picture's posterior from the prior, by number of the code, in nats (N, latent).
        free_bits: each number may hold so many nats, on average over the batch, before the prior pulls at it, so that
            it is not given up (Kingma et al. 2016, https://arxiv.org/abs/1606.04934).
        capacity: the code as a whole shall hold so many nats, no more and no less (Burgess et al. 2018,
            https://arxiv.org/abs/1804.03599).
    """
    each = divergence.mean(dim=0)
    total = (each if free_bits is None else each.clamp(min=free_bits)).sum()
    return total if capacity is None else (total - capacity).abs()
