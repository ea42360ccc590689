"""The restorer: one picture in, a better one out, whatever the caller holds it in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.errors import PictureError
from hillotype.pictures import Decoded, Picture, Profile, Rows, Sheet, from_pil, new_sheet, to_pil, whole
from hillotype.pictures.profiles import in_srgb
from hillotype.restore.parts import Progress

FloatArray = NDArray[np.floating[Any]]

Room: TypeAlias = Callable[[int], Sheet]
"""Gives an empty sheet of the picture's size and depth, and so many channels."""

ROUNDING = 1e-4
"""How far values of a float array may lie outside [0, 1]: what arithmetic in float16 and float32 leaves."""


@dataclass(frozen=True)
class Plan:
    """What a picture is given.

    Attributes:
        steps: "denoise", "colorize", both in this order, or nothing.
        reasons: what was found in the picture, if it was looked at, one phrase each.
    """

    steps: tuple[str, ...]
    reasons: tuple[str, ...] = ()


class Restorer(ABC):
    """Restores pictures: call it with one.

    Attributes:
        name: the names of its models.
        task: "denoise", "colorize" or "restore".
    """

    name: str
    task: ClassVar[str]

    @overload
    def __call__(self, picture: Image.Image, *, strength: float = 1.0) -> Image.Image: ...

    @overload
    def __call__(self, picture: FloatArray, *, strength: float = 1.0) -> NDArray[np.float32]: ...

    def __call__(
        self, picture: Image.Image | FloatArray, *, strength: float = 1.0
    ) -> Image.Image | NDArray[np.float32]:
        """Restores a Pillow image, or a float array in [0, 1]; the same kind comes back.

        Args:
            picture: an image of any mode with 8 or 16 bits; or an array (H, W), (H, W, 1), (H, W, 3) or, with alpha,
                (H, W, 4), float in [0, 1], sRGB.
            strength: 0 to 1.

        Returns:
            An image of the same size, upright; or a float32 array of the same size in [0, 1], not rounded, with three
            color channels if the restorer colorizes, and the alpha that came.

        Raises:
            PictureError: the picture is neither, or has values, a shape or a strength out of range.
            ModelFileError: the model is damaged or does not fit the picture.
        """
        if isinstance(picture, Image.Image):
            return to_pil(self.restore(from_pil(picture), strength))
        colors = pixels_of(picture)

        def room(channels: int) -> Sheet:
            return np.empty((*colors.shape[:2], channels), np.float32)

        array = np.asarray(picture, dtype=np.float32)
        answer = whole(self._run(colors, self.plan(colors), strength, room))
        restored: NDArray[np.float32] = np.clip(answer, np.float32(0), np.float32(1))
        if array.ndim == 2:
            return restored[..., 0] if restored.shape[2] == 1 else restored
        return np.concatenate([restored, array[..., 3:]], axis=2)

    def restore(
        self,
        picture: Picture,
        strength: float = 1.0,
        progress: Progress | None = None,
        plan: Plan | None = None,
    ) -> Picture:
        """Restores a picture from a file: size, depth, alpha and what the file says of the picture are kept.

        Its ICC profile is honored: models see sRGB, and what they answer is put back into the profile's colors.
        Only a profile for gray goes when gray is colored; the picture is then in sRGB.

        Args:
            picture: the picture.
            strength: 0 to 1.
            progress: is told the share of the work that is done.
            plan: what to do, if the caller knows it already from `plan`.

        Raises:
            PictureError: `strength` is out of range.
            ModelFileError: the model is damaged or does not fit the picture.
        """
        profile, room = Profile(picture), room_for(picture.pixels)
        seen = profile.seen(picture.pixels)
        plan = plan or self.plan(seen)
        restored = self._run(seen, plan, strength, lambda channels: profile.seen(room(channels)), progress)
        pixels = restored.stored if isinstance(restored, Decoded) else restored
        icc = profile.icc_for(pixels)
        notes = profile.notes if icc is picture.icc else (*profile.notes, "from its gray ICC profile to sRGB")
        return replace(picture, pixels=pixels, icc=icc, notes=(*picture.notes, *notes))

    def _run(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        check_strength(strength)
        return self.apply(pixels, plan, strength, room, progress) if plan.steps else pixels

    @property
    @abstractmethod
    def threads(self) -> int:
        """How many threads compute."""

    @abstractmethod
    def with_threads(self, threads: int) -> Restorer:
        """Returns this restorer with models of their own that so many threads compute; loaded when they are used."""

    @abstractmethod
    def plan(self, pixels: Rows) -> Plan:
        """Decides what the picture (H, W, 1 or 3), seen in sRGB, is given."""

    @abstractmethod
    def apply(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        """Carries out the plan on pixels (H, W, 1 or 3) of any depth, and returns them in a sheet from `room`."""


def check_strength(strength: float, name: str = "strength") -> None:
    """Refuses a strength that is out of range."""
    if not 0.0 <= strength <= 1.0:
        raise PictureError(f"{name} {strength}: must lie from 0 (nothing) to 1 (all); choose one in between")


def room_for(pixels: Rows) -> Room:
    """Returns what makes sheets for the results of pixels: as large, of the same depth."""
    return lambda channels: new_sheet((*pixels.shape[:2], channels), pixels.dtype)


def pixels_of(picture: Image.Image | FloatArray) -> Rows:
    """Returns the colors (H, W, 1 or 3) of an image, in sRGB, or of a float array in [0, 1].

    Raises:
        PictureError: it is neither, or has values or a shape out of range.
    """
    if isinstance(picture, Image.Image):
        return in_srgb(from_pil(picture))
    check_array(picture)
    array = np.asarray(picture, dtype=np.float32)
    return array[..., None] if array.ndim == 2 else array[..., :3]


def check_array(array: Any) -> None:  # noqa: ANN401
    """Refuses what is not a float array in [0, 1] of a picture's shape."""
    if not isinstance(array, np.ndarray):
        raise PictureError(f"a {type(array).__name__}: not a picture; give a PIL.Image or a float array in [0, 1]")
    if array.dtype.kind != "f":
        scale = np.iinfo(array.dtype).max if array.dtype.kind == "u" else 255
        raise PictureError(f"an array of {array.dtype}: must be float in [0, 1]; divide it by {scale}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)) or 0 in array.shape:
        raise PictureError(
            f"an array of shape {array.shape}: must be (H, W) or (H, W, 1, 3 or 4), not empty; put channels last"
        )
    low, high = float(array.min()), float(array.max())
    if np.isnan(low) or np.isnan(high):
        raise PictureError("an array with NaN: every value must be a number in [0, 1]; replace them, say by 0")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise PictureError(
            f"an array with values from {low:g} to {high:g}: must be in [0, 1]; divide by the value of white, or clip"
        )
