"""Denoise: a blind network run over the picture in tiles, gray pictures by one for gray."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.errors import ModelFileError
from hillotype.modelfile import Model
from hillotype.pictures import Rows
from hillotype.restore.diagnose import noise_level
from hillotype.restore.parts import Progress
from hillotype.restore.pixels import is_neutral
from hillotype.restore.restorer import FloatArray, Plan, Restorer, Room, check_strength
from hillotype.restore.tiles import run_tiled


class Denoising(Restorer):
    """A restorer that denoises; the noise of the colors may be taken out more or less than that of the lightness."""

    @abstractmethod
    def with_chroma_strength(self, strength: float) -> Denoising:
        """Returns this restorer with a strength of its own, 0 to 1, for the noise of the colors.

        Colors are the BT.601 color differences, Cb and Cr; gray pictures have none.

        Raises:
            PictureError: `strength` is out of range.
        """

    @overload
    def __call__(
        self, picture: Image.Image, *, strength: float = 1.0, chroma_strength: float | None = None
    ) -> Image.Image: ...

    @overload
    def __call__(
        self, picture: FloatArray, *, strength: float = 1.0, chroma_strength: float | None = None
    ) -> NDArray[np.float32]: ...

    def __call__(
        self, picture: Image.Image | FloatArray, *, strength: float = 1.0, chroma_strength: float | None = None
    ) -> Image.Image | NDArray[np.float32]:
        """Restores a Pillow image, or a float array in [0, 1], as any `Restorer`.

        Args:
            picture: see `Restorer`.
            strength: 0 to 1.
            chroma_strength: see `with_chroma_strength`; as `strength` if not given.

        Raises:
            PictureError: as `Restorer`, or `chroma_strength` is out of range.
            ModelFileError: the model is damaged or does not fit the picture.
        """
        chosen = self if chroma_strength is None else self.with_chroma_strength(chroma_strength)
        return super(Denoising, chosen).__call__(picture, strength=strength)


class Denoiser(Denoising):
    """Takes the noise out of pictures; nobody has to say how much there is.

    Gray pictures, also those stored as RGB, go through the model for one channel, if there is one. `strength` blends:
    0 gives the picture back.

    Attributes:
        chroma_strength: the strength for the colors; None for that of the whole.
    """

    task: ClassVar[str] = "denoise"

    def __init__(self, *models: Model, chroma_strength: float | None = None) -> None:
        for model in models:
            if model.card.in_channels != model.card.out_channels or model.card.in_channels not in (1, 3):
                raise ModelFileError(
                    f"{model.card.name}: maps {model.card.in_channels} channels to {model.card.out_channels}; a "
                    "denoiser maps 1 to 1 or 3 to 3; give a denoise model"
                )
        if chroma_strength is not None:
            check_strength(chroma_strength, "chroma strength")
        self.name = " + ".join(model.card.name for model in models)
        self.models = {model.card.in_channels: model for model in models}
        self.chroma_strength = chroma_strength

    @property
    def threads(self) -> int:
        """How many threads compute."""
        return next(iter(self.models.values())).threads

    def with_threads(self, threads: int) -> Denoiser:
        """Returns this denoiser with so many threads."""
        models = (model.with_threads(threads) for model in self.models.values())
        return Denoiser(*models, chroma_strength=self.chroma_strength)

    def with_chroma_strength(self, strength: float) -> Denoiser:
        """Returns this denoiser with a strength of its own for the colors: see `Denoising`."""
        return Denoiser(*self.models.values(), chroma_strength=strength)

    def plan(self, pixels: Rows) -> Plan:
        """Plans to denoise, whatever the picture."""
        return Plan(("denoise",))

    def apply(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        """Returns the denoised pixels, of the same shape."""
        gray = is_neutral(pixels)
        return run_tiled(
            self._model_for(gray),
            pixels,
            out=room(pixels.shape[2]),
            strength=strength,
            chroma_strength=None if gray else self.chroma_strength,
            progress=progress,
        )

    def noise_level(self, pixels: Rows, *, gray: bool) -> float:
        """Tells how much this denoiser would take out of a picture (H, W, C), in 255ths: see `diagnose.noise_level`."""
        return noise_level(pixels, self._model_for(gray))

    def _model_for(self, gray: bool) -> Model:
        model = self.models.get(1 if gray else 3) or (self.models.get(3) if gray else None)
        if model is None:
            raise ModelFileError(
                f"{self.name}: denoises gray pictures, this one has colors; use the model denoise-color, or denoise"
            )
        return model
