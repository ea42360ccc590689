"""What noises are, and how they draw their levels: numpy and torch alike."""

import math
from typing import Any, ClassVar, Protocol

from array_api_compat import array_namespace, is_torch_array

from hillotype.color import Array
from hillotype.errors import RecipeError

Rng = Any
"""A `numpy.random.Generator` for numpy arrays, a `torch.Generator` for tensors."""
Range = tuple[float, float]
"""A pair (low, high) to draw from uniformly; equal numbers fix the value."""


class Noise(Protocol):
    """What every noise is: a function of a picture and a source of randomness."""

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the damaged copy of `picture` (N, C, H, W)."""
        ...


class Masking(Protocol):
    """A noise that hides pixels, and says which."""

    def keep(self, picture: Array, rng: Rng) -> Array:
        """Returns (N, 1, H, W): 1 where pictures (N, C, H, W) are known, 0 where they are missing."""
        ...


class Ranged:
    """Refuses ranges that are not ordered, or that leave what is possible."""

    _most: ClassVar[dict[str, float]] = {"quality": 100.0, "amount": 1.0, "contrast": 1.0}

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            most = self._most.get(name, math.inf)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1] <= most:
                raise RecipeError(
                    f"{type(self).__name__}: {name} is {value}; must be low, high with 0 <= low <= high <= {most:g}"
                )


def uniform(like: Array, shape: tuple[int, ...], rng: Rng) -> Array:
    """Draws numbers from [0, 1), of the kind and dtype of `like`."""
    xp = array_namespace(like)
    if is_torch_array(like):
        return xp.rand(shape, generator=rng, dtype=like.dtype, device=like.device)
    return xp.asarray(rng.random(shape), dtype=like.dtype)


def normal(like: Array, rng: Rng) -> Array:
    """Draws from the standard normal distribution, of the shape, kind and dtype of `like`."""
    xp = array_namespace(like)
    if is_torch_array(like):
        return xp.randn(like.shape, generator=rng, dtype=like.dtype, device=like.device)
    return xp.asarray(rng.standard_normal(like.shape), dtype=like.dtype)


def draw(picture: Array, bounds: Range, rng: Rng) -> Array:
    """Draws one number per picture, (N, 1, 1, 1)."""
    low, high = bounds
    return low + (high - low) * uniform(picture, (picture.shape[0], 1, 1, 1), rng)


def scalar(picture: Array, bounds: Range, rng: Rng) -> float:
    """Draws one number for the whole batch."""
    low, high = bounds
    return low + (high - low) * float(uniform(picture, (1,), rng)[0])
