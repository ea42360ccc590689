"""What `--vividness` does to the figures, on validation pictures: by default those that its default is set on.

    python benchmarks/vividness.py [--data zip:photos-imagenette-128.zip --limit 100]

Means over the pictures; over gray's and over the truth's are ratios of means.
"""

import argparse

import numpy as np

import hillotype
from hillotype.evaluate.plan import read_test_pictures
from hillotype.metrics import colorfulness, delta_e2000, psnr

VALUES = (0.0, 0.8, 0.9, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="zip:photos-nips17-256.zip")
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    settings = parser.parse_args()
    colorize = hillotype.load("colorize", threads=1)
    truths = read_test_pictures(colorize.model.card, settings.data, split="validation", limit=settings.limit)
    truth = np.mean([colorfulness(true[None])[0] for true in truths])
    print(f"{settings.data}, validation, n = {len(truths)}; the truth has a colorfulness of {truth:.1f}\n")
    print("| vividness | PSNR | CIEDE2000 | / gray's | colorfulness | / truth's |\n|---|---|---|---|---|---|")
    gray = None
    for value in VALUES:
        figures = []
        for true in truths:
            answer = colorize(true.transpose(1, 2, 0), vividness=value).transpose(2, 0, 1)[None]
            figures.append([psnr(answer, true[None])[0], delta_e2000(answer, true[None])[0], colorfulness(answer)[0]])
        mean = np.mean(figures, axis=0)
        gray = gray or mean[1]
        cells = [f"{value:g}", f"{mean[0]:.2f}", f"{mean[1]:.2f}", f"{mean[1] / gray:.3f}", f"{mean[2]:.1f}"]
        print(f"| {' | '.join(cells)} | {mean[2] / truth:.2f} |", flush=True)


if __name__ == "__main__":
    main()
