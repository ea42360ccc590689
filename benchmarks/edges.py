"""How well chroma keeps to the edges of the lightness when it is raised to full size, beside raising it bilinearly.

    python benchmarks/edges.py [--data zip:benchmarks.zip/kodak24] [--megapixels 4]

The true chroma of a picture is reduced as the colorizer reduces one of 4 megapixels (6.4 times, to a short side of
256), raised again, bilinearly and as `Colorizer` does it, and joined with the true lightness. The error is
`metrics.bleed`: the mean difference of a* and b* within 4 pixels of the steepest edges of the lightness. Smaller
pictures are taken for parts of one of 4 megapixels, and reduced as many times. What the network
guesses is no part of it.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from hillotype.color import Lab
from hillotype.data.load import load_pictures
from hillotype.data.sources import open_source
from hillotype.data.splits import sample_names
from hillotype.metrics import bleed, bootstrap_interval
from hillotype.modelfile import load_model
from hillotype.restore.colorize import Colorizer, Guidance
from hillotype.restore.reduce import reduced, working_size

Floats = NDArray[np.float32]


def raised_again(truth: Floats, colorizer: Colorizer, megapixels: float) -> Floats:
    """Returns a picture (H, W, 3) whose chroma has been reduced as one of so many megapixels is, and raised."""
    height, width = truth.shape[:2]
    card = colorizer.model.card
    side = round((card.working_side or 1) * (height * width / (megapixels * 1e6)) ** 0.5)
    small = reduced(truth, working_size(height, width, side))
    light, chroma = Lab().split(small.transpose(2, 0, 1)[None])
    out = np.empty_like(truth)
    colorizer.paint(truth, light[0, 0], chroma[0] / np.float32(card.vividness), 1.0, lambda channels: out)
    return out


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="zip:benchmarks.zip/kodak24")
    parser.add_argument("--megapixels", type=float, default=4.0)
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    settings = parser.parse_args()
    source = open_source(settings.data)
    pictures = load_pictures(source, sample_names(source.names, settings.limit))
    model = load_model("colorize", threads=1)
    methods = {"bilinear": Colorizer(model, Guidance(limit=0.0)), "guided": Colorizer(model)}
    errors: dict[str, list[float]] = {name: [] for name in methods}
    for picture in pictures:
        truth = picture.astype(np.float32) / np.float32(255)
        for name, colorizer in methods.items():
            answer = raised_again(truth, colorizer, settings.megapixels)
            pair = (x.transpose(2, 0, 1)[None] for x in (answer, truth))
            errors[name].append(float(bleed(*pair)[0]))
    plain, ours = (np.array(values) for values in errors.values())
    low, high = bootstrap_interval(ours / plain, rng=np.random.default_rng(0))
    sizes = sorted(picture.shape[0] * picture.shape[1] / 1e6 for picture in pictures)
    print(f"{settings.data}, n = {len(pictures)} of {sizes[0]:.1f} to {sizes[-1]:.1f} megapixels,", end=" ")
    print(f"chroma reduced as at {settings.megapixels:g}\n")
    print("| | error of a*, b* at edges | / bilinear's, mean of the pictures (95 %) |\n|---|---|---|")
    print(f"| bilinear | {plain.mean():.2f} | 1 |")
    print(f"| guided | {ours.mean():.2f} | {(ours / plain).mean():.3f} ({low:.3f}, {high:.3f}) |")


if __name__ == "__main__":
    main()
