"""What `--vividness` does to the figures, on the validation pictures that its default is set on.

python benchmarks/vividness.py
"""

import numpy as np

import hillotype
from hillotype.data.load import load_pictures
from hillotype.data.sources import open_source
from hillotype.data.splits import split_names
from hillotype.metrics import colorfulness, delta_e2000, psnr

DATA, SPLIT = "zip:photos-nips17-256.zip", "validation"
VALUES = (0.0, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0)


def main() -> None:
    """Prints the table."""
    colorize = hillotype.load("colorize")
    source = open_source(DATA)
    pictures = load_pictures(source, split_names(source.names, SPLIT))
    truths = [picture.astype(np.float32) / 255 for picture in pictures]
    truth = np.mean([colorfulness(true.transpose(2, 0, 1)[None])[0] for true in truths])
    print(f"{DATA}, {SPLIT}, n = {len(truths)}; the truth has a colorfulness of {truth:.1f}\n")
    print("| vividness | PSNR | CIEDE2000 | colorfulness |\n|---|---|---|---|")
    for value in VALUES:
        figures = []
        for true in truths:
            answer, reference = (x.transpose(2, 0, 1)[None] for x in (colorize(true, vividness=value), true))
            figures.append([psnr(answer, reference)[0], delta_e2000(answer, reference)[0], colorfulness(answer)[0]])
        mean = np.mean(figures, axis=0)
        print(f"| {value:g} | {mean[0]:.2f} | {mean[1]:.2f} | {mean[2]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
