"""Networks whose skips carry the picture past the code: they restore, but have no latent space.

`ResidualUNet` denoises; `Lite0UNet` colorizes.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from hillotype.errors import RecipeError
from hillotype.models.base import ImageModel, register
from hillotype.models.efficientnet import Lite0Encoder


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class _ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), without biases and norms."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.second(functional.relu(self.first(x)))
        return x + result


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_ResidualBlock(width) for _ in range(count)))


@register("residual_unet")
class ResidualUNet(ImageModel):
    """A bias-free residual U-Net on pixel-unshuffled input, for blind denoising.

    The picture is rearranged to half the size and four times the channels (Zhang et al. 2018, FFDNet,
    https://arxiv.org/abs/1710.04026), passes a U-Net of plain 3x3 residual blocks (Zhang et al. 2021, DRUNet,
    https://arxiv.org/abs/2008.13751) with strided downs, transposed ups and additive skips, and the result is added
    to the picture. Without biases the net is homogeneous, f(a x) = a f(x) for a > 0, and generalizes to noise levels
    it has not seen (Mohan et al. 2020, https://arxiv.org/abs/1906.05478). No norm, no pooling: tiles are exact.

    Args:
        in_channels: channels of the picture, the same as `out_channels`.
        out_channels: channels of the answer.
        widths: channels at each scale, finest first.
        blocks: residual blocks at each scale, in the encoder and again in the decoder (the last: in the middle).

    Raises:
        RecipeError: channels that differ, or widths and blocks that do not pair up.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        widths: Sequence[int] = (32, 64, 128),
        blocks: Sequence[int] = (1, 1, 2),
    ) -> None:
        super().__init__()
        if in_channels != out_channels:
            raise RecipeError(
                f"residual_unet: {in_channels} channels in, {out_channels} out; it adds its answer to the picture, "
                "so both must be equal; take the model unet"
            )
        if len(widths) != len(blocks) or not widths:
            raise RecipeError(f"residual_unet: widths {list(widths)} and blocks {list(blocks)} must pair up")
        self.multiple = 2 ** len(widths)
        self.halo = _halo(blocks)
        self.head = _conv(4 * in_channels, widths[0])
        self.encoder = nn.ModuleList(_blocks(w, b) for w, b in zip(widths[:-1], blocks[:-1], strict=True))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairwise(widths))
        self.middle = _blocks(widths[-1], blocks[-1])
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(_blocks(w, b) for w, b in zip(widths[:-1], blocks[:-1], strict=True))
        self.tail = _conv(widths[0], 4 * out_channels)
        self._start_near_identity()

    def _start_near_identity(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if isinstance(module, _ResidualBlock):
                nn.init.kaiming_normal_(module.first.weight, nonlinearity="relu")
        for module in self.modules():
            if isinstance(module, _ResidualBlock):
                nn.init.zeros_(module.second.weight)  # a block more changes nothing at first
        self.tail.weight.data.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Maps noisy (N, C, H, W) to denoised (N, C, H, W); H and W multiples of `multiple`."""
        features = self.head(functional.pixel_unshuffle(x, 2))
        skips = []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            features = blocks(features)
            skips.append(features)
            features = down(features)
        features = self.middle(features)
        for blocks, up, skip in zip(reversed(self.decoder), reversed(self.up), reversed(skips), strict=True):
            features = blocks(up(features) + skip)
        return x + functional.pixel_shuffle(self.tail(features), 2)


def _halo(blocks: Sequence[int]) -> int:
    """The reach of an output pixel in input pixels: every 3x3 convolution adds the stride it works at."""
    reach = 2 + 2  # head and tail, at stride 2
    for level, count in enumerate(blocks, start=1):
        passes = count if level == len(blocks) else 2 * count
        reach += 2 * passes * (1 << level)
    return reach + (1 << len(blocks))  # an output pixel may sit anywhere in its coarsest cell


_DOUBT_LEVEL = 2  # of the decoder's scales, finest first: stride 8


@register("lite0_unet")
class Lite0UNet(ImageModel):
    """A U-Net whose encoder is EfficientNet-Lite0 with its ImageNet weights: luma in, chroma out.

    The encoder's first `frozen_blocks` stay as ImageNet made them; its batch norms keep ImageNet's statistics in any
    case. What the encoder knows of the whole scene is added at every place of the coarsest scale (Iizuka et al. 2016,
    https://doi.org/10.1145/2897824.2925974). The decoder raises the five scales by nearest neighbor and two 3x3
    convolutions with group norm; the answer is made at stride 2, raised bilinearly, and bounded by tanh.
    The doubt is read off the decoder at stride 8, where a pixel knows what it belongs to, and changes nothing there.

    Args:
        in_channels: 1, the luma in [0, 1] (the three color channels of the encoder's stem are folded into one).
        out_channels: chroma channels, 2 for Lab and YCbCr, and with `doubt` one more.
        widths: decoder channels at strides 2, 4, 8, 16 and 32.
        frozen_blocks: how many of the encoder's 16 blocks training leaves as they are; 5 frees strides 16 and 32,
            where most of its weights are and little of its time goes, and 0 frees the stem as well; depthwise kernels
            stay in any case.
        dropout: share of the coarsest scale's channels, and twice that of the scene's features, that training hides.
        doubt: whether the last channel of the answer, in [0, 1], is how large the model expects its error to be.
        pretrained: whether the encoder starts from its ImageNet weights.

    Raises:
        RecipeError: more than one channel in, or more frozen blocks than there are.
        ModelFileError: the ImageNet weights are not installed.
    """

    multiple = 32
    output_range = (-1.0, 1.0)
    starts_pretrained = True

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        widths: Sequence[int] = (24, 40, 64, 96, 160),
        frozen_blocks: int = 16,
        dropout: float = 0.1,
        doubt: bool = False,
        pretrained: bool = True,
    ) -> None:
        super().__init__()
        if in_channels != 1:
            raise RecipeError(f"lite0_unet: {in_channels} channels in; it takes 1, the luma")
        self.encoder = Lite0Encoder(frozen_blocks, pretrained=pretrained)
        self.lateral = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in zip(Lite0Encoder.widths, widths, strict=True))
        self.scene = nn.Linear(Lite0Encoder.scene_width, widths[-1])
        self.dropout, self.scene_dropout = nn.Dropout2d(dropout), nn.Dropout(2 * dropout)
        self.fuse = nn.ModuleList(_fuse(a + b, a) for a, b in pairwise(widths))
        self.head = nn.Conv2d(widths[0], out_channels - doubt, 3, padding=1)
        self.doubt = _doubt(widths[_DOUBT_LEVEL]) if doubt else None
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.scene.weight)
        nn.init.zeros_(self.scene.bias)
        self.encoder.eval()

    def train(self, mode: bool = True) -> "Lite0UNet":
        """Sets training mode; the encoder's batch norms stay in evaluation mode, with ImageNet's statistics."""
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Maps luma (N, 1, H, W) in [0, 1] to chroma (N, k, H, W) in [-1, 1] and doubt; H and W multiples of 32."""
        decoded = self.decoded(x)
        chroma = _raised(torch.tanh(self.head(decoded[0])), 2)
        if self.doubt is None:
            return chroma
        doubt = self.doubt(decoded[_DOUBT_LEVEL].detach())
        return torch.cat([chroma, _raised(doubt, 2 << _DOUBT_LEVEL)], dim=1)

    def decoded(self, x: Tensor) -> list[Tensor]:
        """Returns the decoder's features (N, widths[i], H / 2^(i+1), W / 2^(i+1)), finest first."""
        scales, scene = self.encoder(x)
        levels = [lateral(scale) for lateral, scale in zip(self.lateral, scales, strict=True)]
        features = [self.dropout(levels[-1]) + self.scene(self.scene_dropout(scene))[:, :, None, None]]
        for fuse, level in zip(reversed(self.fuse), reversed(levels[:-1]), strict=True):
            raised = functional.interpolate(features[0], scale_factor=2.0, mode="nearest")
            features.insert(0, fuse(torch.cat([level, raised], dim=1)))
        return features


def _raised(x: Tensor, times: int) -> Tensor:
    return functional.interpolate(x, scale_factor=float(times), mode="bilinear", align_corners=False)


def _doubt(width: int) -> nn.Sequential:
    first, second = nn.Conv2d(width, width // 2, 3, padding=1), nn.Conv2d(width // 2, 1, 3, padding=1)
    return nn.Sequential(first, nn.SiLU(), second, nn.Sigmoid())


def _fuse(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.GroupNorm(8, outputs), nn.SiLU()]
    return nn.Sequential(*layers)
