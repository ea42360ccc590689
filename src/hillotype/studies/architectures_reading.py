"""Report 004's test error of 0.57, which has no unit: what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from hillotype.pages import table, text
from hillotype.studies.study import Section

if TYPE_CHECKING:
    from hillotype.train.trained import Floats

REPORTED: Final = 0.57
"""The figure."""


def cross_entropy(answers: Floats, truths: Floats) -> float:
    """Returns the binary cross-entropy per element in nats, mean over pictures (N, C, H, W) in [0, 1].

    Its least value, that of the truth itself, is not 0 but the entropy of numbers in [0, 1] read as chances.
    """
    chances = np.clip(answers.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-np.mean(truths * np.log(chances) + (1 - truths) * np.log1p(-chances)))


def channel_agreement(answers: Floats, truths: Floats) -> float:
    """Returns the share of pixels whose largest channel is the same: what Keras calls the accuracy of a picture."""
    return float(np.mean(answers.argmax(axis=1) == truths.argmax(axis=1)))


def reading(entropies: Mapping[str, float], mse: float, answer: Floats, test: Floats) -> Section:
    """Sets the figure beside what it may be: cross-entropies by whose they are, and errors of a net of that `mse`."""
    agreement = channel_agreement(answer, test)
    rows: list[list[object]] = [[f"cross-entropy of {name}", value] for name, value in entropies.items()]
    rows += [
        ["1 - Keras's accuracy (share of pixels with another largest channel)", 1 - agreement],
        ["MSE per element", mse],
        ["squared error, summed over a picture", mse * test[0].size],
    ]
    crossed = entropies["the assignment's net, trained by cross-entropy"]
    least = entropies["the truth itself: the least there is"]
    return Section(
        f"What the report's {REPORTED} may be",
        (
            table(["reading", "value"], rows, "Of the assignment's net where nothing else is said; test pictures."),
            text(
                f"The report calls {REPORTED} the test error and gives no unit. It is no MSE: black pictures would do "
                f"better. It may be cross-entropy: that of the net trained by it is {crossed:.3f} here. Such a figure "
                f"says little, for the truth itself has {least:.3f}, which depends on the pictures taken, and the mean "
                f"picture {entropies['the mean picture']:.3f}: all that a net can do lies between."
            ),
        ),
    )
