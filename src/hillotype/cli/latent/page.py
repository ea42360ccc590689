"""The pages that commands of `hillotype latent` write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hillotype.errors import RecipeError
from hillotype.files import make_folder, write_whole, writing

if TYPE_CHECKING:
    from hillotype.pages import Html
    from hillotype.train.trained import Floats


def is_page(out: Path) -> bool:
    """Tell whether a file is to be a page, by its name."""
    return out.suffix.lower() in (".html", ".htm")


def check_page_name(out: Path) -> None:
    """Refuse a name that is none of a page.

    Raises:
        RecipeError: it does not end in .html.
    """
    if not is_page(out):
        raise RecipeError(f"{out}: a page is written; let its name end in .html")


def write_page(out: Path, title: str, body: Sequence[Html]) -> None:
    """Write a page that needs nothing else.

    Raises:
        HillotypeError: the folder or disk does not take it.
    """
    from hillotype.pages import shell

    make_folder(out.parent)
    with writing(out):
        write_whole([shell(title, "\n".join(body)).encode()], out, overwrite=True)


def scale_of(pictures: Floats, side: int = 56) -> int:
    """Return by how much small pictures are enlarged, to about `side` pixels."""
    return max(1, side // int(max(pictures.shape[2:])))
