"""Results as people read them: table rows, and a page with figures and pictures beside a JSON file."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from hillotype.evaluate.baselines import Baseline
from hillotype.evaluate.measure import Results
from hillotype.evaluate.patches import Floats
from hillotype.tasks import Task

_PAGE = Path(__file__).with_name("report.html")


def table(results: Results) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of one table: a row a method, a column a condition and metric.

    Behind the first row, each figure has its mean difference to it in brackets, with its 95% interval.
    """
    columns = [(condition, metric) for metric in results.metrics for condition in results.conditions]
    single = len(results.conditions) == 1
    head = ["", *(metric if single else f"{metric}, {condition}" for condition, metric in columns)]
    rows = []
    for method in results.methods:
        row = [method]
        for condition, metric in columns:
            text = f"{results.mean(condition, method, metric):.{_digits(metric)}f}"
            if method == results.methods[-1]:
                gain, low, high = results.gain(condition, method, metric)
                digits = _digits(metric)
                text += f" ({gain:+.{digits}f}, {low:+.{digits}f} to {high:+.{digits}f})" if gain else ""
            row.append(text)
        rows.append(row)
    return head, rows


def _digits(metric: str) -> int:
    return 4 if metric == "SSIM" else 2 if metric in ("PSNR (dB)", "CIEDE2000") else 1


def write_report(
    folder: Path,
    title: str,
    facts: dict[str, Any],
    results: Results,
    examples: Sequence[tuple[str, Sequence[Floats]]],
) -> Path:
    """Write `report.json` and the self-contained `report.html` into a folder; return the page's path.

    Args:
        folder: where; made if it is missing.
        title: what was measured.
        facts: data, n, seed and the like, printed above the table.
        results: the figures.
        examples: a caption and its pictures (1, C, H, W) in [0, 1] side by side.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {"title": title, **facts, "rows": results.rows()}
    (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    head, rows = table(results)
    page = Template(_PAGE.read_text("utf-8")).substitute(
        title=html.escape(title),
        facts="".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(str(v))}</dd>" for k, v in facts.items()),
        head="".join(f"<th>{html.escape(cell)}</th>" for cell in head),
        rows="".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows),
        examples="".join(
            f"<figure><div>{''.join(_image(picture) for picture in strip)}</div>"
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, strip in examples
        ),
    )
    (folder / "report.html").write_text(page, "utf-8")
    return folder / "report.html"


def example_strips(
    tasks: dict[str, Task], method: Baseline, pictures: Sequence[Floats], count: int = 4
) -> list[tuple[str, list[Floats]]]:
    """Return, for a few pictures, what doing nothing leaves, the method's answer and the truth."""
    strips = []
    condition, task = list(tasks.items())[len(tasks) // 2]
    for index, truth in enumerate(pictures[:count]):
        seen = task.observe(truth[None], np.random.default_rng([0, index]))
        strip = [np.asarray(task.untouched(seen)), method(seen), truth[None]]
        strips.append((f"picture {index + 1}, {condition}: left alone, {method.name}, truth", strip))
    return strips


def _image(picture: Floats) -> str:
    """An <img> with the picture (1, C, H, W) in it, at most 640 pixels wide."""
    pixels = (np.clip(picture[0], 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((640, 640))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}">'
