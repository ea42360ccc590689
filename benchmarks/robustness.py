"""Noise that is not plain Gaussian: what the shipped denoisers make of it, beside classical methods.

    python benchmarks/robustness.py [--models denoise-gray denoise-fast-gray] [--count 12] [--seed 0] [--with-bm3d]

On evenly spaced pictures of BSD68, a test set. No method is told the noise but BM3D (`pip install bm3d`), which is told
25 of 255; JPEG comes after Gaussian noise. "Shift" is how far the mean level of a picture moves, of 255.
"""

import argparse
from typing import ClassVar

import numpy as np

from hillotype.evaluate.baselines import Identity, NonLocalMeans
from hillotype.evaluate.measure import measure
from hillotype.evaluate.models import DenoiserMethod
from hillotype.evaluate.patches import Floats
from hillotype.evaluate.plan import finite_psnr, read_test_pictures
from hillotype.evaluate.report import tables
from hillotype.modelfile import load_model
from hillotype.noise import Chain, Correlated, Gaussian, Jpeg, PoissonGaussian
from hillotype.tasks import Denoise

CONDITIONS = {
    "clean": Gaussian((0, 0)),
    "Gaussian 25": Gaussian((25, 25)),
    "correlated 25": Correlated((25, 25), (0.7, 0.7)),
    "Poisson-Gaussian": PoissonGaussian((0.01, 0.01), (0.02, 0.02)),
    "Gaussian 25, JPEG 75": Chain((Gaussian((25, 25)), Jpeg((75, 75)))),
}


class Bm3d:
    """BM3D, told the noise (Dabov et al. 2007, https://doi.org/10.1109/TIP.2007.901238)."""

    name: ClassVar[str] = "BM3D, told 25"

    def __call__(self, seen: Floats) -> Floats:
        """Returns the denoised picture (1, 1, H, W)."""
        from bm3d import bm3d

        return np.clip(bm3d(seen[0, 0], 25 / 255), 0, 1).astype(np.float32)[None, None]


def shift(answer: Floats, truth: Floats) -> Floats:
    """Returns by how many levels of 255 the mean of a picture differs from the true one, (N,)."""
    return 255 * np.abs((answer - truth).mean(axis=(1, 2, 3)))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["denoise-gray", "denoise-fast-gray"])
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--with-bm3d", action="store_true")
    settings = parser.parse_args()
    models = [load_model(name) for name in settings.models]
    pictures = read_test_pictures(models[0].card, "zip:benchmarks.zip/bsd68", limit=settings.count)
    methods = [Identity(), NonLocalMeans(), *([Bm3d()] if settings.with_bm3d else []), *map(DenoiserMethod, models)]
    tasks = {name: Denoise(noise) for name, noise in CONDITIONS.items()}
    results = measure(tasks, methods, pictures, {"PSNR (dB)": finite_psnr, "shift": shift}, seed=settings.seed)
    print(f"bsd68, n = {results.count}, seed {settings.seed}")
    for table in tables(results):
        print(f"\n{table.title}\n\n| | " + " | ".join(table.head) + " |\n" + "|---" * (len(table.head) + 1) + "|")
        for row in table.rows:
            print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
