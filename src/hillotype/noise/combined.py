"""Noises made of noises: one after the other, one of several, one that stays."""

import zlib
from dataclasses import dataclass
from typing import cast

import numpy as np
from array_api_compat import array_namespace, is_torch_array, to_device

from hillotype.color import Array
from hillotype.errors import RecipeError
from hillotype.noise.base import Masking, Noise, Rng, uniform


@dataclass(frozen=True)
class Chain:
    """One damage after the other, as noise and then JPEG."""

    parts: tuple[Noise, ...]

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture after every part in turn."""
        for part in self.parts:
            picture = part(picture, rng)
        return picture


@dataclass(frozen=True)
class Mixture:
    """Each picture of a batch meets one of the parts, chosen with the given weights (equal ones if empty).

    Raises:
        RecipeError: no parts, or weights that do not pair up with them, lie below 0 or are all 0.
    """

    parts: tuple[Noise, ...]
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        weights = self.weights or (1.0,) * len(self.parts)
        if len(weights) != len(self.parts) or min(weights, default=0) < 0 or not sum(weights) > 0:
            raise RecipeError(
                f"Mixture: {len(self.parts)} parts and weights {list(self.weights)}; give parts, and a weight to each "
                "of them (none below 0, not all 0) or to none"
            )

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the pictures, each with a noise of its own."""
        noisy = [part(each, rng) for part, each in self._dealt(picture, rng)]
        return array_namespace(picture).concat(noisy, axis=0)

    def keep(self, picture: Array, rng: Rng) -> Array:
        """Returns what `Mask.keep` does, where all parts are masks (N, 1, H, W)."""
        kept = [cast(Masking, part).keep(each, rng) for part, each in self._dealt(picture, rng)]
        return array_namespace(picture).concat(kept, axis=0)

    def _dealt(self, picture: Array, rng: Rng) -> list[tuple[Noise, Array]]:
        """Each picture (1, C, H, W) with the part that it meets."""
        weights = np.asarray(self.weights or [1.0] * len(self.parts))
        dice = np.asarray(to_device(uniform(picture, (picture.shape[0],), rng), "cpu"))
        chosen = np.searchsorted(np.cumsum(weights / weights.sum())[:-1], dice, side="right")
        return [(self.parts[k], picture[i : i + 1]) for i, k in enumerate(chosen)]


@dataclass(frozen=True)
class Fixed:
    """The same picture always meets the same draw of `noise`, in every epoch: as when a noisy copy is made once.

    The draw is a function of the picture's numbers and of `seed`; the generator that is passed in is not used.

    Raises:
        RecipeError: a seed below 0.
    """

    noise: Noise
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise RecipeError(f"Fixed: seed is {self.seed}; it must be 0 or more")

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the noisy pictures."""
        xp = array_namespace(picture)
        noisy = [self.noise(picture[i : i + 1], self._generator(picture[i])) for i in range(picture.shape[0])]
        return xp.concat(noisy, axis=0)

    def _generator(self, picture: Array) -> Rng:
        content = np.asarray(to_device(picture, "cpu"))
        seed = int(np.random.SeedSequence([self.seed, zlib.crc32(content.tobytes())]).generate_state(1)[0])
        if is_torch_array(picture):
            return array_namespace(picture).Generator(device=picture.device).manual_seed(seed)
        return np.random.default_rng(seed)
