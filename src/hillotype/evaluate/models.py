"""A model file as a method to measure: it answers observations through the same code that restores pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hillotype.color import Lab, neutral_chroma
from hillotype.evaluate.patches import Floats
from hillotype.modelfile import Model
from hillotype.pictures import whole
from hillotype.restore.colorize import Colorizer
from hillotype.restore.tiles import run_tiled
from hillotype.restore.wishes import NO_WISHES, Wishes


@dataclass(frozen=True)
class DenoiserMethod:
    """A denoising model file; what it sees is neither clipped nor rounded."""

    model: Model

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.card.name

    def __call__(self, seen: Floats) -> Floats:
        """Returns the denoised picture (1, C, H, W), clipped."""
        pixels = np.ascontiguousarray(seen[0].transpose(1, 2, 0), dtype=np.float32)
        answer: Floats = np.clip(whole(run_tiled(self.model, pixels)), 0.0, 1.0)
        return answer.transpose(2, 0, 1)[None]


@dataclass(frozen=True)
class ColorizerMethod:
    """A colorizing model file, with all that raises its chroma to the picture's size."""

    model: Model
    wishes: Wishes = NO_WISHES

    @property
    def name(self) -> str:
        """The model's name, and what is wished of it."""
        wished = "".join(f", {key} {value}" for key, value in self.wishes.made_with().items())
        return self.model.card.name + wished

    def __call__(self, seen: Floats) -> Floats:
        """Returns the color picture (1, 3, H, W) for the luma L*/100 (1, 1, H, W)."""
        gray = np.clip(Lab().join(seen, neutral_chroma(Lab(), seen)), 0, 1)
        pixels = np.ascontiguousarray(gray[0].transpose(1, 2, 0), dtype=np.float32)
        colored = Colorizer(self.model, wishes=self.wishes)(pixels)
        return np.asarray(colored, dtype=np.float32).transpose(2, 0, 1)[None]
