"""Denoise: a blind network run over the picture in tiles, gray pictures by one for gray."""

from __future__ import annotations

from typing import ClassVar

from hillotype.errors import ModelFileError
from hillotype.modelfile import Model
from hillotype.pictures import Rows
from hillotype.restore.pixels import is_neutral
from hillotype.restore.restorer import Plan, Restorer, Room
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

    @property
    def threads(self) -> int:
        """How many threads compute."""
        return next(iter(self.models.values())).threads

    def with_threads(self, threads: int) -> Denoiser:
        """Return this denoiser with so many threads."""
        return Denoiser(*(model.with_threads(threads) for model in self.models.values()))

    def plan(self, pixels: Rows) -> Plan:
        """Plan to denoise, whatever the picture."""
        return Plan(("denoise",))

    def apply(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        """Return the denoised pixels, of the same shape."""
        gray = is_neutral(pixels)
        model = self.models.get(1 if gray else 3) or (self.models.get(3) if gray else None)
        if model is None:
            raise ModelFileError(
                f"{self.name}: denoises gray pictures, this one has colors; use the model denoise-color, or denoise"
            )
        return run_tiled(model, pixels, out=room(pixels.shape[2]), strength=strength, progress=progress)
