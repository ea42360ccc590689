"""The page that shows pictures before and after: one HTML file, with small copies of the pictures in it."""

from __future__ import annotations

import base64
import html
import io
import os
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PIL import Image

from hillotype.batch.jobs import Job
from hillotype.batch.journal import Journal
from hillotype.batch.results import FilmFrames, Result
from hillotype.errors import PictureError
from hillotype.files import write_whole, writing
from hillotype.pages.shell import shell
from hillotype.pictures import Picture, read_picture, to_pil, whole
from hillotype.restore.reduce import fitting_size, reduced_to_8_bits

PREVIEW_SIDE, THUMBNAIL_SIDE = 1000, 480
"""Longest side of the small copies, in pixels: where there are few, and where there are more than `FEW`."""

FEW = 24

MOST_PREVIEWS = 200
"""Pictures shown; a page of more would be too heavy for a browser."""


class Page:
    """Collects pictures before and after, and writes them as one page that needs nothing else.

    Args:
        pictures: how many will come; of many, the copies are smaller.
        frames: shows films that an earlier run did; without it they are not shown.
    """

    def __init__(self, pictures: int = 1, frames: FilmFrames | None = None) -> None:
        self._side = PREVIEW_SIDE if pictures <= FEW else THUMBNAIL_SIDE
        self._previews: dict[Path, tuple[str, str, tuple[int, int]]] = {}
        self._frames = frames
        self._keeping = threading.Lock()

    def compare(self, job: Job, before: Picture, after: Picture) -> None:
        """Keeps small copies of a picture before and after; several threads may do so."""
        if len(self._previews) >= MOST_PREVIEWS:
            return
        size = _preview_size(before, self._side)
        preview = (_data_url(before, size), _data_url(after, size), size)
        with self._keeping:
            if len(self._previews) < MOST_PREVIEWS:
                self._previews[job.target] = preview

    def recall(self, job: Job) -> None:
        """Keeps small copies of a picture or film that an earlier run did; one that cannot be read is not shown."""
        if len(self._previews) < MOST_PREVIEWS:
            with suppress(PictureError):
                if not job.film:
                    self.compare(job, read_picture(job.source), read_picture(job.target))
                elif self._frames is not None:
                    self.compare(job, *map(Picture, self._frames(job)))

    def write(self, path: Path, results: Sequence[Result], title: str, journal: Journal | None = None) -> None:
        """Writes the page, and records it in the journal if there is one; a page that is there is replaced.

        Raises:
            PictureError: the file cannot be written.
        """
        page = self._render(results, title, path.parent).encode("utf-8", "surrogateescape")
        if journal is not None:
            journal.put(page, path)
            return
        with writing(path, PictureError):
            write_whole([page], path, overwrite=True)

    def _render(self, results: Sequence[Result], title: str, folder: Path) -> str:
        summary = count(results) + "."
        if sum(not result.message for result in results) > len(self._previews):
            summary += f" {len(self._previews)} are shown."
        how = "Drag across a picture, or focus it and use the arrow keys: before on the left, after on the right."
        entries = "\n".join(self._entry(result, folder) for result in results)
        style, script = (Path(__file__).with_name(name).read_text("utf-8") for name in ("page.css", "page.js"))
        return shell(title, f"<p>{summary} {how}</p>\n{entries}\n<script>\n{script}</script>", style)

    def _entry(self, result: Result, folder: Path) -> str:
        if result.message:
            return f'<p class="failed">{html.escape(result.message)}</p>'
        if result.target not in self._previews:
            return ""
        before, after, (width, height) = self._previews[result.target]
        name = html.escape(os.path.relpath(result.target, folder))  # scan001.jpg is in every folder of a box
        done = html.escape(describe(result))
        return f"""<figure>
<label class="pair"><img src="{before}" width="{width}" height="{height}" alt="{name} before">
<img src="{after}" alt="{name} after"><b>before</b><b>after</b>
<input type="range" min="0" max="100" value="50" step="1" aria-label="{name}: share of before"></label>
<figcaption>{name} <span>{done}</span></figcaption>
</figure>"""


def count(results: Sequence[Result]) -> str:
    """Says how many pictures became what: "1 copied, 2 done, 3 done already"."""
    words = {"kept": "done already"}
    counts = Counter(words.get(result.status, result.status) for result in results)
    return ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))


def describe(result: Result) -> str:
    """Says in a few words what was done to a picture and what was found in it."""
    words = {"denoise": "denoised", "colorize": "colorized"}
    done = ", ".join(words[step] for step in result.steps) or "left as it is"
    return f"{done} ({'; '.join(result.notes)})" if result.notes else done


def _preview_size(picture: Picture, side: int) -> tuple[int, int]:
    """Returns width and height of the small copy, whose longest side is `side` at most."""
    height, width = fitting_size(picture.pixels.shape, side)
    return width, height


def _data_url(picture: Picture, size: tuple[int, int]) -> str:
    file = io.BytesIO()
    alpha = None if picture.alpha is None else reduced_to_8_bits(whole(picture.alpha)[..., None], size[::-1])[..., 0]
    image = to_pil(replace(picture, pixels=reduced_to_8_bits(picture.pixels, size[::-1]), alpha=alpha))
    if image.mode in ("LA", "RGBA"):
        backdrop = Image.new("RGBA", size, "white")
        backdrop.alpha_composite(image.convert("RGBA"))
        image = backdrop.convert("RGB")
    image.save(file, "JPEG", quality=88, icc_profile=picture.icc if image.mode == "RGB" else None)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
