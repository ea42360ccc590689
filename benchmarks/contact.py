"""A sheet of small pictures, for the benchmarks that show some."""

from collections.abc import Sequence

from PIL import Image

GAP = 4


def contact_sheet(rows: Sequence[Sequence[Image.Image]], cell: int) -> Image.Image:
    """Returns rows of pictures, each reduced to a side of `cell` at most and in the middle of its place."""
    size = (len(rows[0]) * (cell + GAP) - GAP, len(rows) * (cell + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            small = picture.copy()
            small.thumbnail((cell, cell))
            left, top = ((cell - side) // 2 for side in small.size)
            sheet.paste(small, (column * (cell + GAP) + left, row * (cell + GAP) + top))
    return sheet
