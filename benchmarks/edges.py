"""How well chroma keeps to the edges of the lightness when it is raised to full size, beside raising it bilinearly.

    python benchmarks/edges.py [--data zip:benchmarks.zip/kodak24] [--megapixels 4]

The true chroma of a picture is reduced as the colorizer reduces one of 4 megapixels (6.4 times, to a short side of
256), raised again, bilinearly and as `Colorizer` does it, and joined with the true lightness. The error is
`metrics.bleed`: the mean difference of a* and b* within 4 pixels of the steepest edges of the lightness. Smaller
pictures are taken for parts of one of 4 megapixels, and reduced as many times. What the network
guesses is no part of it.

It is done twice: with the chroma as it is reduced, and with one as smooth as the shipped model's answers, which are
made at half of that resolution and raised bilinearly: these are sharpened first, as `Colorizer.predict` does.
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from hillotype.color import Lab
from hillotype.evaluate.plan import read_test_pictures
from hillotype.metrics import bleed, bootstrap_interval
from hillotype.modelfile import load_model
from hillotype.restore.colorize import Colorizer, Guidance
from hillotype.restore.guided import raised, sharpened
from hillotype.restore.lightness import lightness, write_colored
from hillotype.restore.reduce import reduced, working_size

Floats = NDArray[np.float32]


def reduced_lab(truth: Floats, side: int) -> tuple[Floats, Floats]:
    """Returns L* / 100 (h, w) and chroma (2, h, w) of a picture (H, W, 3), reduced to that short side."""
    small = reduced(truth, working_size(truth.shape[0], truth.shape[1], side))
    light, chroma = Lab().split(small.transpose(2, 0, 1)[None])
    return light[0, 0], chroma[0]


def raised_bilinearly(planes: Floats, size: tuple[int, int]) -> Floats:
    """Returns planes (K, h, w) raised to `size` (K, H, W)."""
    return raised(planes, size, slice(0, size[0]))


def smooth_and_sharpened(light: Floats, chroma: Floats, guidance: Guidance) -> tuple[Floats, Floats]:
    """Returns a chroma (2, h, w) known at half of its resolution, raised bilinearly, and that sharpened along L*."""
    height, width = light.shape
    half = reduced((chroma.transpose(1, 2, 0) + 1) / 2, (-(-height // 2), -(-width // 2))).transpose(2, 0, 1) * 2 - 1
    smooth = raised_bilinearly(half, (height, width))
    sharp = sharpened(light, smooth, radius=guidance.radius, epsilon=guidance.epsilon, limit=guidance.limit)
    return smooth, sharp


def errors(truth: Floats, colorizer: Colorizer, megapixels: float) -> list[list[float]]:
    """Returns the errors of a picture (H, W, 3): of its chroma and of a smooth one, each bilinearly and along edges."""
    height, width = truth.shape[:2]
    card = colorizer.model.card
    light, chroma = reduced_lab(truth, round((card.working_side or 1) * (height * width / (megapixels * 1e6)) ** 0.5))
    smooth, sharp = smooth_and_sharpened(light, chroma, colorizer.guidance)

    def error(answer: Floats) -> float:
        return float(bleed(*(x.transpose(2, 0, 1)[None] for x in (answer, truth)))[0])

    def bilinear(planes: Floats) -> Floats:
        out = np.empty_like(truth)
        write_colored(lightness(truth), raised_bilinearly(planes, (height, width)), out)
        return out

    def along_edges(planes: Floats) -> Floats:
        out = np.empty_like(truth)
        colorizer.paint(truth, light, planes / np.float32(card.vividness), 1.0, lambda channels: out)
        return out

    return [[error(bilinear(plain)), error(along_edges(ours))] for plain, ours in ((chroma, chroma), (smooth, sharp))]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="zip:benchmarks.zip/kodak24")
    parser.add_argument("--megapixels", type=float, default=4.0)
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    settings = parser.parse_args()
    model = load_model("colorize", threads=1)
    colorizer = Colorizer(model)
    pictures = read_test_pictures(model.card, settings.data, split="all", limit=settings.limit)
    found = [errors(picture.transpose(1, 2, 0), colorizer, settings.megapixels) for picture in pictures]
    sizes = sorted(picture.shape[1] * picture.shape[2] / 1e6 for picture in pictures)
    print(f"{settings.data}, n = {len(pictures)} of {sizes[0]:.1f} to {sizes[-1]:.1f} megapixels,", end=" ")
    print(f"chroma reduced as at {settings.megapixels:g}\n")
    print("| | bilinearly | along edges | share of bilinear's, mean of the pictures (95 %) |\n|---|---|---|---|")
    for name, pairs in zip(("as reduced", "as smooth as the model's"), np.array(found).transpose(1, 2, 0), strict=True):
        plain, ours = pairs
        low, high = bootstrap_interval(ours / plain, rng=np.random.default_rng(0))
        print(
            f"| {name} | {plain.mean():.2f} | {ours.mean():.2f} | {(ours / plain).mean():.3f} ({low:.3f}, {high:.3f}) |"
        )


if __name__ == "__main__":
    main()
