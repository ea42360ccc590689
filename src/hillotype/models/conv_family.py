"""The 36 convolutional autoencoders that report 004 compares."""

from torch import Tensor, nn

from hillotype.errors import RecipeError
from hillotype.models.activations import activation as make_activation
from hillotype.models.activations import activation_range
from hillotype.models.base import Autoencoder, register
from hillotype.models.layers import check_positive, start_as_keras


@register("conv_family")
class ConvFamily(Autoencoder):
    """Convolution, pooling, convolution, pooling, convolution; upsampling, convolution, upsampling, convolution.

    By default the net of the assignment behind report 004: 8-12-16-12-3 channels, 3x3 kernels, pooling by 2
    (4,911 parameters for RGB, a code of 16 channels at a quarter of the size). The report varies it in four ways:
    `layers` 5 or 3, `factor` 1, 2 or 4, `kernel` 3 or 5, and `compression` 1, 2 or 4. With 3 layers the convolutions
    of 12 channels are left out, "only three rather than 5 convolutions"; the report does not say what becomes of
    their pooling and upsampling, which stay here, so that the code is as small as with 5.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        layers: convolutions, 5 or 3.
        factor: half as many channels as the assignment's net, times this.
        kernel: side of the kernels, odd.
        compression: each of the two poolings reduces by this, each upsampling (nearest neighbor) raises by it.
        activation: of all convolutions but the last.
        output: activation of the answer.

    Raises:
        RecipeError: another number of layers, an even kernel, a setting below 1, or an unknown activation.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        *,
        layers: int = 5,
        factor: int = 2,
        kernel: int = 3,
        compression: int = 2,
        activation: str = "relu",
        output: str = "sigmoid",
    ) -> None:
        super().__init__()
        check_positive("conv_family", factor=factor, kernel=kernel, compression=compression)
        if layers not in (3, 5):
            raise RecipeError(f"conv_family: layers is {layers}; it must be 5, or 3 without the middle convolutions")
        if kernel % 2 == 0:
            raise RecipeError(f"conv_family: kernel is {kernel}; it must be odd, so that the size stays")
        reduced = compression**2
        self.multiple, self.output_range = reduced, activation_range(output)
        scales = (1, compression, reduced, compression, 1) if layers == 5 else (1, reduced, 1)
        self.halo = sum(scales) * (kernel // 2) + reduced - 1
        first, middle, code = (channels * factor // 2 for channels in (8, 12, 16))
        pool, raised = nn.MaxPool2d(compression), nn.Upsample(scale_factor=float(compression))

        def convolve(inputs: int, outputs: int, answer: str = activation) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), make_activation(answer))

        if layers == 5:
            down = [convolve(in_channels, first), pool, convolve(first, middle), pool, convolve(middle, code)]
            up = [raised, convolve(code, middle), raised, convolve(middle, out_channels, output)]
        else:
            down = [convolve(in_channels, first), pool, pool, convolve(first, code)]
            up = [raised, raised, convolve(code, out_channels, output)]
        self.encoder, self.decoder = nn.Sequential(*down), nn.Sequential(*up)
        start_as_keras(self)

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to codes (N, 8 factor, H / compression^2, W / compression^2)."""
        code: Tensor = self.encoder(x)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes to pictures (N, out_channels, H, W)."""
        answer: Tensor = self.decoder(code)
        return answer
