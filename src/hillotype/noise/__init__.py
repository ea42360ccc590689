"""Noises and other damages, from the one of a textbook to that of an old photograph.

Every noise is a frozen dataclass of settings, called as `noise(picture, rng)`: pictures (N, C, H, W) in [0, 1]
in, the same shape and dtype out, **not clipped** unless said. Arrays may be numpy (`rng` a
`numpy.random.Generator`) or torch (`rng` a `torch.Generator` on the same device). Levels are drawn per picture,
uniformly from a pair (low, high); sigmas are in units of 1/255, as the literature states them.
"""

from hillotype.noise.base import Masking, Noise, Range, Rng
from hillotype.noise.combined import Chain, Fixed, Mixture
from hillotype.noise.damage import Jpeg, Mask, OldPhoto, SaltPepper
from hillotype.noise.filters import gaussian_blur
from hillotype.noise.gaussian import BiasedGaussian, Correlated, Demosaiced, Gaussian, Grain, PoissonGaussian

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

__all__ = [
    "NOISES",
    "BiasedGaussian",
    "Chain",
    "Correlated",
    "Demosaiced",
    "Fixed",
    "Gaussian",
    "Grain",
    "Jpeg",
    "Mask",
    "Masking",
    "Mixture",
    "Noise",
    "OldPhoto",
    "PoissonGaussian",
    "Range",
    "Rng",
    "SaltPepper",
    "gaussian_blur",
]
