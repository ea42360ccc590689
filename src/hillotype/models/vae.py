"""The variational autoencoders of the reports 003 and 001."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from hillotype.errors import RecipeError
from hillotype.models.activations import activation, activation_range
from hillotype.models.base import Generative, register
from hillotype.models.layers import (
    Flatten,
    Unflatten,
    check_positive,
    check_side,
    convolution,
    start_as_keras,
    transposed,
)


@register("vae")
class Vae(Generative):
    """A convolutional variational autoencoder (Kingma and Welling 2014, https://arxiv.org/abs/1312.6114).

    By default report 003's: convolution, ReLU, batch norm; dense layers to mean and logarithm of the variance and
    back, without activations. 12,795,651 trained parameters for 32x32 RGB, 12,796,483 with the running statistics of
    the batch norms, as Keras counts. The report's sigmoid cannot reach its targets, which go from -0.5 to 0.5:
    `output="linear"` can.

    With `norm=False`, filters 32-64-128, strides 2-2-2, a code of 2 and one channel, it stands for report 001's,
    which shows figures of its VAE, and no layers (328,965 parameters).

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        side: height and width of the pictures, a multiple of the product of the strides.
        filters: channels of each 3x3 convolution of the encoder.
        strides: by how much each of them reduces; the decoder raises in the reverse order.
        latent: numbers of the code.
        norm: whether a batch norm follows each ReLU.
        output: activation of the answer.

    Raises:
        RecipeError: filters and strides that do not pair up, a side that cannot be reduced so often, a size below 1,
            or an unknown activation.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        side: int = 32,
        filters: Sequence[int] = (32, 64, 64, 64),
        strides: Sequence[int] = (1, 2, 2, 1),
        latent: int = 1024,
        norm: bool = True,
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        if len(filters) != len(strides):
            raise RecipeError(f"vae: filters {list(filters)} and strides {list(strides)} must pair up")
        check_positive("vae", filters=min(filters, default=0), strides=min(strides, default=0), latent=latent)
        check_side("vae", side, math.prod(strides))
        self.size, self.multiple, self.output_range = (side, side), side, activation_range(output)
        self.latent = latent
        coarse = side // math.prod(strides)
        size = coarse**2 * filters[-1]

        down: list[nn.Module] = []
        for (inputs, outputs), stride in zip(pairwise((in_channels, *filters)), strides, strict=True):
            down += [convolution(inputs, outputs, stride), *_after(outputs, norm)]
        self.encoder = nn.Sequential(*down, Flatten())
        self.mean = nn.Linear(size, latent)
        self.logvar = nn.Linear(size, latent)

        up: list[nn.Module] = [nn.Linear(latent, size), Unflatten(filters[-1], coarse)]
        widths = (filters[-1], *reversed(filters[1:]))  # the mirror image of the first convolution gives the answer
        for (inputs, outputs), stride in zip(pairwise(widths), reversed(strides[1:]), strict=True):
            up += [transposed(inputs, outputs, stride), *_after(outputs, norm)]
        self.decoder = nn.Sequential(*up, transposed(widths[-1], out_channels, strides[0]), activation(output))
        start_as_keras(self)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and logarithm of the variance of the codes of `x`, each (N, latent)."""
        features = self.encoder(x)
        weight = torch.cat([self.mean.weight, self.logvar.weight])  # one product for both, and one for its gradient
        bias = torch.cat([self.mean.bias, self.logvar.bias])
        mean, logvar = functional.linear(features, weight, bias).chunk(2, dim=1)
        return mean, logvar

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes (N, latent) to pictures (N, out_channels, side, side)."""
        answer: Tensor = self.decoder(code)
        return answer


def _after(channels: int, norm: bool) -> list[nn.Module]:
    """What follows a convolution; the norm forgets as slowly as in Keras."""
    relu = nn.ReLU(inplace=True)
    return [relu, nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)] if norm else [relu]
