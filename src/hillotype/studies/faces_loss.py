"""Report 003's loss of its nets for faces, and the fault that keeps it high: targets out of the net's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np
import torch

from hillotype.models import Generative, normal_divergence
from hillotype.pages import grid, text
from hillotype.studies.study import Section

if TYPE_CHECKING:
    from hillotype.train.trained import Floats, Trained

ALPHA: Final = 1e5
"""The report's factor on the mean squared error; its divergence has none."""

SHIFT: Final = 0.5
"""What the report takes off its targets, though its net's answers lie in 0..1."""


def fault_floor(pictures: Floats) -> float:
    """Returns the least mean squared error that any net with answers in 0..1 can have for targets `pictures` - 0.5."""
    targets = pictures.astype(np.float64) - SHIFT
    return float(np.square(np.minimum(targets, 0)).mean())


def equivalent_beta(numbers: int) -> float:
    """Returns beta of half the summed squared error + beta * KL that pulls as `ALPHA` * mean squared error + KL does.

    `numbers` is how many numbers a picture has. Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl
    """
    return numbers / (2 * ALPHA)


def report_loss(trained: Trained, pictures: Floats) -> dict[str, float]:
    """Returns the report's own loss on pictures, whose codes it drew in testing too, and its parts.

    `loss` is 100,000 * `mse` + `kl`: the mean squared error per element, not clipped, and the divergence in nats.
    """
    model, rng = cast(Generative, trained.model), torch.Generator().manual_seed(0)
    squared, divergence = 0.0, 0.0
    with torch.no_grad():
        for picture in torch.split(torch.from_numpy(pictures), 250):
            mean, logvar = model.posterior(trained.task.observe(picture, rng))
            answer = model.decode(mean + torch.exp(0.5 * logvar) * torch.randn(mean.shape, generator=rng))
            target = torch.as_tensor(trained.task.target(picture))
            squared += float((answer - target).double().square().flatten(1).mean(dim=1).sum())
            divergence += float(normal_divergence(mean, logvar).double().sum())
    mse, kl = squared / len(pictures), divergence / len(pictures)
    return {"loss": ALPHA * mse + kl, "mse": mse, "kl": kl}


def fault(rows: dict[str, Floats], test: Floats) -> Section:
    """Tells the fault and its mend, beside `rows` of test faces through a code."""
    floor = fault_floor(test)
    dark = float((test < SHIFT).mean())
    return Section(
        "The fault, and its mend",
        (
            text(
                "The report takes 0.5 off every picture, so its targets lie from -0.5 to 0.5; its net ends in a "
                f"sigmoid, whose answers lie above 0. What is darker than mid-gray, {dark:.0%} of all test numbers, is "
                f"out of reach. Whatever the net, the code or the task, the mean squared error cannot fall below "
                f"{floor:.4f}: {ALPHA * floor:,.0f} of the report's losses of 4,393 to 4,518. It is not the number of "
                "faces, nor the size of the code, as the report suspects. The mend is one line, `shift = 0.0`. A "
                "recipe that asks for targets its model cannot reach is refused, unless it says "
                "`allow_unreachable = true`, as this one must."
            ),
            grid(
                rows,
                "Test faces through 1,024 numbers. With the fault all that is dark becomes gray.",
            ),
        ),
    )
