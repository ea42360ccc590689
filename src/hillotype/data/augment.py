"""Random crops of a picture, moved, turned, scaled and bent, so that a model never sees the same one twice."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from hillotype.data.images import to_image, to_pixels


@dataclass(frozen=True)
class Augment:
    """Settings of the random crop; every range is drawn from uniformly.

    Attributes:
        crop: side of the square crop in pixels; smaller pictures are enlarged to it.
        zoom: (low, high) factor by which the picture is resized before the crop (below 1: made smaller).
        cover: (low, high) share of the picture's shorter side that the crop spans, in place of `zoom`: pictures of any
            size show as much of themselves, and small ones are enlarged.
        flip: mirrored left to right, half of the time.
        turn: turned by 0, 90, 180 or 270 degrees.
        rotation: degrees to either side, about the crop's center.
        shear: degrees to either side.
        shift: fraction of the side by which the crop is moved over the picture's edge, which is mirrored.
    """

    crop: int = 96
    zoom: tuple[float, float] = (1.0, 1.0)
    cover: tuple[float, float] | None = None
    flip: bool = True
    turn: bool = False
    rotation: float = 0.0
    shear: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        if self.crop < 1:
            raise ValueError(f"crop {self.crop}: must be at least 1")
        if not 0 < self.zoom[0] <= self.zoom[1]:
            raise ValueError(f"zoom {self.zoom}: must be two rising factors above 0")
        if self.cover is not None and not 0 < self.cover[0] <= self.cover[1] <= 1:
            raise ValueError(f"cover {self.cover}: must be two rising shares above 0 and at most 1")
        for name, most in (("rotation", 180), ("shear", 80), ("shift", 1)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} {getattr(self, name)}: must lie from 0 to {most}")

    @cached_property
    def _only_crops(self) -> bool:
        return self == Augment(crop=self.crop, flip=False)

    def leaves(self, pixels: np.ndarray) -> bool:
        """Tells whether the only crop of `pixels` (H, W, C) is the picture as it is."""
        return self._only_crops and pixels.shape[:2] == (self.crop, self.crop)

    def __call__(self, pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns a random crop (crop, crop, C) uint8 of `pixels` (H, W, C) uint8."""
        h, w = pixels.shape[:2]
        if self.cover is None:
            zoom = max(rng.uniform(*self.zoom), self.crop / min(h, w))
            side = min(self.crop / zoom, h, w)
        else:
            side = rng.uniform(*self.cover) * min(h, w)
            zoom = self.crop / side
        left, top = rng.uniform(0, w - side), rng.uniform(0, h - side)
        if self.rotation or self.shear or self.shift:
            crop = self._bent(pixels, left, top, side, rng)
        elif zoom == 1:
            top, left = int(top), int(left)
            crop = pixels[top : top + self.crop, left : left + self.crop]
        else:
            crop = _resized(pixels, (left, top, left + side, top + side), self.crop)
        if self.flip and rng.random() < 0.5:
            crop = crop[:, ::-1]
        if self.turn:
            crop = np.rot90(crop, int(rng.integers(4)))
        return np.ascontiguousarray(crop)

    def _bent(self, pixels: np.ndarray, left: float, top: float, side: float, rng: np.random.Generator) -> np.ndarray:
        """The crop through a rotation, a shear and a shift; what lies outside the picture is mirrored."""
        angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation))
        shear = np.tan(np.deg2rad(rng.uniform(-self.shear, self.shear)))
        scale = side / self.crop
        matrix = scale * np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
        shift = side * rng.uniform(-self.shift, self.shift, 2)
        margin = int(np.ceil(side))
        center = np.array([left + side / 2, top + side / 2]) + shift + margin
        offset = center - matrix @ np.array([self.crop / 2, self.crop / 2])
        padded = np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
        coefficients = (*matrix[0], offset[0], *matrix[1], offset[1])
        image = to_image(padded).transform(
            (self.crop, self.crop), Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
        )
        return to_pixels(image)


def _resized(pixels: np.ndarray, box: tuple[float, float, float, float], side: int) -> np.ndarray:
    return to_pixels(to_image(pixels).resize((side, side), Image.Resampling.BICUBIC, box=box))
