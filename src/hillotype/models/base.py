"""What every model is, and the registry that finds one by name."""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from hillotype.errors import RecipeError


class ImageModel(nn.Module):
    """A network from pictures to pictures of the same size.

    Attributes:
        multiple: height and width must be multiples of this; callers pad and crop.
        size: the only height and width that it takes, for nets with dense layers; None if any multiple will do.
        halo: how many pixels around an output pixel can change it, where pictures may be done in tiles that begin at
            multiples of `multiple` and overlap by as much; None if the model must see the picture whole.
        output_range: the numbers that the output activation can reach.
        divergence: after a forward pass in training mode, what a generative model adds to the loss: the divergence
            of each picture's posterior from the prior, by number of the code, in nats, (N, latent); None for every
            other model.
        starts_pretrained: whether it begins with weights from elsewhere unless it is made with `pretrained=False`.
    """

    multiple: int = 1
    size: tuple[int, int] | None = None
    halo: int | None = None
    output_range: tuple[float, float] = (float("-inf"), float("inf"))
    divergence: Tensor | None = None
    starts_pretrained: bool = False

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H, W)."""
        raise NotImplementedError

    def trained_parameters(self) -> list[nn.Parameter]:
        """Returns the parameters that training changes."""
        return [p for p in self.parameters() if p.requires_grad]


class Autoencoder(ImageModel):
    """A model whose answer passes through a code, and nothing else does."""

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to codes (N, ...)."""
        raise NotImplementedError

    def decode(self, code: Tensor) -> Tensor:
        """Maps codes to pictures (N, out_channels, H, W)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Decodes the code of `x`."""
        return self.decode(self.encode(x))


def normal_divergence(mean: Tensor, logvar: Tensor) -> Tensor:
    """Returns the divergence of N(mean, exp(logvar)) from N(0, 1) in nats, element by element."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar)


class Generative(Autoencoder):
    """An autoencoder whose codes have a normal prior (Kingma and Welling 2014, https://arxiv.org/abs/1312.6114).

    In training mode a code is drawn from the posterior; in evaluation mode it is the posterior's mean, so that the
    answer is always the same.

    Attributes:
        latent: numbers of a code.
    """

    latent: int

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and logarithm of the variance of the codes of `x`, each (N, latent)."""
        raise NotImplementedError

    def encode(self, x: Tensor) -> Tensor:
        """Returns the mean of the posterior, (N, latent)."""
        return self.posterior(x)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Decodes a draw from the posterior in training mode, its mean in evaluation mode."""
        if not self.training:
            self.divergence = None
            return self.decode(self.encode(x))
        mean, logvar = (part.float() for part in self.posterior(x))
        self.divergence = normal_divergence(mean, logvar)
        return self.decode(mean + torch.exp(0.5 * logvar) * torch.randn_like(mean))

    def sample(self, count: int, rng: torch.Generator) -> Tensor:
        """Returns `count` pictures (count, out_channels, H, W) decoded from draws of the prior."""
        device = next(self.parameters()).device
        return self.decode(torch.randn(count, self.latent, generator=rng, device=device))


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
    known = inspect.signature(MODELS[name]).parameters.keys() - {"in_channels", "out_channels"}
    if unknown := sorted(settings.keys() - known):
        names = ", ".join(sorted(known)) or "none"
        raise RecipeError(f"model {name!r}: unknown setting {unknown[0]!r}; it has {names}")
    try:
        return MODELS[name](in_channels=in_channels, out_channels=out_channels, **settings)
    except TypeError as error:
        raise RecipeError(
            f"model {name!r}: a setting is of the wrong type ({error}); see the class's docstring for its settings"
        ) from error
