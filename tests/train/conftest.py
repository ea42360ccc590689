"""A recipe small enough to train in a second."""

import pytest

from hillotype.train.config import make_run


@pytest.fixture
def tiny(photos):
    def make(**changes):
        plain = {
            "name": "tiny",
            "summary": "A model for tests",
            "task": {"name": "denoise", "noise": {"name": "gaussian", "sigma": [30, 30]}},
            "model": {"name": "residual_unet", "widths": [8, 16], "blocks": [1, 1]},
            "data": {
                "sources": [{"name": f"folder:{photos}", "licence": "made up", "fractions": [0.6, 0.4, 0.0]}],
                "augment": {"crop": 32},
            },
            "optimization": {"steps": 20, "batch": 4, "learning_rate": 3e-3},
            "precision": "32-true",
            "log_every": 5,
            "validate_every": 10,
        }
        return make_run(plain | changes)

    return make
