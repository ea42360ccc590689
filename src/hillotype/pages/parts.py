"""What pages are made of: words, tables, plots, picture grids and short films, each a piece of HTML."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hillotype.metrics import bootstrap_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Html: TypeAlias = str
"""A piece of a page."""

Floats: TypeAlias = np.ndarray
"""float32 (N, C, H, W), pictures in [0, 1]."""


def text(words: str) -> Html:
    """A paragraph; words in `backticks` stand as code."""
    parts = html.escape(words).split("`")
    return "<p>" + "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts)) + "</p>"


def table(head: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> Html:
    """A table; numbers are shown with three significant digits, None as a dash."""
    lines = [f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in head)}</tr>"]
    lines += [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{title}{"".join(lines)}</table></div>'


def number(value: object) -> str:
    """Writes a value as tables do."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if not isinstance(value, float | np.floating):
        return str(value)
    value = float(value)
    return f"{value:.3g}" if abs(value) < 0.1 or abs(value) >= 1e5 else f"{value:.4g}"


def _cell(value: object) -> Html:
    kind = ' class="number"' if isinstance(value, int | float | np.number) or value is None else ""
    return f"<td{kind}>{html.escape(number(value))}</td>"


def score_table(scores: Mapping[str, np.ndarray], caption: str, quoted: Sequence[Sequence[object]] = ()) -> Html:
    """A table of errors: who made them, their mean over pictures and its 95% interval, by bootstrap over pictures.

    Args:
        scores: the error of each picture (N,) by the name of who made it.
        caption: the error with its unit, and what it averages over.
        quoted: rows above these, of what others state: who, figure, interval or note.
    """
    rows = list(quoted)
    for name, values in scores.items():
        low, high = bootstrap_interval(values, rng=np.random.default_rng(0), draws=500)
        rows.append([name, float(values.mean()), f"{number(low)} to {number(high)}"])
    return table(["who", "mean error", "95% interval"], rows, caption)


def plot(draw: Callable[[Axes], object], caption: str, size: tuple[float, float] = (7, 3.6)) -> Html:
    """A plot that `draw` puts on matplotlib axes; `size` in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=size, dpi=110, layout="constrained")
    FigureCanvasAgg(drawing)
    axes = drawing.add_subplot()
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    file = io.BytesIO()
    drawing.savefig(file, format="png")
    return _figure(Image.open(file).convert("RGB"), caption)


def scatter(points: np.ndarray, labels: Sequence[str], caption: str) -> Html:
    """A map of codes (N, 2): a dot for each, in the color of its label; few dots are larger, so that they are seen."""
    size = float(np.clip(2 * np.sqrt(3000 / max(1, len(points))), 2, 8))

    def draw(axes: Axes) -> None:
        each = np.asarray(labels)
        for index, label in enumerate(sorted(set(labels))):
            of_label = points[each == label]
            axes.plot(*of_label.T, ".", color=f"C{index}", markersize=size, alpha=0.5, label=label)
        axes.legend(fontsize="small", markerscale=10 / size, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)

    return plot(draw, caption, size=(7, 5))


def grid(rows: Mapping[str, Floats], caption: str, *, scale: int = 2, most: int = 12) -> Html:
    """A grid of pictures, one row for each entry (N, C, H, W) in [0, 1] with its name at the left.

    Args:
        rows: the pictures by the name of their row; the first `most` are shown.
        caption: what stands below.
        scale: by how much each side is enlarged, pixel by pixel.
        most: columns.
    """
    return _figure(sheet([(name, pictures[:most]) for name, pictures in rows.items()], scale), caption)


def sheet(rows: Sequence[tuple[str, Floats]], scale: int, letters: float = 10) -> Image.Image:
    """Draws rows of pictures (N, C, H, W) in [0, 1] below each other on white, each with its name at the left.

    Args:
        rows: name and pictures of each; they may differ in number and size.
        scale: by how much each side is enlarged, pixel by pixel.
        letters: size of the names, in pixels.
    """
    strips = [(name, _strip(pictures, scale)) for name, pictures in rows]
    font = ImageFont.load_default(letters)
    names = max(int(font.getlength(name)) for name, _ in strips)
    margin = 8 + names if names else 0
    width = margin + max(strip.shape[1] for _, strip in strips)
    height = sum(strip.shape[0] for _, strip in strips)
    drawn = Image.new("RGB", (width, height), "white")
    pen, top = ImageDraw.Draw(drawn), 0
    for name, strip in strips:
        drawn.paste(Image.fromarray(strip), (margin, top))
        pen.text((4, top + strip.shape[0] // 2), name, fill="black", font=font, anchor="lm")
        top += strip.shape[0]
    return drawn


def spread(rows: Mapping[str, Floats], count: int = 12) -> dict[str, Floats]:
    """Returns `count` pictures of each row of a grid, evenly spread: a set lies sorted by class, so all are shown."""
    return {name: each[evenly(count, len(each))] for name, each in rows.items()}


def evenly(count: int, of: int) -> np.ndarray:
    """Returns `count` places (or all) evenly spread over `of`, the first and the last among them."""
    return np.linspace(0, of - 1, min(count, of)).astype(int)


def film(frames: Floats, caption: str, *, rate: float, most: int = 700_000) -> Html:
    """A moving picture that plays for ever: frames (N, 3, H, W) in [0, 1], `rate` of them a second.

    It is WebP of the best quality that takes at most `most` bytes, or the lowest.
    """
    levels = (np.clip(frames, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(0, 2, 3, 1)
    first, *rest = (Image.fromarray(np.ascontiguousarray(frame)) for frame in levels)
    for quality in (80, 60, 40, 20):
        file = io.BytesIO()
        options = {"duration": round(1000 / rate), "quality": quality, "method": 4}
        first.save(file, "WEBP", save_all=True, append_images=rest, loop=0, **options)
        if file.tell() <= most:
            break
    return _inlined(file.getvalue(), caption)


def _strip(pictures: Floats, scale: int) -> np.ndarray:
    """Pictures side by side with a pixel of white between them, (H, W, 3) uint8."""
    levels = (np.clip(pictures, 0, 1) * 255 + 0.5).astype(np.uint8)
    if levels.shape[1] == 1:
        levels = np.repeat(levels, 3, axis=1)
    large = levels.repeat(scale, axis=2).repeat(scale, axis=3)
    framed = np.pad(large, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=255)
    return np.ascontiguousarray(np.concatenate(list(framed), axis=2).transpose(1, 2, 0))


def _webp(image: Image.Image) -> bytes:
    """WebP without loss or, where that is large, nearly without."""
    files = []
    for options in ({"lossless": True}, {"quality": 85}):
        file = io.BytesIO()
        image.save(file, "WEBP", method=4, **options)
        files.append(file.getvalue())
    return files[0] if len(files[0]) < 60_000 else files[1]


def _figure(image: Image.Image, caption: str) -> Html:
    return _inlined(_webp(image), caption)


def _inlined(webp: bytes, caption: str) -> Html:
    data = base64.b64encode(webp).decode("ascii")
    words = html.escape(caption)
    return f'<figure><img src="data:image/webp;base64,{data}" alt="{words}"><figcaption>{words}</figcaption></figure>'
