"""What the nets of the five reports share: 3x3 convolutions that halve and double, and how their weights start.

Three of the reports use Keras, whose `same` pads an even-sized picture below and to the right where a stride halves
it; `padding=1` pads it above and to the left, and `output_padding=1` undoes that in the same way. So these nets are
the mirror image of their Keras twins: as many parameters, and the same answers once picture and kernels are turned by
180 degrees.
"""

from torch import nn

from hillotype.errors import RecipeError


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Makes a 3x3 convolution from (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


def transposed(inputs: int, outputs: int, stride: int = 1) -> nn.ConvTranspose2d:
    """Makes a transposed 3x3 convolution from (N, inputs, H, W) to (N, outputs, H * stride, W * stride)."""
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=stride, padding=1, output_padding=stride - 1)


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
