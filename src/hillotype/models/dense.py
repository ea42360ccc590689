"""Autoencoders of dense layers, for pictures of one size."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from hillotype.models.activations import activation, activation_range
from hillotype.models.base import Autoencoder, register
from hillotype.models.layers import check_positive, start_as_keras


@register("dense")
class Dense(Autoencoder):
    """The fully connected autoencoder of report 000; the code is its narrowest layer.

    By default it is the report's denoiser for MNIST, 784-500-300-100-300-500-784 (1,146,484 parameters for 28x28
    gray). With `side=32`, three channels and widths 1500-1200-900-600-900-1200-1500 it is the one for CIFAR-10
    (16,066,872). Hinton and Salakhutdinov 2006, https://doi.org/10.1126/science.1127647.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        side: height and width of the pictures.
        widths: numbers of the hidden layers.
        activation: of every hidden layer.
        code: activation of the code; that of the hidden layers if it is not given, "linear" for codes without bounds.
        output: activation of the answer.

    Raises:
        RecipeError: no hidden layer, a size below 1, or an unknown activation.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        side: int = 28,
        widths: Sequence[int] = (500, 300, 100, 300, 500),
        activation: str = "relu",
        code: str | None = None,
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        check_positive("dense", side=side, widths=min(widths, default=0))
        self.size, self.multiple, self.output_range = (side, side), side, activation_range(output)
        self._shape = (out_channels, side, side)
        middle = widths.index(min(widths))
        self.encoder = dense_layers([in_channels * side * side, *widths[: middle + 1]], activation, code or activation)
        self.decoder = dense_layers([*widths[middle:], math.prod(self._shape)], activation, output)
        start_as_keras(self)

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, side, side) to codes (N, min(widths))."""
        code: Tensor = self.encoder(x.flatten(1))
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes to pictures (N, out_channels, side, side)."""
        answer: Tensor = self.decoder(code)
        return answer.reshape(-1, *self._shape)


@register("linear")
class Linear(Dense):
    """One linear layer each way, with biases and without activations: report 001's linear autoencoder.

    Trained to reproduce its input in the least mean square, it ends in the subspace of the principal components, in
    some basis of it (Baldi and Hornik 1989, https://doi.org/10.1016/0893-6080(89)90014-2), so `pca` is its bound.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        side: height and width of the pictures.
        latent: numbers of the code.

    Raises:
        RecipeError: a size below 1.
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 1, *, side: int = 32, latent: int = 2) -> None:
        check_positive("linear", side=side, latent=latent)
        super().__init__(in_channels, out_channels, side=side, widths=(latent,), activation="linear", output="linear")


def dense_layers(widths: Sequence[int], hidden: str, last: str) -> nn.Sequential:
    """Makes dense layers between these widths, each with the activation `hidden` after it, the last one with `last`."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), activation(hidden)]
    return nn.Sequential(*layers[:-1], activation(last))
