"""Whether the colorizer knows where it guesses: the error it states beside the error it makes.

    python benchmarks/certainty.py [--data zip:photos-nips17-256.zip] [--split validation]

Errors are distances in a*, b* between guess and truth, at the model's resolution. All pixels of all pictures are put in
order of the doubt stated and cut into tenths; the pictures are put in order of their mean doubt and cut into thirds.
Rank correlations (Spearman) say how well doubt tells the larger error: of pixels within a picture, mean over the
pictures, and of whole pictures.
"""

import argparse

import numpy as np
from scipy.stats import spearmanr

import hillotype
from hillotype.color import LAB_CHROMA_SCALE, rgb_to_lab
from hillotype.evaluate.patches import Floats
from hillotype.evaluate.plan import read_test_pictures
from hillotype.restore.pixels import Plane
from hillotype.restore.reduce import reduced


def stated_and_made(picture: Floats) -> tuple[Plane, Plane]:
    """Returns doubt and error (h, w) of a picture (3, H, W)."""
    colorize, picture = hillotype.load("colorize", threads=1), picture.transpose(1, 2, 0)
    doubt, (light, chroma) = colorize.doubt(picture), colorize.predict(picture)
    truth = rgb_to_lab(reduced(picture, light.shape).transpose(2, 0, 1)[None])[0, 1:]
    guess = chroma * np.float32(colorize.model.card.vividness * LAB_CHROMA_SCALE)
    return doubt, np.linalg.norm(guess - truth, axis=0)


def print_parts(title: str, stated: Plane, made: Plane, parts: int) -> None:
    """Prints mean doubt and mean error of each part, in order of the doubt."""
    order = np.argsort(stated)
    split = [np.array_split(values[order], parts) for values in (stated, made)]
    print(f"\n| {title} | " + " | ".join(map(str, range(1, parts + 1))) + " |\n" + "|---" * (parts + 1) + "|")
    for name, values in zip(("stated", "made"), split, strict=True):
        print(f"| {name} | " + " | ".join(f"{part.mean():.1f}" for part in values) + " |")


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["zip:photos-nips17-256.zip", "zip:photos-imagenet1000-256.zip"])
    parser.add_argument("--split", default="validation")
    settings = parser.parse_args()
    card = hillotype.load("colorize").model.card
    pictures = [each for name in settings.data for each in read_test_pictures(card, name, split=settings.split)]
    measured = [stated_and_made(picture) for picture in pictures]
    stated, made = (np.concatenate([pair[which].ravel() for pair in measured]) for which in (0, 1))
    means = np.array([[pair[which].mean() for pair in measured] for which in (0, 1)])
    within = np.mean([spearmanr(doubt.ravel(), error.ravel()).statistic for doubt, error in measured])
    print(f"{' and '.join(settings.data)}, {settings.split}, n = {len(pictures)}")
    print(f"mean error stated {stated.mean():.1f}, made {made.mean():.1f}")
    print(f"rank correlation within a picture {within:.2f}, of pictures {spearmanr(*means).statistic:.2f}")
    print_parts("tenth of the pixels", stated, made, 10)
    print_parts("third of the pictures", *means, 3)


if __name__ == "__main__":
    main()
