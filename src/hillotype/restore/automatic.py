"""Restore: what a picture needs and no more."""

from __future__ import annotations

from typing import ClassVar, Final, Unpack, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.pictures import Rows
from hillotype.restore.colorize import Colorizer
from hillotype.restore.denoise import Denoiser, Denoising
from hillotype.restore.diagnose import NOISY, is_gray
from hillotype.restore.parts import Progress
from hillotype.restore.pixels import is_neutral
from hillotype.restore.restorer import FloatArray, Plan, Room
from hillotype.restore.wishes import Wished, Wishes, wishes_of

_DENOISING: Final = 0.8
"""Share of the time that denoising takes where coloring follows, on two cores."""

_MUCH_NOISE: Final = 15.0
"""Standard deviation of noise, of 255, from which on anybody sees it."""


class AutomaticRestorer(Denoising):
    """Denoises a noisy picture, colorizes one without colors, and leaves a clean color picture as it is."""

    task: ClassVar[str] = "restore"

    def __init__(self, denoiser: Denoiser, colorizer: Colorizer) -> None:
        self.name = f"{denoiser.name} + {colorizer.name}"
        self.denoiser, self.colorizer = denoiser, colorizer

    @overload
    def __call__(
        self,
        picture: Image.Image,
        *,
        strength: float = 1.0,
        chroma_strength: float | None = None,
        **wished: Unpack[Wished],
    ) -> Image.Image: ...

    @overload
    def __call__(
        self,
        picture: FloatArray,
        *,
        strength: float = 1.0,
        chroma_strength: float | None = None,
        **wished: Unpack[Wished],
    ) -> NDArray[np.float32]: ...

    def __call__(
        self,
        picture: Image.Image | FloatArray,
        *,
        strength: float = 1.0,
        chroma_strength: float | None = None,
        **wished: Unpack[Wished],
    ) -> Image.Image | NDArray[np.float32]:
        """Restores a Pillow image, or a float array in [0, 1], as any `Restorer`.

        Args:
            picture: see `Restorer`.
            strength: 0 to 1.
            chroma_strength: see `Denoising.with_chroma_strength`; as `strength` if not given.
            wished: `hints`, `vividness`, `like`, for a picture that is colorized: see `Wished`.

        Raises:
            PictureError: as `Denoising` and `Colorizer`.
            ModelFileError: a model is damaged.
        """
        chosen = self.given(wishes_of(**wished)) if wished else self
        return super(AutomaticRestorer, chosen).__call__(picture, strength=strength, chroma_strength=chroma_strength)

    def given(self, wishes: Wishes) -> AutomaticRestorer:
        """Returns this restorer with these wishes of the colors."""
        return AutomaticRestorer(self.denoiser, self.colorizer.given(wishes))

    def with_chroma_strength(self, strength: float) -> AutomaticRestorer:
        """Returns this restorer with a strength of its own for the noise of the colors: see `Denoising`."""
        return AutomaticRestorer(self.denoiser.with_chroma_strength(strength), self.colorizer)

    @property
    def threads(self) -> int:
        """How many threads compute."""
        return self.colorizer.threads

    def with_threads(self, threads: int) -> AutomaticRestorer:
        """Returns this restorer with so many threads."""
        return AutomaticRestorer(self.denoiser.with_threads(threads), self.colorizer.with_threads(threads))

    def plan(self, pixels: Rows) -> Plan:
        """Plans what the picture needs: see `diagnose.noise_level` and `diagnose.is_gray`."""
        neutral = is_neutral(pixels)
        noise, gray = self.denoiser.noise_level(pixels, gray=neutral), neutral or is_gray(pixels)
        needs = (("denoise", noise >= NOISY), ("colorize", gray))
        unused = "" if gray or not self.colorizer.wishes.hints else ", so hints are not used: colorize replaces them"
        reasons = (_in_words(noise), "no colors" if gray else f"colors{unused}")
        return Plan(tuple(step for step, needed in needs if needed), reasons)

    def apply(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        """Carries out the plan, denoising first."""
        if "denoise" in plan.steps:
            end = _DENOISING if "colorize" in plan.steps else 1.0
            pixels = self.denoiser.apply(pixels, plan, strength, room, _between(progress, 0.0, end))
        if "colorize" in plan.steps:
            start = _DENOISING if "denoise" in plan.steps else 0.0
            pixels = self.colorizer.apply(pixels, plan, strength, room, _between(progress, start, 1.0))
        return pixels


def _in_words(noise: float) -> str:
    if noise < NOISY:
        return "hardly any noise"
    return "much noise" if noise >= _MUCH_NOISE else "some noise"


def _between(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Returns what is told the share of a step that goes from `start` to `end` of the work."""
    return None if progress is None else lambda share: progress(start + share * (end - start))
