"""Noise that is not plain Gaussian: what the shipped denoisers make of it, beside classical methods.

    python benchmarks/robustness.py [--model denoise-fast-gray denoise-gray] [--count 12] [--seed 0] [--without bm3d]

On pictures of BSD68, a test set. Ours and the first non-local means are not told the noise; the others are those
of `peers.py`, told its level (of Gaussian noise before JPEG). "Shift" is how far the mean of a picture moves, of 255.
"""

import argparse

import numpy as np
from peers import PEERS, measure_beside_peers, print_tables

from hillotype.evaluate.baselines import NonLocalMeans
from hillotype.evaluate.patches import Floats
from hillotype.evaluate.plan import read_test_pictures
from hillotype.metrics import finite_psnr
from hillotype.modelfile import load_model
from hillotype.noise import Chain, Correlated, Gaussian, Jpeg, PoissonGaussian

CONDITIONS = {
    "clean": (Gaussian((0, 0)), 0.0),
    "Gaussian 25": (Gaussian((25, 25)), 25.0),
    "correlated 25": (Correlated((25, 25), (0.7, 0.7)), 25.0),
    "Poisson-Gaussian": (PoissonGaussian((0.01, 0.01), (0.02, 0.02)), 18.0),
    "Gaussian 25, JPEG 75": (Chain((Gaussian((25, 25)), Jpeg((75, 75)))), 25.0),
}
"""Noise by name, and what the peers are told; of Poisson-Gaussian noise that at the mean level of the pictures."""


def shift(answer: Floats, truth: Floats) -> Floats:
    """Returns by how many levels of 255 the mean of a picture differs from the true one, (N,)."""
    return 255 * np.abs((answer - truth).mean(axis=(1, 2, 3)))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["denoise-fast-gray", "denoise-gray"])
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", nargs="*", default=[], metavar="PACKAGE", help="leave peers out: bm3d")
    settings = parser.parse_args()
    peers = [peer for peer in PEERS if peer.package not in settings.without]
    models = [load_model(name) for name in settings.model]
    pictures = read_test_pictures(models[0].card, "zip:benchmarks.zip/bsd68", limit=settings.count)
    metrics = {"PSNR (dB)": finite_psnr, "shift": shift}
    results = measure_beside_peers(CONDITIONS, models, pictures, metrics, settings.seed, [NonLocalMeans()], peers)
    print(f"bsd68, n = {results.count}, seed {settings.seed}")
    print_tables(results, peers)


if __name__ == "__main__":
    main()
