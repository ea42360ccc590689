"""What hints of true color give, by the protocol of Zhang et al. 2017, https://arxiv.org/abs/1705.02999.

    python benchmarks/hints.py [--data zip:photos-nips17-256.zip --split validation]

Each hint lies at a random pixel and has the mean color of the 7 x 7 pixels around it in the true picture. Figures are
means over draws of the hints, then over the pictures, with 95 % bootstrap intervals of the gain over the pictures;
those of the picture without hints and of gray stand beside them.
"""

import argparse
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hillotype
from hillotype.evaluate.plan import read_test_pictures
from hillotype.metrics import bootstrap_interval, colorfulness, delta_e2000, psnr

COUNTS = (1, 5, 10)
PATCH = 7

Floats = NDArray[np.float32]
HintTuple = tuple[float, float, str]


def true_hints(truth: Floats, count: int, rng: np.random.Generator) -> list[HintTuple]:
    """Returns hints of true color at random pixels of a picture (H, W, 3)."""
    height, width = truth.shape[:2]
    reach = PATCH // 2
    hints = []
    for y, x in zip(rng.integers(0, height, count), rng.integers(0, width, count), strict=True):
        patch = truth[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        red, green, blue = np.round(patch.mean(axis=(0, 1)) * 255).astype(int)
        hints.append((float(x), float(y), f"#{red:02x}{green:02x}{blue:02x}"))
    return hints


def measure(truth: Floats, draws: int, rng: np.random.Generator) -> dict[str, Floats]:
    """Returns for each row PSNR, CIEDE2000, colorfulness and CPU seconds of a picture (H, W, 3), (4,)."""
    colorize = hillotype.load("colorize", threads=1)

    def figures(**wished: Any) -> Floats:  # noqa: ANN401
        start = time.process_time()
        colored = colorize(truth, **wished)
        seconds = time.process_time() - start
        answer, true = (picture.transpose(2, 0, 1)[None] for picture in (colored, truth))
        return np.array([psnr(answer, true)[0], delta_e2000(answer, true)[0], colorfulness(answer)[0], seconds])

    rows = {"gray": figures(strength=0.0), "no hints": figures()}
    for count in COUNTS:
        drawn = [figures(hints=true_hints(truth, count, rng)) for _ in range(draws)]
        rows[f"{count} hint" + "s" * (count > 1)] = np.mean(drawn, axis=0)
    return rows


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="zip:photos-nips17-256.zip")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1)
    settings = parser.parse_args()
    pictures = read_test_pictures(hillotype.load("colorize").model.card, settings.data, split=settings.split)
    measured = [
        measure(picture.transpose(1, 2, 0), settings.draws, np.random.default_rng([settings.seed, index]))
        for index, picture in enumerate(pictures)
    ]
    figures = {name: np.array([rows[name] for rows in measured]) for name in measured[0]}
    plain = figures["no hints"]
    print(f"{settings.data}, {settings.split}, n = {len(pictures)}, {settings.draws} draws, seed {settings.seed}\n")
    print("| | PSNR | over no hints | over gray | CIEDE2000 | colorfulness | CPU s more |")
    print("|---|---|---|---|---|---|---|")
    for name, values in figures.items():
        mean = values.mean(axis=0)
        gain = values[:, 0] - plain[:, 0]
        low, high = bootstrap_interval(gain, rng=np.random.default_rng(0))
        over_gray = (values[:, 0] - figures["gray"][:, 0]).mean()
        cells = [f"{mean[0]:.2f}", f"{gain.mean():+.2f} ({low:+.2f}, {high:+.2f})", f"{over_gray:+.2f}"]
        cells += [f"{mean[1]:.2f}", f"{mean[2]:.1f}", f"{mean[3] - plain[:, 3].mean():.2f}"]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
