"""Report 002's colorizer, from L to a and b."""

import torch
from torch import Tensor, nn

from hillotype.errors import RecipeError
from hillotype.models.base import ImageModel, register
from hillotype.models.layers import Transposed


@register("lab_net")
class LabNet(ImageModel):
    """Report 002's Network1: strided and dilated convolutions with batch norms, and skips down to the luma itself.

    889,082 parameters from one channel to two; without the dilated convolutions it is the report's Network2
    (364,026). The report feeds L in [0, 100] and asks for a and b as they are, about [-128, 127]. This one is made for
    luma L / 100 in [0, 1] and chroma in units of 110. No scaling inside is needed for that: the batch norms take the
    scale off the input, and the last layer is linear.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        dilations: how many dilated convolutions stand in the middle; 2 is Network1, 0 is Network2.

    Raises:
        RecipeError: fewer than 0 dilated convolutions.
    """

    multiple = 8

    def __init__(self, in_channels: int = 1, out_channels: int = 2, *, dilations: int = 2) -> None:
        super().__init__()
        if dilations < 0:
            raise RecipeError(f"lab_net: dilations is {dilations}; it must be at least 0, 2 is the report's net")
        self.halo = 22 + 24 * dilations
        self.down1 = _halve(in_channels, 32)
        self.down2 = _halve(32, 64)
        self.down3 = _halve(64, 128)
        self.middle = nn.Sequential(*(_dilated(128) for _ in range(dilations)))
        self.up1 = _double(128, 64)
        self.up2 = _double(64 + 64, 32)
        self.up3 = nn.Sequential(Transposed(32 + 32, out_channels, 4, stride=2, padding=1), nn.ReLU())
        self.last = nn.Conv2d(out_channels + in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W); H and W multiples of 8."""
        first = self.down1(x)
        second = self.down2(first)
        features = self.up1(self.middle(self.down3(second)))
        features = self.up2(torch.cat([features, second], dim=1))
        features = self.up3(torch.cat([features, first], dim=1))
        answer: Tensor = self.last(torch.cat([features, x], dim=1))
        return answer


def _halve(inputs: int, outputs: int) -> nn.Sequential:
    return _normed(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1))


def _dilated(width: int) -> nn.Sequential:
    return _normed(nn.Conv2d(width, width, 4, padding=3, dilation=2))


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return _normed(Transposed(inputs, outputs, 4, stride=2, padding=1))


def _normed(convolution: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU())
