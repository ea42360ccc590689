"""The picture of docs/colorizing.md: what the model guesses, and what it makes of five hints, drawn as dots.

python benchmarks/hints_picture.py docs/hints.jpg
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw

import hillotype

PUMPKINS = Path(__file__).parents[1] / "examples" / "pumpkins.jpg"
HINTS = [
    ("43%", "60%", "#d8b060"),
    ("20%", "62%", "#c86414"),
    ("16%", "22%", "#c86414"),
    ("40%", "15%", "#6b5a48"),
    ("60%", "82%", "#c86414"),
]
WIDTH, GAP, DOT = 560, 6, 8


def main() -> None:
    """Writes the two pictures side by side."""
    colorize = hillotype.load("colorize")
    gray = Image.open(PUMPKINS)
    height = round(gray.height * WIDTH / gray.width)
    pair = Image.new("RGB", (2 * WIDTH + GAP, height), "white")
    pair.paste(colorize(gray).resize((WIDTH, height)), (0, 0))
    pair.paste(colorize(gray, hints=HINTS).resize((WIDTH, height)), (WIDTH + GAP, 0))
    draw = ImageDraw.Draw(pair)
    for x, y, color in HINTS:
        center = (float(x[:-1]) / 100 * WIDTH, float(y[:-1]) / 100 * height)
        draw.circle(center, DOT, fill=color, outline="white", width=2)
    pair.save(sys.argv[1], quality=85)


if __name__ == "__main__":
    main()
