"""The colorizer on pictures kept from training, as it is and made vivid, beside gray and beside the truth's colors.

    python benchmarks/colors.py [--vividness 3.5] [--model colorize]

Of nips17 and imagenette always the same pictures of the test split, whatever else is there; Kodak and the
Prokudin-Gorskii photographs of 1905-15, whose true colors are known, never train. PSNR and CIEDE2000 are means over the
pictures, differences to gray are taken picture by picture, with 95 % bootstrap intervals; colorfulness over the truth's
is that of the means. How vivid is chosen on validation pictures: `python benchmarks/vividness.py`.
"""

import argparse

import numpy as np

from hillotype.color import Lab
from hillotype.evaluate.baselines import Gray
from hillotype.evaluate.measure import Results, measure
from hillotype.evaluate.models import ColorizerMethod
from hillotype.evaluate.plan import make_plan, read_test_pictures
from hillotype.modelfile import load_model
from hillotype.restore.wishes import Wishes
from hillotype.tasks import Colorize

SETS = (
    ("zip:benchmarks.zip/kodak24", "all", None),
    ("zip:photos-nips17-256.zip", "test", 100),
    ("zip:photos-imagenette-128.zip", "test", 300),
    ("zip:historic.zip/prokudin-gorskii", "all", None),
)


def row(results: Results, method: str) -> list[str]:
    """Returns the cells of a method."""
    (condition,) = results.conditions
    cells = []
    for metric in ("PSNR (dB)", "CIEDE2000"):
        gain, low, high = results.gain(condition, method, metric)
        cells += [f"{results.mean(condition, method, metric):.2f}", f"{gain:+.2f} ({low:+.2f}, {high:+.2f})"]
    gray, mean = (results.mean(condition, name, "CIEDE2000") for name in (results.methods[0], method))
    colors, true = (results.mean(condition, method, metric) for metric in ("colorfulness", "colorfulness of truth"))
    return [*cells, f"{mean / gray:.3f}", f"{colors / true:.2f}"]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="colorize")
    parser.add_argument("--vividness", type=float, default=3.5)
    parser.add_argument("--limit", type=int, help="at most so many pictures of a set")
    settings = parser.parse_args()
    model = load_model(settings.model)
    methods = [Gray(), ColorizerMethod(model), ColorizerMethod(model, Wishes(vividness=settings.vividness))]
    metrics = make_plan(model, (), rng=np.random.default_rng(0)).metrics
    print("| | PSNR | over gray | CIEDE2000 | over gray | / gray's | colorfulness / truth's |")
    print("|---|---|---|---|---|---|---|")
    for data, split, limit in SETS:
        most = min((count for count in (limit, settings.limit) if count is not None), default=None)
        pictures = read_test_pictures(model.card, data, split=split, limit=most)
        results = measure({"color": Colorize(Lab())}, methods, pictures, metrics)
        print(f"| **{data}**, {split}, n = {results.count} | | | | | | |")
        for method in results.methods:
            print(f"| {method} | {' | '.join(row(results, method))} |", flush=True)


if __name__ == "__main__":
    main()
