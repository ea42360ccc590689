"""Pictures of a run: the loss curve and a grid of samples."""

import io

import numpy as np
from PIL import Image
from torch import Tensor

from hillotype.train.log import Row, curve


def loss_curve(rows: list[Row]) -> bytes:
    """Draws training and validation loss over the steps of a log, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for key, label in (("train_loss", "training"), ("validation_loss", "validation (averaged weights)")):
        points = curve(rows, key)
        if points:
            steps, losses = zip(*points, strict=True)
            axes.plot(steps, losses, "." if len(points) == 1 else "-", label=label, linewidth=1.2)
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def samples(*rows: Tensor) -> bytes:
    """Draws a grid as PNG: one row for each (N, C, H, W) tensor in [0, 1], one column a picture."""
    strips = [torch_row.detach().float().cpu().clamp(0, 1).numpy() for torch_row in rows]
    colored = [np.repeat(strip, 3, axis=1) if strip.shape[1] == 1 else strip for strip in strips]
    grid = np.concatenate([np.concatenate(list(strip), axis=2) for strip in colored], axis=1)
    file = io.BytesIO()
    Image.fromarray((grid * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)).save(file, "PNG")
    return file.getvalue()
