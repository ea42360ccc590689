"""What every model is, and the registry that finds one by name."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import Tensor, nn

from hillotype.errors import RecipeError


class ImageModel(nn.Module):
    """A network from pictures to pictures of the same size.

    Attributes:
        multiple: height and width must be multiples of this; callers pad and crop.
        halo: how many pixels around an output pixel can change it; tiles overlap by as much.
        output_range: the numbers that the output activation can reach.
    """

    multiple: int = 1
    halo: int = 0
    output_range: ClassVar[tuple[float, float]] = (float("-inf"), float("inf"))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W)."""
        raise NotImplementedError

    def trained_parameters(self) -> list[nn.Parameter]:
        """Returns the parameters that training changes."""
        return [p for p in self.parameters() if p.requires_grad]


MODELS: dict[str, type[ImageModel]] = {}
"""The models by the names that recipes use."""


def register(name: str) -> Callable[[type[ImageModel]], type[ImageModel]]:
    """Enters a model class under `name`; a name taken twice is an error."""

    def enter(model: type[ImageModel]) -> type[ImageModel]:
        if name in MODELS:
            raise ValueError(f"model {name!r} is registered twice: {MODELS[name]} and {model}")
        MODELS[name] = model
        return model

    return enter


def build(name: str, *, in_channels: int, out_channels: int, **settings: Any) -> ImageModel:  # noqa: ANN401
    """Makes the model `name` with its settings.

    Raises:
        RecipeError: no such model, or a setting that it does not know.
    """
    if name not in MODELS:
        raise RecipeError(f"model {name!r}: unknown; use one of {', '.join(sorted(MODELS))}")
    try:
        return MODELS[name](in_channels=in_channels, out_channels=out_channels, **settings)
    except TypeError as error:
        raise RecipeError(f"model {name!r}: {error}; see the class's docstring for its settings") from error
