"""Convolutional autoencoders of the reports 000 and 001."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from hillotype.models.activations import activation, activation_range
from hillotype.models.base import Autoencoder, register
from hillotype.models.layers import (
    Flatten,
    Unflatten,
    check_positive,
    check_side,
    convolution,
    start_as_keras,
    transposed,
)


@register("conv")
class Conv(Autoencoder):
    """The convolutional autoencoder of report 000: strided convolutions, a dense linear code, and the way back.

    By default it is the report's colorizer for 32x32 (gray in, RGB out: 4,411,443 parameters). With filters
    64-128-256 it is the net that the report set out from (Atienza 2018, Advanced Deep Learning with Keras, ch. 3;
    3,431,811); with filters 32-64-128, a code of 2 and gray out it is the autoencoder of report 001 (343,043).

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        side: height and width of the pictures, a multiple of 2 ** len(filters).
        filters: channels after each of the strided 3x3 convolutions; the decoder has the same in reverse.
        latent: numbers of the code.
        output: activation of the answer.

    Raises:
        RecipeError: a side that cannot be halved so often, a size below 1, or an unknown activation.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 3,
        *,
        side: int = 32,
        filters: Sequence[int] = (128, 192, 256, 322),
        latent: int = 256,
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        check_positive("conv", filters=min(filters, default=0), latent=latent)
        check_side("conv", side, 2 ** len(filters))
        self.size, self.multiple, self.output_range = (side, side), side, activation_range(output)
        coarse = side >> len(filters)
        size = coarse**2 * filters[-1]

        down: list[nn.Module] = []
        for inputs, outputs in pairwise((in_channels, *filters)):
            down += [convolution(inputs, outputs, stride=2), nn.ReLU(inplace=True)]
        self.encoder = nn.Sequential(*down, Flatten(), nn.Linear(size, latent))

        up: list[nn.Module] = []
        for inputs, outputs in pairwise((filters[-1], *reversed(filters))):
            up += [transposed(inputs, outputs, stride=2), nn.ReLU(inplace=True)]
        last = [transposed(filters[0], out_channels), activation(output)]
        self.decoder = nn.Sequential(nn.Linear(latent, size), Unflatten(filters[-1], coarse), *up, *last)
        start_as_keras(self)

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, side, side) to codes (N, latent)."""
        code: Tensor = self.encoder(x)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes to pictures (N, out_channels, side, side)."""
        answer: Tensor = self.decoder(code)
        return answer


@register("pooled_conv")
class PooledConv(Autoencoder):
    """Report 001's convolutional colorizer: convolutions with max pooling, transposed convolutions on the way back.

    The report gives 150x150 gray in, RGB out, a "low-dimensional latent space" and the kinds of layers. It leaves
    open how many there are, how wide, and whether the code is dense. Here they are three, as wide as in the report's
    other nets, with 3x3 kernels and ReLU, without a dense layer: 185,795 parameters from gray to RGB. The code of
    150x150 pixels has 19x19 places; a last filter of 62 or fewer makes it smaller than the gray picture.

    Any size will do: pooling rounds up, and `forward` crops what `decode` gives to the size of what came in.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        filters: channels of each convolution; a max pooling by 2 follows each of them.
        output: activation of the answer.

    Raises:
        RecipeError: no filters, one below 1, or an unknown activation.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 3,
        *,
        filters: Sequence[int] = (32, 64, 128),
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        check_positive("pooled_conv", filters=min(filters, default=0))
        self.output_range = activation_range(output)
        down: list[nn.Module] = []
        for inputs, outputs in pairwise((in_channels, *filters)):
            down += [convolution(inputs, outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2, ceil_mode=True)]
        self.encoder = nn.Sequential(*down)
        up: list[nn.Module] = []
        for inputs, outputs in pairwise((*reversed(filters), out_channels)):
            up += [transposed(inputs, outputs, stride=2), nn.ReLU(inplace=True)]
        self.decoder = nn.Sequential(*up[:-1], activation(output))

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to codes (N, filters[-1], h, w): H and W halved per filter, rounded up."""
        code: Tensor = self.encoder(x)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes (N, filters[-1], h, w) to pictures (N, out_channels, 2^k h, 2^k w) for k filters."""
        answer: Tensor = self.decoder(code)
        return answer

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W)."""
        return super().forward(x)[..., : x.shape[-2], : x.shape[-1]]
