"""Report 001's colorizer with skips."""

import torch
from torch import Tensor, nn

from hillotype.models.base import ImageModel, register
from hillotype.models.layers import Transposed


@register("color_autoencoder")
class ColorAutoEncoder(ImageModel):
    """Report 001's skip net: four strided convolutions, four transposed ones, and three skips by concatenation.

    3,470,659 parameters from gray to RGB. The report's net takes 150x150 and all sizes 16k + 6, as elsewhere the two
    ways differ by a pixel and cannot be joined. This one goes up by a pixel too many and crops to the skip's size:
    the same net at 16k + 6, and a net for any picture of at least 16x16.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer, in [0, 1].
    """

    output_range = (0.0, 1.0)

    def __init__(self, in_channels: int = 1, out_channels: int = 3) -> None:
        super().__init__()
        self.down1 = nn.Conv2d(in_channels, 64, 3, stride=2)
        self.down2 = nn.Conv2d(64, 128, 3, stride=2, padding=1)
        self.down3 = nn.Conv2d(128, 256, 3, stride=2, padding=1)
        self.down4 = nn.Conv2d(256, 512, 3, stride=2, padding=1)
        self.up1 = Transposed(512, 256, 3, stride=2, padding=1, output_padding=1)
        self.up2 = Transposed(256 + 256, 128, 3, stride=2, padding=1, output_padding=1)
        self.up3 = Transposed(128 + 128, 64, 3, stride=2, padding=1, output_padding=1)
        self.up4 = Transposed(64 + 64, out_channels, 3, stride=2, output_padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W) in [0, 1]; H and W at least 16."""
        first = self.down1(x).relu()
        second = self.down2(first).relu()
        third = self.down3(second).relu()
        fourth = self.down4(third).relu()
        features = _cut(self.up1(fourth), third).relu()
        features = _cut(self.up2(torch.cat([features, third], dim=1)), second).relu()
        features = _cut(self.up3(torch.cat([features, second], dim=1)), first).relu()
        return torch.sigmoid(_cut(self.up4(torch.cat([features, first], dim=1)), x))


def _cut(raised: Tensor, skip: Tensor) -> Tensor:
    return raised[..., : skip.shape[-2], : skip.shape[-1]]
