"""Colorize: chroma guessed on a reduced copy, raised to full size along the picture's edges, lightness untouched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Unpack, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hillotype.color import LAB_CHROMA_SCALE
from hillotype.errors import ModelFileError
from hillotype.modelfile import Model
from hillotype.pictures import Rows
from hillotype.restore.certainty import certainty_map
from hillotype.restore.guided import local_slopes, lowered, prefiltered, raised, sharpened
from hillotype.restore.lightness import lightness, write_colored
from hillotype.restore.parts import Progress, do_parts
from hillotype.restore.pixels import STRIP_PIXELS, Plane
from hillotype.restore.reduce import reduced, working_size
from hillotype.restore.restorer import FloatArray, Plan, Restorer, Room, pixels_of
from hillotype.restore.wishes import NO_WISHES, Wished, Wishes, wishes_of


@dataclass(frozen=True)
class Guidance:
    """How the chroma follows the lightness, at the model's resolution and below it.

    On 40 photographs of BSDS400, halved, and 40 of nips17's validation split, whose chroma was reduced 6.4 times and
    raised again, the error at the strongest edges is 23 % less than of raising bilinearly. Of a chroma known at half of
    that resolution, as the shipped model's is, and sharpened first, it is 16 % less. Epsilons of 0.002 to 0.004 and a
    limit of 0.15 are within 2 % of it; Gaussian windows, weights by the lightness and steps of two gain 2 % at most.
    The plain guided filter, joint bilateral upsampling and wider windows do worse.

    Attributes:
        radius: windows are squares of side 2 * radius + 1, at the model's resolution.
        epsilon: variance of the lightness below which a window counts as flat, and its chroma follows nothing.
        limit: detail of the lightness above which the chroma follows no further.
    """

    radius: int = 1
    epsilon: float = 0.003
    limit: float = 0.1


class Colorizer(Restorer):
    """Gives color to pictures, which are seen through their lightness alone: colors they have are replaced.

    `strength` scales the chroma: 0 gives gray. L*, alpha, size and depth stay.
    """

    task: ClassVar[str] = "colorize"

    def __init__(self, model: Model, guidance: Guidance = Guidance(), wishes: Wishes = NO_WISHES) -> None:
        card = model.card
        shape = (card.color_space, card.in_channels, card.out_channels)
        if shape not in (("lab", 1, 2), ("lab", 1, 3)) or not card.working_side:
            raise ModelFileError(
                f"{card.name}: maps {card.in_channels} to {card.out_channels} channels in {card.color_space} at side "
                f"{card.working_side}; a colorizer maps L* to a*, b* (and its doubt) at a fixed side; give a colorizer"
            )
        self.name, self.model, self.guidance, self.wishes = card.name, model, guidance, wishes

    def given(self, wishes: Wishes) -> Colorizer:
        """Returns this colorizer with these wishes in place of its own."""
        return Colorizer(self.model, self.guidance, wishes)

    @overload
    def __call__(self, picture: Image.Image, *, strength: float = 1.0, **wished: Unpack[Wished]) -> Image.Image: ...

    @overload
    def __call__(
        self, picture: FloatArray, *, strength: float = 1.0, **wished: Unpack[Wished]
    ) -> NDArray[np.float32]: ...

    def __call__(
        self, picture: Image.Image | FloatArray, *, strength: float = 1.0, **wished: Unpack[Wished]
    ) -> Image.Image | NDArray[np.float32]:
        """Colorizes a Pillow image, or a float array in [0, 1], as any `Restorer`.

        Args:
            picture: see `Restorer`.
            strength: 0 to 1.
            wished: `hints`, `vividness`, `like`: see `Wished`.

        Raises:
            PictureError: as `Restorer`; or a hint lies outside the picture, or a wish cannot be met.
            ModelFileError: the model is damaged.
        """
        chosen = self.given(wishes_of(**wished)) if wished else self
        return super(Colorizer, chosen).__call__(picture, strength=strength)

    @property
    def threads(self) -> int:
        """How many threads compute."""
        return self.model.threads

    def with_threads(self, threads: int) -> Colorizer:
        """Returns this colorizer with so many threads."""
        return Colorizer(self.model.with_threads(threads), self.guidance, self.wishes)

    def plan(self, pixels: Rows) -> Plan:
        """Plans to colorize, whatever the picture."""
        return Plan(("colorize",))

    def apply(self, pixels: Rows, plan: Plan, strength: float, room: Room, progress: Progress | None = None) -> Rows:
        """Returns the colored pixels (H, W, 3)."""
        return self.paint(pixels, *self.predict(pixels), strength, room, progress)

    def paint(
        self,
        pixels: Rows,
        light: Plane,
        chroma: Plane,
        strength: float,
        room: Room,
        progress: Progress | None = None,
    ) -> Rows:
        """Raises a guess to the size of the pixels it was made of, and joins it with their lightness.

        Args:
            pixels: (H, W, 1 or 3) of any depth.
            light: L* / 100 (h, w), reduced, as `predict` returns it.
            chroma: (a*, b*) / 110 (2, h, w), as `predict` returns it, or made steady since; wishes come on top.
            strength: what the chroma is scaled by.
            room: makes the sheet for the result.
            progress: is told the share that is done.

        Returns:
            The colored pixels (H, W, 3), in that sheet.
        """
        height, width = pixels.shape[:2]
        chroma = self.wishes.apply(light, chroma * np.float32(self.model.card.vividness), (height, width))
        planes = _raisable(light, chroma * np.float32(strength), (height, width), self.guidance)
        out = room(3)

        def color(rows: slice) -> None:
            light = lightness(pixels[rows])
            fine = raised(planes, (height, width), rows)
            base, chroma, slopes = fine[0], fine[1:3], fine[3:]
            detail = np.subtract(light, base, out=base)
            np.clip(detail, -self.guidance.limit, self.guidance.limit, out=detail)
            slopes *= detail
            chroma += slopes
            part = np.empty((*light.shape, 3), out.dtype)
            write_colored(light, chroma, part)
            out[rows] = part

        do_parts(color, _strips(height, width), self.threads, progress)
        return out

    def predict(self, pixels: Rows) -> tuple[Plane, Plane]:
        """Guess the chroma of a picture at the model's resolution, sharpened there along the lightness.

        Returns:
            L* / 100 (h, w), and (a*, b*) / 110 (2, h, w), both reduced.
        """
        light, answer = self._answer(pixels)
        guidance = self.guidance
        return light, sharpened(
            light, answer[:2], radius=guidance.radius, epsilon=guidance.epsilon, limit=guidance.limit
        )

    def doubt(self, picture: Image.Image | FloatArray) -> Plane:
        """Tells how far the guessed colors of a picture are expected to be from the true ones.

        Args:
            picture: see `Restorer`.

        Returns:
            The expected distance in a*, b* (h, w), float32 in CIELAB units, at the model's resolution. It is that of
            the model's own guess: hints and vividness do not change it.

        Raises:
            PictureError: see `Restorer`.
            ModelFileError: see `check_doubt`.
        """
        return self.doubt_of(pixels_of(picture))

    def doubt_of(self, pixels: Rows) -> Plane:
        """Tells the same of pixels (H, W, 1 or 3) of any depth, in sRGB."""
        self.check_doubt()
        doubt: Plane = self._answer(pixels)[1][2] * np.float32(LAB_CHROMA_SCALE)
        return doubt

    def check_doubt(self) -> None:
        """Refuses a model that cannot tell its doubt.

        Raises:
            ModelFileError: it answers with a*, b* alone.
        """
        if self.model.card.out_channels < 3:
            raise ModelFileError(
                f"{self.name}: does not tell where it guesses; train one with task.doubt, as recipes/colorize.toml"
            )

    def certainty(self, picture: Image.Image | FloatArray) -> Image.Image:
        """Shows where the colors of a picture are known and where they are guessed: see `certainty_map`.

        Args:
            picture: see `Restorer`.

        Raises:
            PictureError: see `Restorer`.
            ModelFileError: see `check_doubt`.
        """
        pixels = pixels_of(picture)
        return certainty_map(self.doubt_of(pixels), *pixels.shape[:2])

    def _answer(self, pixels: Rows) -> tuple[Plane, Plane]:
        """Returns L* / 100 (h, w) and all that the model says of it (2 or 3, h, w)."""
        card = self.model.card
        light = lightness(reduced(pixels, working_size(pixels.shape[0], pixels.shape[1], card.working_side or 1)))
        height, width = light.shape
        below, beside = -height % card.multiple, -width % card.multiple
        padded = np.pad(light, ((0, below), (0, beside)), mode="reflect")
        return light, self.model.run(padded[None, None])[0, :, :height, :width]


def _raisable(light: Plane, chroma: Plane, size: tuple[int, int], guidance: Guidance) -> Plane:
    """Returns what is raised to full size: the lightness, a*, b*, and the slopes of both along the lightness."""
    scale = size[0] / len(light)
    base, chroma = prefiltered(light, scale), prefiltered(chroma, scale)
    slopes = local_slopes(base, chroma, radius=guidance.radius, epsilon=guidance.epsilon)
    return lowered(np.stack([base, *chroma, *slopes]), size)


def _strips(height: int, width: int) -> list[slice]:
    rows = max(1, STRIP_PIXELS // width)
    return [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
