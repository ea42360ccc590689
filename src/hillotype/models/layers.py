"""What the nets of the reports and `unet` share: 3x3 convolutions that halve and double, and how weights start.

Three of the reports use Keras, whose `same` pads an even-sized picture below and to the right where a stride halves
it; `padding=1` pads it above and to the left, and `output_padding=1` undoes that in the same way. So these nets are
the mirror image of their Keras twins: as many parameters, and the same answers once picture and kernels are turned by
180 degrees.
"""

from torch import Tensor, nn
from torch.nn import functional

from hillotype.errors import RecipeError


class Flatten(nn.Module):
    """Lays a picture's numbers in a row as Keras does, the channels of a pixel together: of channels last, a view."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, C, H, W) to (N, H * W * C)."""
        return x.permute(0, 2, 3, 1).flatten(1)


class Unflatten(nn.Module):
    """Makes a picture, channels last, of a row of numbers: the reverse of `Flatten`."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.channels, self.side = channels, side

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, side * side * channels) to (N, channels, side, side)."""
        return x.reshape(-1, self.side, self.side, self.channels).permute(0, 3, 1, 2)


class Transposed(nn.ConvTranspose2d):
    """A transposed convolution that adds its bias apart while it trains.

    On a CPU, channels last, oneDNN takes longer for the bias's gradient than for all else that the layer does: a third
    to nine tenths of its time, the more the larger the answer is. A sum over the answer's gradient takes next to none.
    """

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H', W'), as `nn.ConvTranspose2d` does."""
        if not self.training or self.bias is None or output_size is not None:
            return super().forward(x, output_size)
        answer = functional.conv_transpose2d(
            x,
            self.weight,
            None,
            self.stride,
            self.padding,  # type: ignore[arg-type]  # a word, such as "same", is for plain convolutions
            self.output_padding,
            self.groups,
            self.dilation,
        )
        return answer.add_(self.bias.to(answer.dtype)[:, None, None])


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Makes a 3x3 convolution from (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


def transposed(inputs: int, outputs: int, stride: int = 1) -> Transposed:
    """Makes a transposed 3x3 convolution from (N, inputs, H, W) to (N, outputs, H * stride, W * stride)."""
    return Transposed(inputs, outputs, 3, stride=stride, padding=1, output_padding=stride - 1)


def start_as_keras(model: nn.Module) -> None:
    """Draws all weights as Keras does: uniform, by inputs and outputs (Glorot and Bengio 2010, AISTATS); biases are 0.

    PyTorch's own start is smaller, by 42 % where a layer keeps its width, which deep nets without norms feel.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def check_positive(model: str, **settings: int) -> None:
    """Refuses settings below 1.

    Raises:
        RecipeError: naming the setting.
    """
    for name, value in settings.items():
        if value < 1:
            raise RecipeError(f"{model}: {name} is {value}; it must be at least 1")


def check_side(model: str, side: int, multiple: int) -> None:
    """Refuses a side that the model cannot halve as often as it does.

    Raises:
        RecipeError: naming the side.
    """
    if side < 1 or side % multiple:
        raise RecipeError(f"{model}: side {side} is no multiple of {multiple}, by which this net reduces it; change it")
