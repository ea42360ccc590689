"""The picture at the top of the README: the examples as they come, and as `hillotype restore` gives them back.

python benchmarks/grid.py docs/examples.jpg
"""

import sys
from pathlib import Path

from PIL import Image

import hillotype

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ("road", "sailor", "sunday-walk", "pumpkins", "lighthouse-noisy")
HEIGHT, GAP = 320, 6


def main() -> None:
    """Writes the grid: above before, below after."""
    restore = hillotype.load("restore")
    columns = []
    for name in NAMES:
        before = Image.open(EXAMPLES / f"{name}.jpg")
        pair = (before.convert("RGB"), restore(before).convert("RGB"))
        columns.append([picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT)) for picture in pair])
    width = sum(column[0].width + GAP for column in columns) - GAP
    grid = Image.new("RGB", (width, 2 * HEIGHT + GAP), "white")
    left = 0
    for before, after in columns:
        grid.paste(before, (left, 0))
        grid.paste(after, (left, HEIGHT + GAP))
        left += before.width + GAP
    grid.save(sys.argv[1], quality=90)


if __name__ == "__main__":
    main()
