"""Noises and other damages, from the one of a textbook to that of an old photograph.

Every noise is a frozen dataclass of settings, called as `noise(picture, rng)`: pictures (N, C, H, W) in [0, 1]
in, the same shape and dtype out, **not clipped** unless said. Arrays may be numpy (`rng` a
`numpy.random.Generator`) or torch (`rng` a `torch.Generator` on the same device). Levels are drawn per picture,
uniformly from a pair (low, high); sigmas are in units of 1/255, as the literature states them.
"""

import io
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import numpy as np
from array_api_compat import array_namespace, device, is_torch_array, to_device
from PIL import Image

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


def _uniform(like: Array, shape: tuple[int, ...], rng: Rng) -> Array:
    xp = array_namespace(like)
    if is_torch_array(like):
        return xp.rand(shape, generator=rng, dtype=like.dtype, device=like.device)
    return xp.asarray(rng.random(shape), dtype=like.dtype)


def _normal(like: Array, rng: Rng) -> Array:
    xp = array_namespace(like)
    if is_torch_array(like):
        return xp.randn(like.shape, generator=rng, dtype=like.dtype, device=like.device)
    return xp.asarray(rng.standard_normal(like.shape), dtype=like.dtype)


def _draw(picture: Array, bounds: Range, rng: Rng) -> Array:
    """One number per picture, (N, 1, 1, 1)."""
    low, high = bounds
    return low + (high - low) * _uniform(picture, (picture.shape[0], 1, 1, 1), rng)


def _scalar(picture: Array, bounds: Range, rng: Rng) -> float:
    """One number for the whole batch."""
    low, high = bounds
    return low + (high - low) * float(_uniform(picture, (1,), rng)[0])


def gaussian_blur(picture: Array, radius: float) -> Array:
    """Blurs (N, C, H, W) with a Gaussian of standard deviation `radius` pixels, edges mirrored; 0 changes nothing."""
    if radius < 0.05:
        return picture
    reach = max(1, math.ceil(3 * radius))
    weights = [math.exp(-0.5 * (k / radius) ** 2) for k in range(-reach, reach + 1)]
    return _filtered(picture, [weight / sum(weights) for weight in weights])


def _filtered(picture: Array, weights: Sequence[float]) -> Array:
    """Filters rows and columns of (N, C, H, W) with an odd number of weights, edges mirrored."""
    xp = array_namespace(picture)
    reach = len(weights) // 2
    for axis in (2, 3):
        size = picture.shape[axis]
        index = [_mirror(i, size) for i in range(-reach, size + reach)]
        padded = xp.take(picture, xp.asarray(index, device=device(picture)), axis=axis)
        filtered = xp.zeros_like(picture)
        for k, weight in enumerate(weights):
            part = padded[:, :, k : k + size, :] if axis == 2 else padded[:, :, :, k : k + size]
            filtered = filtered + part * weight
        picture = filtered
    return picture


def _mirror(index: int, size: int) -> int:
    """The index inside 0..size-1 that mirroring at the edges leads to."""
    period = 2 * size
    index %= period
    return index if index < size else period - 1 - index


class _Ranged:
    """Refuses ranges that are not ordered, or that leave what is possible."""

    _most: ClassVar[dict[str, float]] = {"quality": 100.0, "amount": 1.0, "contrast": 1.0}

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            most = self._most.get(name, math.inf)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1] <= most:
                raise RecipeError(
                    f"{type(self).__name__}: {name} is {value}; must be low, high with 0 <= low <= high <= {most:g}"
                )


@dataclass(frozen=True)
class Gaussian(_Ranged):
    """White Gaussian noise of `sigma`/255, neither clipped nor rounded."""

    sigma: Range = (0.0, 55.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + N(0, sigma/255)."""
        return picture + _draw(picture, self.sigma, rng) / 255 * _normal(picture, rng)


@dataclass(frozen=True)
class BiasedGaussian:
    """Report 000's noise: picture + ratio * N(mean, std), which also brightens; clipped to [0, 1] if `clip`."""

    ratio: float = 0.5
    mean: float = 0.5
    std: float = 0.7
    clip: bool = True

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the noisy, shifted picture."""
        noisy = picture + self.ratio * (self.mean + self.std * _normal(picture, rng))
        return array_namespace(picture).clip(noisy, 0.0, 1.0) if self.clip else noisy


@dataclass(frozen=True)
class PoissonGaussian(_Ranged):
    """A sensor's noise, of variance gain * picture + read**2 in units of [0, 1].

    Source: Foi et al. 2008, https://doi.org/10.1109/TIP.2008.2001399.
    """

    gain: Range = (0.0, 0.02)
    read: Range = (0.0, 0.03)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with signal-dependent noise (Gaussian approximation)."""
        xp = array_namespace(picture)
        gain, read = _draw(picture, self.gain, rng), _draw(picture, self.read, rng)
        return picture + xp.sqrt(gain * xp.clip(picture, 0.0, 1.0) + read**2) * _normal(picture, rng)


@dataclass(frozen=True)
class Correlated(_Ranged):
    """Gaussian noise blurred by `blur` pixels and scaled back to `sigma`/255, as in scans and resized pictures."""

    sigma: Range = (0.0, 40.0)
    blur: Range = (0.3, 1.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + blurred noise of standard deviation sigma/255."""
        xp = array_namespace(picture)
        noise = gaussian_blur(_normal(picture, rng), _scalar(picture, self.blur, rng))
        noise = noise / xp.std(noise, axis=(1, 2, 3), keepdims=True)
        return picture + _draw(picture, self.sigma, rng) / 255 * noise


@dataclass(frozen=True)
class Demosaiced(_Ranged):
    """White noise of `sigma`/255 on a sensor under a Bayer mosaic, after bilinear interpolation of each color.

    Red and blue, of which the mosaic has half as many as of green, come out in larger blots. Interpolation is linear,
    so the noise goes through it by itself. A gray picture has green's noise.
    """

    sigma: Range = (0.0, 40.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + interpolated noise."""
        xp = array_namespace(picture)
        _, channels, height, width = picture.shape
        down, right = (_scalar(picture, (0.0, 2.0), rng) >= 1 for _ in range(2))  # where the mosaic begins
        odd_row, odd_column = (
            ((xp.arange(size, device=device(picture)) + offset) % 2 == 1)
            for size, offset in ((height, down), (width, right))
        )
        red = odd_row[:, None] & odd_column[None, :]
        blue = ~odd_row[:, None] & ~odd_column[None, :]
        sites = [red, ~(red | blue), blue] if channels == 3 else [~(red | blue)]
        held = xp.astype(xp.stack(sites)[None], picture.dtype)
        tent = (0.5, 1.0, 0.5)
        noise = _normal(picture, rng) * held
        between = _filtered(noise, tent) / xp.clip(_filtered(held, tent), 0.5, None)
        noise = noise + (1 - held) * between
        return picture + _draw(picture, self.sigma, rng) / 255 * noise


@dataclass(frozen=True)
class Grain(_Ranged):
    """The grain of film: the same in all channels, `blur` pixels wide, strongest in the middle tones.

    Its standard deviation is `sigma`/255 at mid-gray and goes with the root of x (1 - x), as that of grains that cover
    the share x of a place (Newson et al. 2017, https://doi.org/10.1111/cgf.13159).
    """

    sigma: Range = (0.0, 30.0)
    blur: Range = (0.3, 1.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the grainy picture."""
        xp = array_namespace(picture)
        noise = gaussian_blur(_normal(picture[:, :1], rng), _scalar(picture, self.blur, rng))
        noise = noise / xp.std(noise, axis=(1, 2, 3), keepdims=True)
        tone = xp.clip(xp.mean(picture, axis=1, keepdims=True), 0.0, 1.0)
        return picture + _draw(picture, self.sigma, rng) / 255 * 2 * xp.sqrt(tone * (1 - tone)) * noise


@dataclass(frozen=True)
class Jpeg(_Ranged):
    """What JPEG at `quality` (1-95, Pillow's scale) leaves of the picture; clips and rounds to 8 bits on the way."""

    quality: Range = (40.0, 95.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the pictures after a JPEG round trip (one or three channels)."""
        xp = array_namespace(picture)
        levels = np.asarray(to_device(_draw(picture, self.quality, rng), "cpu")).reshape(-1)
        pixels = np.asarray(to_device(picture, "cpu")).clip(0, 1) * 255 + 0.5
        done = [_jpeg_round_trip(p.astype(np.uint8), round(q)) for p, q in zip(pixels, levels, strict=True)]
        return xp.asarray(np.stack(done), dtype=picture.dtype, device=device(picture)) / 255


def _jpeg_round_trip(pixels: np.ndarray, quality: int) -> np.ndarray:
    """(C, H, W) uint8 to (C, H, W) float32 in 0..255, through JPEG."""
    gray = pixels.shape[0] == 1
    file = io.BytesIO()
    Image.fromarray(pixels[0] if gray else np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(
        file, "JPEG", quality=quality
    )
    decoded = np.asarray(Image.open(file), dtype=np.float32)
    return decoded[None] if gray else decoded.transpose(2, 0, 1)


@dataclass(frozen=True)
class SaltPepper(_Ranged):
    """A fraction `amount` of the pixels, all channels together, becomes black or white."""

    amount: Range = (0.0, 0.1)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with black and white specks."""
        xp = array_namespace(picture)
        n, _, h, w = picture.shape
        dice = _uniform(picture, (n, 1, h, w), rng)
        amount = _draw(picture, self.amount, rng)
        specked = xp.where(dice < amount / 2, xp.zeros_like(picture), picture)
        return xp.where(dice > 1 - amount / 2, xp.ones_like(picture), specked)


@dataclass(frozen=True)
class Mask(_Ranged):
    """Missing pixels: a fraction `amount`, scattered or as one block, set to 0 in all channels."""

    amount: Range = (0.1, 0.5)
    block: bool = False

    def keep(self, picture: Array, rng: Rng) -> Array:
        """Returns (N, 1, H, W): 1 where the picture is known, 0 where it is missing."""
        xp = array_namespace(picture)
        n, _, h, w = picture.shape
        amount = _draw(picture, self.amount, rng)
        if not self.block:
            return xp.astype(_uniform(picture, (n, 1, h, w), rng) >= amount, picture.dtype)
        corner = _uniform(picture, (n, 2, 1, 1), rng)
        side = xp.sqrt(amount)
        rows = (xp.arange(h, dtype=picture.dtype, device=device(picture)) + 0.5)[None, None, :, None] / h
        columns = (xp.arange(w, dtype=picture.dtype, device=device(picture)) + 0.5)[None, None, None, :] / w
        top, left = corner[:, :1] * (1 - side), corner[:, 1:] * (1 - side)
        inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
        return 1 - xp.astype(inside, picture.dtype)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with its missing pixels black."""
        return picture * self.keep(picture, rng)


@dataclass(frozen=True)
class OldPhoto(_Ranged):
    """What age does to a print: softness, lost contrast, another gamma, grain and a JPEG of the scan."""

    blur: Range = (0.0, 1.0)
    contrast: Range = (0.6, 1.0)
    gamma: Range = (0.75, 1.35)
    grain: Range = (0.0, 12.0)
    quality: Range = (50.0, 95.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the aged picture, in [0, 1]."""
        xp = array_namespace(picture)
        aged = gaussian_blur(picture, _scalar(picture, self.blur, rng))
        aged = xp.clip(aged, 0.0, 1.0) ** _draw(picture, self.gamma, rng)
        contrast = _draw(picture, self.contrast, rng)
        aged = aged * contrast + (1 - contrast) * _draw(picture, (0.0, 1.0), rng)
        aged = Correlated(self.grain, (0.3, 0.8))(aged, rng)
        return Jpeg(self.quality)(aged, rng)


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
    """Each picture of a batch meets one of the parts, chosen with the given weights (equal ones if empty)."""

    parts: tuple[Noise, ...]
    weights: tuple[float, ...] = ()

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
        dice = np.asarray(to_device(_uniform(picture, (picture.shape[0],), rng), "cpu"))
        chosen = np.searchsorted(np.cumsum(weights / weights.sum())[:-1], dice, side="right")
        return [(self.parts[k], picture[i : i + 1]) for i, k in enumerate(chosen)]


@dataclass(frozen=True)
class Fixed:
    """The same picture always meets the same draw of `noise`, in every epoch: as when a noisy copy is made once.

    The draw is a function of the picture's numbers and of `seed`; the generator that is passed in is not used.
    """

    noise: Noise
    seed: int = 0

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


NOISES: dict[str, type] = {
    "gaussian": Gaussian,
    "biased_gaussian": BiasedGaussian,
    "poisson_gaussian": PoissonGaussian,
    "correlated": Correlated,
    "demosaiced": Demosaiced,
    "grain": Grain,
    "jpeg": Jpeg,
    "salt_pepper": SaltPepper,
    "mask": Mask,
    "old_photo": OldPhoto,
    "chain": Chain,
    "mixture": Mixture,
    "fixed": Fixed,
}
"""The noises by the names that recipes use."""
