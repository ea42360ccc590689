"""Tiny trained runs: autoencoders of smooth digits of ten classes, and a net that has no code."""

import numpy as np
import pytest
from PIL import Image

from hillotype.train.config import make_run
from hillotype.train.loop import fit
from hillotype.train.trained import open_run

SIDE = 12
CODE = 3

_MODELS = {
    "dense": {"name": "dense", "side": SIDE, "widths": [32, CODE, 32], "code": "linear"},
    "vae": {"name": "vae", "side": SIDE, "filters": [8, 8], "strides": [2, 2], "latent": CODE, "norm": False},
    "skip": {"name": "residual_unet", "widths": [4, 8], "blocks": [1, 1]},
}


@pytest.fixture(scope="session")
def blobs(tmp_path_factory):
    """A folder of 40 gray pictures of 12x12 pixels in the classes `left` and `right`: a spot on that side of each."""
    folder = tmp_path_factory.mktemp("blobs")
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for label, column in (("left", 3.0), ("right", 8.0)):
        (folder / label).mkdir()
        for number in range(20):
            top, left = rng.uniform(3, 8), column + rng.uniform(-1, 1)
            spot = np.exp(-((rows - top) ** 2 + (columns - left) ** 2) / 8)
            Image.fromarray((spot * 255).astype(np.uint8)).save(folder / label / f"{number:02}.png")
    return folder


def make_tiny_run(blobs, model, steps=150):
    """A recipe that trains one of `_MODELS` on the blobs for a second."""
    return make_run(
        {
            "name": f"tiny-{model}",
            "task": {"name": "reconstruct"},
            "model": _MODELS[model],
            "data": {
                "gray": True,
                "sources": [{"name": f"folder:{blobs}", "licence": "made up", "fractions": [0.6, 0.1, 0.3]}],
                "augment": {"crop": SIDE, "flip": False},
            },
            "optimization": {"steps": steps, "batch": 16, "learning_rate": 5e-3, "loss": "half_sse", "kl_weight": 0.05},
            "precision": "32-true",
            "validate_every": steps,
        }
    )


@pytest.fixture(scope="session")
def runs(blobs, tmp_path_factory):
    """Run folders by the model they trained: `dense` and `vae` with a code of 3, and `skip`, which has none."""
    root = tmp_path_factory.mktemp("runs")
    for model in _MODELS:
        fit(make_tiny_run(blobs, model, 150 if model != "skip" else 2), root / model)
    return {model: root / model for model in _MODELS}


@pytest.fixture(scope="session")
def dense(runs):
    return open_run(runs["dense"])


@pytest.fixture(scope="session")
def vae(runs):
    return open_run(runs["vae"])


@pytest.fixture(scope="session")
def skip(runs):
    return open_run(runs["skip"])
