"""Tasks: what a model sees, what it must answer, and how its answer becomes a picture; they know no network.

Pictures are (N, C, H, W) in [0, 1], numpy or torch alike.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from array_api_compat import array_namespace, device

from hillotype.color import Array, ColorSpace, Lab, neutral_chroma
from hillotype.noise import Gaussian, Mask, Masking, Noise, Rng


class Task(Protocol):
    """Pure functions over pictures.

    What belongs together stands together: `finish(observe(x), target(x))` is x again, as far as the task allows.

    Attributes:
        supervised: whether the pictures that train are the truth; without it nothing can be measured against them.
        stride: every how many pixels along a side of a picture the model sees one while it learns.
    """

    supervised: ClassVar[bool]
    stride: ClassVar[int]

    @property
    def name(self) -> str:
        """What a model of this task does, as cards say it."""

    @property
    def target_range(self) -> tuple[float, float]:
        """The numbers between which targets lie; a model must be able to reach them."""

    @property
    def doubt(self) -> bool:
        """Whether a model answers with one channel more than the target has: how far off it expects to be."""
        ...

    def channels(self, picture_channels: int) -> tuple[int, int]:
        """Returns the channels that a model takes and gives, for pictures of so many channels."""
        ...

    def observe(self, picture: Array, rng: Rng) -> Array:
        """Returns what the model sees of the picture."""
        ...

    def target(self, picture: Array) -> Array:
        """Returns what the loss compares the model's answer with."""
        ...

    def finish(self, seen: Array, predicted: Array) -> Array:
        """Returns the picture in [0, 1] that answer and observation make together."""
        ...

    def untouched(self, seen: Array) -> Array:
        """Returns the picture in [0, 1] that doing nothing leaves: the row that every model must beat."""
        ...


@dataclass(frozen=True)
class Reconstruct:
    """The model sees the picture and answers with the same picture.

    `shift` is taken off what the model sees and answers: 0.5 centers the numbers about 0, as report 003 does.
    """

    shift: float = field(default=0.0, kw_only=True)
    name: ClassVar[str] = "reconstruct"
    doubt: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    stride: ClassVar[int] = 1

    @property
    def target_range(self) -> tuple[float, float]:
        """From black to white."""
        return -self.shift, 1.0 - self.shift

    def channels(self, picture_channels: int) -> tuple[int, int]:
        """The picture's own channels, in and out."""
        return picture_channels, picture_channels

    def observe(self, picture: Array, rng: Rng) -> Array:
        """The picture itself."""
        return picture - self.shift

    def target(self, picture: Array) -> Array:
        """The picture itself."""
        return picture - self.shift

    def finish(self, seen: Array, predicted: Array) -> Array:
        """The answer, clipped."""
        return array_namespace(predicted).clip(predicted + self.shift, 0.0, 1.0)

    def untouched(self, seen: Array) -> Array:
        """What was seen, clipped."""
        return array_namespace(seen).clip(seen + self.shift, 0.0, 1.0)


@dataclass(frozen=True)
class Denoise(Reconstruct):
    """A reconstruction through a noise: the model answers with the clean picture (Vincent et al. 2008, ICML)."""

    noise: Noise = field(default_factory=Gaussian)
    name: ClassVar[str] = "denoise"

    def observe(self, picture: Array, rng: Rng) -> Array:
        """The noisy picture."""
        return self.noise(picture, rng) - self.shift


@dataclass(frozen=True)
class SelfDenoise:
    """Denoising learned from noisy pictures alone, whose noise is independent from pixel to pixel.

    While it learns, the model sees every second pixel of every second row, and answers with what the pixels between
    them say of the same places. Their noise is their own, so the best answer is the picture without noise (Lehtinen et
    al. 2018, Noise2Noise, https://arxiv.org/abs/1803.04189). Pairs from one picture are those of Huang et al. 2021
    (Neighbor2Neighbor, https://arxiv.org/abs/2101.02824), who draw a random neighbor and correct for its distance with
    a second pass through the net. Here neighbors are interpolated, without a shift, and along edges rather than over
    them, as in demosaicing.

    It needs a loss whose best answer is the mean (`mse`), and a model that takes any size: in use it sees every pixel.
    """

    name: ClassVar[str] = "denoise"
    doubt: ClassVar[bool] = False
    supervised: ClassVar[bool] = False
    stride: ClassVar[int] = 2
    target_range: ClassVar[tuple[float, float]] = (-0.125, 1.125)  # as far as cubic interpolation may lead

    def channels(self, picture_channels: int) -> tuple[int, int]:
        """The picture's own channels, in and out."""
        return picture_channels, picture_channels

    def observe(self, picture: Array, rng: Rng) -> Array:
        """Every second pixel of every second row, (N, C, H / 2, W / 2)."""
        return picture[:, :, ::2, ::2]

    def target(self, picture: Array) -> Array:
        """The same places from the neighbors beside, above and below, most from the pair that differs less."""
        across, unlike_across = _between(picture[:, :, ::2, :], axis=3)
        down, unlike_down = _between(picture[:, :, :, ::2], axis=2)
        return down + (across - down) * unlike_down / (unlike_across + unlike_down)

    def finish(self, seen: Array, predicted: Array) -> Array:
        """The answer, clipped."""
        return array_namespace(predicted).clip(predicted, 0.0, 1.0)

    def untouched(self, seen: Array) -> Array:
        """What was seen, clipped."""
        return array_namespace(seen).clip(seen, 0.0, 1.0)


_CUBIC = {-3: -1 / 16, -1: 9 / 16, 1: 9 / 16, 3: -1 / 16}
"""Weights of samples two apart for the place midway between them, by their distance: exact for cubics."""


def _between(picture: Array, axis: int) -> tuple[Array, Array]:
    """Returns the even places along an axis as the odd ones say, and how much the nearest two of these differ.

    That is the square, above 0, and the mean of all channels, (N, 1, H, W). Beyond its ends the picture is mirrored.
    """
    xp = array_namespace(picture)
    last = picture.shape[axis] - 1
    odd = {}
    for distance in _CUBIC:
        places = [last - abs(last - abs(place + distance)) for place in range(0, last + 1, 2)]
        odd[distance] = xp.take(picture, xp.asarray(places, device=device(picture)), axis=axis)
    between = sum(weight * odd[distance] for distance, weight in _CUBIC.items())
    return between, xp.mean((odd[1] - odd[-1]) ** 2, axis=1, keepdims=True) + 1e-6


@dataclass(frozen=True)
class Colorize:
    """The model sees the luma and answers with the chroma of a color space; the picture keeps the luma it came with.

    `degrade` ages the luma that the model sees (its input only), so that old prints find it prepared. With `doubt`, the
    model answers with one channel more: how far from the truth it expects its chroma to be.
    """

    space: ColorSpace = field(default_factory=Lab)
    degrade: Noise | None = None
    doubt: bool = False
    name: ClassVar[str] = "colorize"
    supervised: ClassVar[bool] = True
    stride: ClassVar[int] = 1

    @property
    def target_range(self) -> tuple[float, float]:
        """The range of the space's chroma."""
        return self.space.chroma_range

    def channels(self, picture_channels: int) -> tuple[int, int]:
        """One channel in; out as many as the space has chroma channels, and the doubt."""
        return 1, self.space.chroma_channels + self.doubt

    def observe(self, picture: Array, rng: Rng) -> Array:
        """The luma (N, 1, H, W) in [0, 1], aged if `degrade` is given."""
        luma, _ = self.space.split(picture)
        return luma if self.degrade is None else self.degrade(luma, rng)

    def target(self, picture: Array) -> Array:
        """The chroma (N, k, H, W)."""
        return self.space.split(picture)[1]

    def finish(self, seen: Array, predicted: Array) -> Array:
        """The color picture: the luma seen with the chroma predicted, clipped."""
        chroma = predicted[:, : self.space.chroma_channels]
        return array_namespace(predicted).clip(self.space.join(seen, chroma), 0.0, 1.0)

    def untouched(self, seen: Array) -> Array:
        """The gray picture."""
        return self.finish(seen, neutral_chroma(self.space, seen))


@dataclass(frozen=True)
class Inpaint:
    """The model sees a picture with missing pixels, and which they are, and answers with the whole one."""

    mask: Masking = field(default_factory=Mask)
    name: ClassVar[str] = "inpaint"
    doubt: ClassVar[bool] = False
    supervised: ClassVar[bool] = True
    stride: ClassVar[int] = 1
    target_range: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def channels(self, picture_channels: int) -> tuple[int, int]:
        """The picture's channels and the mask in, the picture's channels out."""
        return picture_channels + 1, picture_channels

    def observe(self, picture: Array, rng: Rng) -> Array:
        """The known pixels (missing ones 0), then the mask (1 known, 0 missing) as the last channel."""
        keep = self.mask.keep(picture, rng)
        return array_namespace(picture).concat([picture * keep, keep], axis=1)

    def target(self, picture: Array) -> Array:
        """The whole picture."""
        return picture

    def finish(self, seen: Array, predicted: Array) -> Array:
        """The known pixels as they were, the missing ones as predicted."""
        xp = array_namespace(predicted)
        known, keep = seen[:, :-1], seen[:, -1:]
        return xp.where(keep > 0.5, known, xp.clip(predicted, 0.0, 1.0))

    def untouched(self, seen: Array) -> Array:
        """The picture with its missing pixels black."""
        return seen[:, :-1]


TASKS: dict[str, type] = {
    "reconstruct": Reconstruct,
    "denoise": Denoise,
    "self_denoise": SelfDenoise,
    "colorize": Colorize,
    "inpaint": Inpaint,
}
"""The tasks by the names that recipes use."""
