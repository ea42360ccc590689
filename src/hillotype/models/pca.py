"""Principal components as an autoencoder: what every trained one has to beat."""

from typing import Self

import torch
from torch import Tensor

from hillotype.errors import RecipeError
from hillotype.models.base import Autoencoder, register
from hillotype.models.layers import check_positive

_BATCH = 1000


@register("pca")
class Pca(Autoencoder):
    """Principal component analysis (Pearson 1901, https://doi.org/10.1080/14786440109462720), fitted, not trained.

    No linear autoencoder of as many numbers has a smaller squared error on the pictures it is fitted to (Baldi and
    Hornik 1989). It has no parameters that training changes. Until it is fitted, its answer is 0.

    Args:
        in_channels: channels of the pictures, the same as `out_channels`.
        out_channels: channels of the answer.
        side: height and width of the pictures.
        latent: numbers of the code, at most as many as a picture has.

    Attributes:
        mean: of the pictures it was fitted to, (D,) with D = channels * side * side.
        components: orthonormal rows (latent, D), the direction of greatest variance first.

    Raises:
        RecipeError: channels that differ, a size below 1, or more components than a picture has numbers.
    """

    mean: Tensor
    components: Tensor

    def __init__(self, in_channels: int = 1, out_channels: int = 1, *, side: int = 28, latent: int = 80) -> None:
        super().__init__()
        if in_channels != out_channels:
            raise RecipeError(
                f"pca: {in_channels} channels in, {out_channels} out; it answers with what it sees, make both equal"
            )
        check_positive("pca", side=side, latent=latent)
        self.size, self.multiple = (side, side), side
        self._shape = (in_channels, side, side)
        numbers = in_channels * side * side
        if latent > numbers:
            raise RecipeError(f"pca: latent is {latent}, but a picture has {numbers} numbers; lower it")
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("components", torch.zeros(latent, numbers))

    @torch.no_grad()
    def fit(self, pictures: Tensor) -> Self:
        """Takes mean and components from pictures (N, C, side, side), exactly, in float64.

        With fewer pictures than `latent`, the components beyond their number are 0. Each component's largest number
        is positive, so that the same pictures give the same components everywhere.

        Raises:
            RecipeError: pictures of another shape, or none.
        """
        if not len(pictures) or pictures.shape[1:] != self._shape:
            raise RecipeError(
                f"pca: pictures of shape {tuple(pictures.shape)}, but it is made for some of shape {self._shape}; "
                "give such pictures, or make another"
            )
        flat = pictures.flatten(1)
        mean = flat.mean(dim=0, dtype=torch.float64)
        axes = principal_axes(flat, mean)[: len(self.components)]
        largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
        self.mean.copy_(mean)
        self.components.zero_()[: len(axes)] = (axes * largest.sign()).to(self.components)
        return self

    def first(self, count: int) -> "Pca":
        """Returns the model of the first `count` components; it shares their memory.

        Raises:
            RecipeError: fewer than 1, or more than there are.
        """
        if not 1 <= count <= len(self.components):
            raise RecipeError(f"pca: {count} components wanted; ask for 1 to {len(self.components)}, or fit more")
        channels, side, _ = self._shape
        part = Pca(channels, channels, side=side, latent=count)
        part.mean, part.components = self.mean, self.components[:count]
        return part

    def encode(self, x: Tensor) -> Tensor:
        """Maps (N, C, side, side) to coordinates along the components, (N, latent)."""
        return (x.flatten(1) - self.mean) @ self.components.T

    def decode(self, code: Tensor) -> Tensor:
        """Maps coordinates to pictures (N, C, side, side)."""
        return (code @ self.components + self.mean).reshape(-1, *self._shape)


def principal_axes(flat: Tensor, mean: Tensor) -> Tensor:
    """Orthonormal directions of falling variance, (min(N, D), D), of numbers (N, D) about their mean."""
    axes: Tensor
    if len(flat) < flat.shape[1]:  # fewer pictures than numbers: no need for a square of the numbers
        axes = torch.linalg.svd(flat.double() - mean, full_matrices=False)[2]
    else:
        scatter = torch.zeros(len(mean), len(mean), dtype=torch.float64, device=flat.device)
        for batch in torch.split(flat, _BATCH):  # in pieces, for float64 doubles the memory
            centered = batch.double() - mean
            scatter.addmm_(centered.T, centered)
        axes = torch.linalg.eigh(scatter)[1].flip(1).T
    return axes
