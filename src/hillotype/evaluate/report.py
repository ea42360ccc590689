"""Results as people read them: table rows, and a page with figures and pictures beside a JSON file."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hillotype.data.images import to_image
from hillotype.evaluate.baselines import Baseline
from hillotype.evaluate.measure import Results
from hillotype.evaluate.patches import Floats
from hillotype.files import make_folder, write_whole, writing
from hillotype.pages import shell, table
from hillotype.tasks import Task

_STYLE = """dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
th, td { padding: .3rem .8rem; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
tbody tr:nth-last-child(-n+2) { font-weight: 600; }
figure div { display: flex; flex-wrap: wrap; gap: .5rem; }
figure img { flex: 1 1 15rem; min-width: 0; }"""

_HOW_TO_READ = (
    "<p>First row: the pictures left alone. Last row: the mean difference to it, picture by picture, and its 95% "
    "bootstrap interval.</p>"
)


@dataclass(frozen=True)
class Table:
    """Rows of text to print: a row a method, and under the last one its mean difference to the first."""

    title: str
    head: list[str]
    rows: list[list[str]]


def tables(results: Results) -> list[Table]:
    """Returns the figures as tables: the metrics as columns, or, with several conditions, a table a metric."""
    if len(results.conditions) == 1:
        (condition,) = results.conditions
        return [_table(results, condition, list(results.metrics), [(condition, metric) for metric in results.metrics])]
    return [
        _table(results, metric, list(results.conditions), [(condition, metric) for condition in results.conditions])
        for metric in results.metrics
    ]


def _table(results: Results, title: str, head: list[str], columns: list[tuple[str, str]]) -> Table:
    rows = [
        [method, *(f"{results.mean(condition, method, metric):.{_digits(metric)}f}" for condition, metric in columns)]
        for method in results.methods
    ]
    last = results.methods[-1]
    gains = [(*results.gain(condition, last, metric), _digits(metric)) for condition, metric in columns]
    first = results.methods[0]
    rows.append(
        [f"{last} - {first}", *(f"{gain:+.{d}f} ({low:+.{d}f}, {high:+.{d}f})" for gain, low, high, d in gains)]
    )
    return Table(title, head, rows)


def _digits(metric: str) -> int:
    return 4 if metric == "SSIM" else 2 if metric in ("PSNR (dB)", "CIEDE2000") else 1


def write_report(
    folder: Path,
    title: str,
    facts: dict[str, Any],
    results: Results,
    examples: Sequence[tuple[str, Sequence[Floats]]],
) -> Path:
    """Writes `report.json` and the self-contained `report.html` into a folder; returns the page's path.

    Args:
        folder: where; made if it is missing.
        title: what was measured.
        facts: data, n, seed and the like, printed above the table.
        results: the figures.
        examples: a caption and its pictures (1, C, H, W) in [0, 1] side by side.

    Raises:
        HillotypeError: the folder or disk does not take the files.
    """
    make_folder(folder)
    content = {"title": title, **facts, "rows": results.rows()}
    body = [
        "<dl>",
        *(f"<dt>{html.escape(key)}</dt><dd>{html.escape(str(value))}</dd>" for key, value in facts.items()),
        "</dl>",
        *(table([each.title, *each.head], each.rows) for each in tables(results)),
        _HOW_TO_READ,
        *(
            f"<figure><div>{''.join(_image(picture) for picture in strip)}</div>"
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, strip in examples
        ),
    ]
    page = shell(title, "\n".join(body), _STYLE)
    texts = {"report.json": json.dumps(content, indent=2) + "\n", "report.html": page}
    for name, text in texts.items():
        with writing(folder / name):
            write_whole([text.encode()], folder / name, overwrite=True)
    return folder / "report.html"


def example_strips(
    tasks: dict[str, Task], method: Baseline, pictures: Sequence[Floats], count: int = 4
) -> list[tuple[str, list[Floats]]]:
    """Returns, for a few pictures, what doing nothing leaves, the method's answer and the truth."""
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
    image = to_image(pixels)
    image.thumbnail((640, 640))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}">'
