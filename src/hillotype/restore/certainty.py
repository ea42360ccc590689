"""Maps of certainty: where the colors of a picture are known, and where they are guessed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UNSURE: Final = 40.0
"""Expected distance in a*, b* that a map shows as black."""


def certainty_map(doubt: NDArray[np.float32], height: int, width: int) -> Image.Image:
    """Shows doubt as a gray image.

    Args:
        doubt: expected distance of the guessed from the true a*, b* (h, w), as `Colorizer.doubt` tells it.
        height: of the picture, in pixels.
        width: the same.

    Returns:
        An image of that height and width: white where no error is expected, black where one of `UNSURE` or more is,
        evenly between.
    """
    levels = np.clip(255 * (1 - doubt / UNSURE), 0, 255).round().astype(np.uint8)
    return Image.fromarray(levels).resize((width, height), Image.Resampling.BILINEAR)
