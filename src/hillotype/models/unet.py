"""A U-Net for small pictures, made to be trained in minutes on a processor."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from hillotype.errors import RecipeError
from hillotype.models.activations import activation, activation_range
from hillotype.models.base import ImageModel, register
from hillotype.models.layers import Transposed, check_positive, convolution


class _Block(nn.Module):
    """x + convolution(SiLU(norm(convolution(x))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.norm, self.second = convolution(width, width), _norm(width), convolution(width, width)
        self.second.weight.data.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.second(functional.silu(self.norm(self.first(x))))
        return x + result


@register("unet")
class UNet(ImageModel):
    """A U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597) of residual blocks, 1,119,050 parameters.

    The blocks are those of He et al. 2016, https://arxiv.org/abs/1512.03385. The way down is by average pooling, the
    way up by transposed convolutions, to which the skips are added. A group norm of one group (Wu and He 2018,
    https://arxiv.org/abs/1803.08494) stands in each block: in PyTorch on a processor, laid out channels last, one group
    costs less than half of what eight cost, and trains as well. The last convolution starts small, so that the answer
    starts near 0, or near the picture with `residual`.

    It takes pictures of any size, as a whole: the norms see all of it, so tiles would not agree at their seams.

    Args:
        in_channels: channels of what it sees.
        out_channels: channels of its answer.
        widths: channels at each scale, finest first.
        blocks: residual blocks at each scale, in the encoder and again in the decoder (the last: in the middle).
        unshuffle: work on the picture at half the size with four times the channels, in less than half the time
            (Shi et al. 2016, https://arxiv.org/abs/1609.05158); height and width must then be even.
        residual: add the picture to the answer, for denoising.
        output: activation of the answer.

    Raises:
        RecipeError: widths and blocks that do not pair up, a width below 1, an unknown activation; `residual` with
            channels that differ or with an activation.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        *,
        widths: Sequence[int] = (24, 48, 96, 128),
        blocks: Sequence[int] = (1, 1, 1, 2),
        unshuffle: bool = False,
        residual: bool = False,
        output: str = "linear",
    ) -> None:
        super().__init__()
        check_positive("unet", widths=min(widths, default=0))
        if len(widths) != len(blocks):
            raise RecipeError(f"unet: widths {list(widths)} and blocks {list(blocks)} must pair up")
        if residual and in_channels != out_channels:
            raise RecipeError(
                f"unet: {in_channels} channels in, {out_channels} out; with residual it adds its answer to the "
                "picture, so both must be equal; leave residual out"
            )
        if residual and output != "linear":
            raise RecipeError(f"unet: output {output!r} with residual; a sum with the picture needs output linear")
        self.multiple, self.output_range = 2 if unshuffle else 1, activation_range(output)
        self.unshuffle, self.residual = unshuffle, residual
        packed = 4 if unshuffle else 1
        self.head = convolution(packed * in_channels, widths[0])
        self.encoder = nn.ModuleList(_blocks(w, b) for w, b in zip(widths[:-1], blocks[:-1], strict=True))
        self.down = nn.ModuleList(_down(fine, coarse) for fine, coarse in pairwise(widths))
        self.middle = _blocks(widths[-1], blocks[-1])
        self.up = nn.ModuleList(Transposed(coarse, fine, 2, stride=2) for fine, coarse in pairwise(widths))
        self.decoder = nn.ModuleList(_blocks(w, b) for w, b in zip(widths[:-1], blocks[:-1], strict=True))
        self.tail = nn.Sequential(_norm(widths[0]), nn.SiLU(), convolution(widths[0], packed * out_channels))
        self.output = activation(output)
        for parameter in self.tail[-1].parameters():
            parameter.data.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W)."""
        features = self.head(functional.pixel_unshuffle(x, 2) if self.unshuffle else x)
        skips = []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            features = blocks(features)
            skips.append(features)
            features = down(features)
        features = self.middle(features)
        for blocks, up, skip in zip(reversed(self.decoder), reversed(self.up), reversed(skips), strict=True):
            raised = up(features)
            features = blocks(raised[..., : skip.shape[-2], : skip.shape[-1]] + skip)
        answer = self.tail(features)
        if self.unshuffle:
            answer = functional.pixel_shuffle(answer, 2)
        result: Tensor = x + answer if self.residual else self.output(answer)
        return result


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(1, width)


def _down(fine: int, coarse: int) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(fine, coarse, 1))


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(width) for _ in range(count)))
