"""Where the shipped models fail, as pictures and as sentences on their cards.

    python benchmarks/failures.py docs              # writes failures-colorize.webp and failures-denoise.webp there
    python benchmarks/failures.py docs --record     # and FAILURES on the cards of the shipped models

The colorizer's are the five worst by CIEDE2000 of the photographs whose colors are known: Kodak's and
Prokudin-Gorskii's. The denoiser's are things that are too much for it or that it was not made for, put into parts of
Kodak's pictures, and their PSNR is printed. Above what the model sees, then what it makes of it, below the truth.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from contact import contact_sheet
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hillotype.color import Lab
from hillotype.evaluate.baselines import Gray
from hillotype.evaluate.models import ColorizerMethod, DenoiserMethod
from hillotype.evaluate.plan import read_test_pictures
from hillotype.metrics import delta_e2000, psnr
from hillotype.modelfile import load_model, read_card, write_card, zoo
from hillotype.noise import Correlated, Gaussian, Jpeg, SaltPepper

Floats = NDArray[np.float32]
Maker = Callable[[Floats, np.random.Generator], Floats]

KODAK, OLD = "zip:benchmarks.zip/kodak24", "zip:historic.zip/prokudin-gorskii"
COUNT, CELL = 5, 192
FAILURES = {
    "colorize": "Painted and dyed things come out brown or gray: doors, clothes, caps, cars. Bright skies become blue "
    "and water a grayish blue, also where they were yellow or green, and so do sails and walls that look like a sky. "
    "Cloth with a pattern gets one tint, and indoors much is sepia. More vividness makes wrong colors more wrong; a "
    "hint or a palette makes them right.",
    "denoise": "Fine texture under strong noise is smoothed: ripples, cloth, roof tiles. Small print under it loses "
    "strokes. Grain much coarser than a pixel stays, since it looks like detail, and so do the blocks of heavy JPEG "
    "compression, the dots of printed pictures and, in part, specks. Nothing is sharpened or repaired.",
}
"""What models of a task are known to get wrong, as their cards say it."""


def halftone(picture: Floats, rng: np.random.Generator) -> Floats:
    """Returns a picture (1, C, H, W) as printed in dots, at 45 degrees, a dot every 4.2 pixels."""
    y, x = np.indices(picture.shape[2:])
    screen = (np.cos((x + y) * np.pi / 3) + np.cos((x - y) * np.pi / 3)) / 4 + 0.5
    return (picture > screen).astype(np.float32)


def small_print() -> Floats:
    """Returns text of 8 to 14 pixels on paper, (1, 3, CELL, CELL)."""
    page = Image.new("RGB", (CELL, CELL), (232, 226, 210))
    draw = ImageDraw.Draw(page)
    text = "All that is here was seen by daylight"
    for top, size in zip((8, 32, 58, 86, 118, 152), (8, 9, 10, 11, 12, 14), strict=True):
        draw.text((8, top), text, fill=(40, 36, 48), font=ImageFont.load_default(size))
    return (np.asarray(page, np.float32) / 255).transpose(2, 0, 1)[None]


CASES: dict[str, tuple[int | None, tuple[int, int], Maker]] = {
    "fine texture under noise of 50": (12, (260, 300), Gaussian((50, 50))),
    "small print under noise of 50": (None, (0, 0), Gaussian((50, 50))),
    "coarse grain, 25 blurred by 2 pixels": (3, (180, 160), Correlated((25, 25), (2, 2))),
    "JPEG of quality 10": (7, (150, 280), Jpeg((10, 10))),
    "a print's halftone": (14, (60, 300), halftone),
    "specks, a tenth of the pixels": (22, (150, 450), SaltPepper((0.1, 0.1))),
}


def write_sheet(columns: list[list[Floats]], path: Path) -> None:
    """Writes pictures (1, C, H, W), a list a column, from above to below."""
    rows = [[image_of(picture) for picture in row] for row in zip(*columns, strict=True)]
    contact_sheet(rows, CELL).save(path, quality=80, method=6)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def image_of(picture: Floats) -> Image.Image:
    """Returns a picture (1, C, H, W) in [0, 1] as an image."""
    levels = (np.clip(picture[0], 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)
    return Image.fromarray(levels if levels.shape[2] == 3 else levels[..., 0])


def worst_colors(path: Path) -> None:
    """Writes and names the photographs that the colorizer gets most wrong."""
    model = load_model("colorize", threads=1)
    color, gray = ColorizerMethod(model), Gray()
    failed = []
    for data in (KODAK, OLD):
        for index, picture in enumerate(read_test_pictures(model.card, data)):
            truth = picture[None]
            seen = Lab().split(truth)[0]
            pictures = [gray(seen), color(seen), truth]
            errors = [float(delta_e2000(answer, truth)[0]) for answer in pictures[:2]]
            failed.append((errors, f"{data}, picture {index + 1}", pictures))
    failed.sort(key=lambda one: -one[0][1])
    for errors, name, _ in failed:
        print(f"{name}: CIEDE2000 of gray {errors[0]:.1f}, of the guess {errors[1]:.1f}")
    write_sheet([pictures for _, _, pictures in failed[:COUNT]], path)


def beyond_noise(path: Path) -> None:
    """Writes what the denoiser does to what it was not made for."""
    model = load_model("denoise-color", threads=1)
    denoise, kodak = DenoiserMethod(model), read_test_pictures(model.card, KODAK)
    columns = []
    for name, (index, (top, left), spoil) in CASES.items():
        page = small_print()[0] if index is None else kodak[index]
        truth = page[None, :, top : top + CELL, left : left + CELL]
        seen = np.clip(spoil(truth, np.random.default_rng(0)), 0, 1).astype(np.float32)
        columns.append([seen, denoise(seen), truth])
        before, after = (float(psnr(x, truth)[0]) for x in columns[-1][:2])
        print(f"{name}: PSNR {before:.2f} before, {after:.2f} after")
    write_sheet(columns, path)


def main() -> None:
    """Writes the pictures, and the cards if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=("colorize", "denoise"))
    parser.add_argument("--record", action="store_true", help="write FAILURES on the cards of the shipped models")
    settings = parser.parse_args()
    if settings.only != "colorize":
        beyond_noise(settings.folder / "failures-denoise.webp")
    if settings.only != "denoise":
        worst_colors(settings.folder / "failures-colorize.webp")
    if settings.record:
        for path in zoo().values():
            card = read_card(path)
            write_card(path, replace(card, failures=FAILURES[card.task]))


if __name__ == "__main__":
    main()
