"""Denoise: a blind network run over the picture in tiles, gray pictures by one for gray."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from hillotype.errors import ModelFileError
from hillotype.modelfile import Model
from hillotype.restore.pixels import Pixels, is_neutral
from hillotype.restore.restorer import Plan, Restorer
from hillotype.restore.tiles import Progress, run_tiled


class Denoiser(Restorer):
    """Takes the noise out of pictures; nobody has to say how much there is.

    Gray pictures, also those stored as RGB, go through the model for one channel, if there is one. `strength` blends:
    0 gives the picture back.
    """

    task: ClassVar[str] = "denoise"

    def __init__(self, *models: Model) -> None:
        for model in models:
            if model.card.in_channels != model.card.out_channels or model.card.in_channels not in (1, 3):
                raise ModelFileError(
                    f"{model.card.name}: maps {model.card.in_channels} channels to {model.card.out_channels}; a "
                    "denoiser maps 1 to 1 or 3 to 3; give a denoise model"
                )
        self.name = " + ".join(model.card.name for model in models)
        self.models = {model.card.in_channels: model for model in models}

    def plan(self, pixels: Pixels) -> Plan:
        """Plan to denoise, whatever the picture."""
        return Plan(("denoise",))

    def apply(self, pixels: Pixels, plan: Plan, strength: float, progress: Progress | None = None) -> Pixels:
        """Return the denoised pixels, of the same shape and dtype."""
        channels = pixels.shape[2]
        if is_neutral(pixels) and 1 in self.models:
            gray = run_tiled(self.models[1], pixels[..., :1], strength=strength, progress=progress)
            return gray if channels == 1 else np.repeat(gray, channels, axis=2)
        if 3 not in self.models:
            raise ModelFileError(
                f"{self.name}: denoises gray pictures, this one has colors; use the model denoise-color, or denoise"
            )
        if channels == 1:
            colored = run_tiled(self.models[3], np.repeat(pixels, 3, axis=2), strength=strength, progress=progress)
            return colored[..., 1:2]
        return run_tiled(self.models[3], pixels, strength=strength, progress=progress)
