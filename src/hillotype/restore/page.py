"""The page that shows pictures before and after: one HTML file, with small copies of the pictures in it."""

from __future__ import annotations

import base64
import html
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from hillotype.errors import PictureError
from hillotype.files import write_whole, writing
from hillotype.pages.shell import shell
from hillotype.pictures import Picture, to_pil
from hillotype.restore.folder import Job, Result

PREVIEW_SIDE = 1000
"""Longest side of the small copies, in pixels."""

MOST_PREVIEWS = 200
"""Pictures shown; a page of more would be too heavy for a browser."""


class Page:
    """Collects pictures before and after, and writes them as one page that needs nothing else."""

    def __init__(self) -> None:
        self._previews: dict[Path, tuple[str, str, tuple[int, int]]] = {}

    def compare(self, job: Job, before: Picture, after: Picture) -> None:
        """Keep small copies of a picture before and after."""
        if len(self._previews) < MOST_PREVIEWS:
            size = _preview_size(before)
            self._previews[job.target] = (_data_url(before, size), _data_url(after, size), size)

    def write(self, path: Path, results: Sequence[Result], title: str) -> None:
        """Write the page; a page that is there is replaced.

        Raises:
            PictureError: the file cannot be written.
        """
        counts = Counter(result.status for result in results)
        summary = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) + "."
        if counts["done"] + counts["copied"] > len(self._previews):
            summary += f" The first {len(self._previews)} are shown."
        how = "Drag across a picture, or focus it and use the arrow keys: before on the left, after on the right."
        entries = "\n".join(map(self._entry, results))
        style, script = (Path(__file__).with_name(name).read_text("utf-8") for name in ("page.css", "page.js"))
        page = shell(title, f"<p>{summary} {how}</p>\n{entries}\n<script>\n{script}</script>", style)
        with writing(path, PictureError):
            write_whole([page.encode("utf-8", "surrogateescape")], path, overwrite=True)

    def _entry(self, result: Result) -> str:
        if result.message:
            return f'<p class="failed">{html.escape(result.message)}</p>'
        if result.target not in self._previews:
            return ""
        before, after, (width, height) = self._previews[result.target]
        name, done = html.escape(result.target.name), html.escape(describe(result))
        return f"""<figure>
<label class="pair"><img src="{before}" width="{width}" height="{height}" alt="{name} before">
<img src="{after}" alt="{name} after"><b>before</b><b>after</b>
<input type="range" min="0" max="100" value="50" step="1" aria-label="{name}: share of before"></label>
<figcaption>{name} <span>{done}</span></figcaption>
</figure>"""


def describe(result: Result) -> str:
    """Say in a few words what was done to a picture and what was found in it."""
    words = {"denoise": "denoised", "colorize": "colorized"}
    done = ", ".join(words[step] for step in result.steps) or "left as it is"
    return f"{done} ({'; '.join(result.notes)})" if result.notes else done


def _preview_size(picture: Picture) -> tuple[int, int]:
    """Return width and height of the small copy."""
    height, width = picture.pixels.shape[:2]
    scale = min(1.0, PREVIEW_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _data_url(picture: Picture, size: tuple[int, int]) -> str:
    file = io.BytesIO()
    if picture.pixels.dtype == np.uint16:
        alpha = None if picture.alpha is None else (picture.alpha >> 8).astype(np.uint8)
        picture = replace(picture, pixels=(picture.pixels >> 8).astype(np.uint8), alpha=alpha)
    image = to_pil(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if image.mode in ("LA", "RGBA"):
        backdrop = Image.new("RGBA", size, "white")
        backdrop.alpha_composite(image.convert("RGBA"))
        image = backdrop.convert("RGB")
    image.save(file, "JPEG", quality=88, icc_profile=picture.icc if image.mode == "RGB" else None)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
