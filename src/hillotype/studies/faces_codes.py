"""Codes of faces: how large they need be, and what faces they make that nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hillotype.latent.coder import open_coder
from hillotype.latent.priors import Normal
from hillotype.pages import grid, plot, spread, table, text
from hillotype.studies.baselines import Components
from hillotype.studies.faces_loss import equivalent_beta
from hillotype.studies.study import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hillotype.train.trained import Floats, Trained


def what_codes_hold(mended: Trained, components: Components, test: Floats, means: dict[str, float]) -> Section:
    """Shows how the error falls with the size of the code, with the nets' `means` by name."""
    most = len(components.axes)
    counts = sorted({min(k, most) for k in (8, 16, 32, 64, 128, 256, 512, 1024)})
    scores = [components.error(test, test, k) for k in counts]
    variances = open_coder(mended).encode(test).var(axis=0)
    active = int((variances > 0.01).sum())

    def draw(axes: Axes) -> None:
        axes.plot(counts, scores, "o-", label="PCA of so many numbers")
        for name, color in (("report's net, fault", "C3"), ("mended", "C2"), ("mended, augmented", "C1")):
            axes.axhline(means[name], color=color, label=f"{name}, 1,024 numbers")
        axes.set(xlabel="numbers of the code", ylabel="MSE per element", xscale="log", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")

    return Section(
        "What the code holds",
        (
            text(
                "The report's text gives the loss as alpha * RMSE + KL; its code computes 100,000 * MSE + KL. In the "
                "common form, half the summed squared error + beta * KL, that is beta = "
                f"{equivalent_beta(test[0].size):.4f}: the divergence hardly counts, and the net is near a plain "
                f"autoencoder. {active:,} of its 1,024 numbers are active, that is, their posterior's mean has a "
                "variance above 0.01 over the test faces (Burda et al. 2016, https://arxiv.org/abs/1509.00519). "
                "Principal components need no training: where their line crosses a net's, so many of them do as well."
            ),
            plot(draw, "Mean squared error of the test faces by size of the code, both axes logarithmic."),
            table(
                ["reconstruction, mended", "MSE per element, test faces"],
                [["without augmentation", means["mended"]], ["with augmentation", means["mended, augmented"]]],
                "The report imports an augmentation (rotation 20, shift 0.05, shear 0.2, zoom 0.2, flip) and never "
                "uses it. Same number of steps here; with it no face comes twice.",
            ),
        ),
    )


def new_faces(trained: Trained, train: Floats, test: Floats) -> Section:
    """Shows faces of codes that are added, averaged and drawn."""
    rng = np.random.default_rng(0)
    chosen = spread({"faces": test}, 24)["faces"]
    first, second = chosen[::2], chosen[1::2]
    coder = open_coder(trained)
    a, b = (coder.encode(faces) for faces in (first, second))
    rows = {
        "first": first,
        "second": second,
        "sum of codes": coder.decode(a + b),
        "mean of codes": coder.decode((a + b) / 2),
        "drawn, prior": coder.decode(rng.standard_normal((12, a.shape[1]))),
        "drawn, fitted": coder.decode(Normal.fit(coder.encode(train)).sample(12, rng)),
    }
    return Section(
        "New faces",
        (
            text(
                "The report makes a new face by adding the codes of two. A sum lies farther from 0 than any face's "
                "code, so its contrasts are too strong; the mean of two is a blend. A variational autoencoder should "
                "also make faces of codes drawn from its prior, a standard normal; with so small a beta the codes of "
                "faces fill only a part of it, and the draws look it. A normal distribution fitted to the codes of "
                "the training faces, mean and covariance, is nearer to them (Ghosh et al. 2020, "
                "https://arxiv.org/abs/1903.12436)."
            ),
            grid(rows, "Codes added, averaged and drawn, by the mended net; faces from all of the list, none chosen."),
        ),
    )
