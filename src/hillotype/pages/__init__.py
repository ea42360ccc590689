"""Pages that need nothing else: one HTML file each, with its pictures in it, light or dark as the reader likes."""

from hillotype.pages.parts import (
    Html,
    evenly,
    film,
    grid,
    number,
    plot,
    scatter,
    score_table,
    sheet,
    spread,
    table,
    text,
)
from hillotype.pages.shell import shell

__all__ = [
    "Html",
    "evenly",
    "film",
    "grid",
    "number",
    "plot",
    "scatter",
    "score_table",
    "sheet",
    "shell",
    "spread",
    "table",
    "text",
]
