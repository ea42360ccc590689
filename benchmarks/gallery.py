"""A grid of photographs as `hillotype colorize` gives them back, to look at: nothing is picked, nothing left out.

    python benchmarks/gallery.py docs/gallery.jpg [--data zip:historic.zip/fsa-owi] [--count 40]

Each photograph is colored at full size, then reduced for the grid. Of more than `--count`, they are evenly spaced by
name.
"""

import argparse
from pathlib import Path

from contact import contact_sheet
from PIL import Image

import hillotype
from hillotype.data.load import load_pictures
from hillotype.data.sources import open_source

COLUMNS, CELL = 8, 220


def main() -> None:
    """Writes the grid."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--data", default="zip:historic.zip/fsa-owi")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--model", default="colorize")
    settings = parser.parse_args()
    source = open_source(settings.data)
    names = [source.names[index * len(source.names) // settings.count] for index in range(settings.count)]
    colorize = hillotype.load(settings.model)
    pictures = [colorize(Image.fromarray(picture)).convert("RGB") for picture in load_pictures(source, names)]
    rows = [pictures[first : first + COLUMNS] for first in range(0, len(pictures), COLUMNS)]
    contact_sheet(rows, CELL).save(settings.path, quality=85)
    print(f"{settings.path}: {len(names)} of {len(source.names)} photographs of {settings.data}")


if __name__ == "__main__":
    main()
