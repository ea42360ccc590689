"""Noises that add a normal draw: of one level, of a level that goes with the signal, of neighbors that are alike."""

from dataclasses import dataclass

from array_api_compat import array_namespace, device

from hillotype.color import Array
from hillotype.noise.base import Range, Ranged, Rng, draw, normal, scalar
from hillotype.noise.filters import filtered, gaussian_blur


@dataclass(frozen=True)
class Gaussian(Ranged):
    """White Gaussian noise of `sigma`/255, neither clipped nor rounded."""

    sigma: Range = (0.0, 55.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + N(0, sigma/255)."""
        return picture + draw(picture, self.sigma, rng) / 255 * normal(picture, rng)


@dataclass(frozen=True)
class BiasedGaussian:
    """Report 000's noise: picture + ratio * N(mean, std), which also brightens; clipped to [0, 1] if `clip`."""

    ratio: float = 0.5
    mean: float = 0.5
    std: float = 0.7
    clip: bool = True

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the noisy, shifted picture."""
        noisy = picture + self.ratio * (self.mean + self.std * normal(picture, rng))
        return array_namespace(picture).clip(noisy, 0.0, 1.0) if self.clip else noisy


@dataclass(frozen=True)
class PoissonGaussian(Ranged):
    """A sensor's noise, of variance gain * picture + read**2 in units of [0, 1].

    Source: Foi et al. 2008, https://doi.org/10.1109/TIP.2008.2001399.
    """

    gain: Range = (0.0, 0.02)
    read: Range = (0.0, 0.03)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the picture with signal-dependent noise (Gaussian approximation)."""
        xp = array_namespace(picture)
        gain, read = draw(picture, self.gain, rng), draw(picture, self.read, rng)
        return picture + xp.sqrt(gain * xp.clip(picture, 0.0, 1.0) + read**2) * normal(picture, rng)


@dataclass(frozen=True)
class Correlated(Ranged):
    """Gaussian noise blurred by `blur` pixels and scaled back to `sigma`/255, as in scans and resized pictures."""

    sigma: Range = (0.0, 40.0)
    blur: Range = (0.3, 1.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + blurred noise of standard deviation sigma/255."""
        noise = _blurred(picture, self.blur, rng)
        return picture + draw(picture, self.sigma, rng) / 255 * noise


@dataclass(frozen=True)
class Demosaiced(Ranged):
    """White noise of `sigma`/255 on a sensor under a Bayer mosaic, after bilinear interpolation of each color.

    Red and blue, of which the mosaic has half as many as of green, come out in larger blots. Interpolation is linear,
    so the noise goes through it by itself. A gray picture has green's noise.
    """

    sigma: Range = (0.0, 40.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns picture + interpolated noise."""
        xp = array_namespace(picture)
        _, channels, height, width = picture.shape
        down, right = (scalar(picture, (0.0, 2.0), rng) >= 1 for _ in range(2))  # where the mosaic begins
        odd_row, odd_column = (
            ((xp.arange(size, device=device(picture)) + offset) % 2 == 1)
            for size, offset in ((height, down), (width, right))
        )
        red = odd_row[:, None] & odd_column[None, :]
        blue = ~odd_row[:, None] & ~odd_column[None, :]
        sites = [red, ~(red | blue), blue] if channels == 3 else [~(red | blue)]
        held = xp.astype(xp.stack(sites)[None], picture.dtype)
        tent = (0.5, 1.0, 0.5)
        noise = normal(picture, rng) * held
        between = filtered(noise, tent) / xp.clip(filtered(held, tent), 0.5, None)
        noise = noise + (1 - held) * between
        return picture + draw(picture, self.sigma, rng) / 255 * noise


@dataclass(frozen=True)
class Grain(Ranged):
    """The grain of film: the same in all channels, `blur` pixels wide, strongest in the middle tones.

    Its standard deviation is `sigma`/255 at mid-gray and goes with the root of x (1 - x), as that of grains that cover
    the share x of a place (Newson et al. 2017, https://doi.org/10.1111/cgf.13159).
    """

    sigma: Range = (0.0, 30.0)
    blur: Range = (0.3, 1.0)

    def __call__(self, picture: Array, rng: Rng) -> Array:
        """Returns the grainy picture."""
        xp = array_namespace(picture)
        noise = _blurred(picture[:, :1], self.blur, rng)
        tone = xp.clip(xp.mean(picture, axis=1, keepdims=True), 0.0, 1.0)
        return picture + draw(picture, self.sigma, rng) / 255 * 2 * xp.sqrt(tone * (1 - tone)) * noise


def _blurred(like: Array, blur: Range, rng: Rng) -> Array:
    """Blurred noise of standard deviation 1, of the shape of `like`."""
    noise = gaussian_blur(normal(like, rng), scalar(like, blur, rng))
    return noise / array_namespace(like).std(noise, axis=(1, 2, 3), keepdims=True)
