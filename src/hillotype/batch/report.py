"""The report of a folder, report.json: what became of each picture, with what it was made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hillotype import __version__
from hillotype.batch.journal import Journal
from hillotype.batch.results import Result, Settings
from hillotype.batch.url import stands
from hillotype.devices import has_openvino


def versions() -> dict[str, str]:
    """Returns the versions of what decides a result."""
    libraries = ("numpy", "onnxruntime", "pillow", *(["openvino"] if has_openvino() else []))
    return {"hillotype": __version__, **{name: version(name) for name in libraries}}


def document(results: Sequence[Result], settings: Settings, seconds: float) -> dict[str, Any]:
    """Returns what the report says: options, versions, counts, and each picture's line.

    Args:
        results: of the pictures, those of earlier runs included.
        settings: they were restored with.
        seconds: that the run took.
    """
    return {
        **asdict(settings),
        "versions": versions(),
        "seconds": round(seconds, 3),
        "counts": Counter(result.status for result in results),
        "results": [asdict(result) for result in results],
    }


def to_json(document: dict[str, Any]) -> str:
    """Writes a report as JSON: ASCII, so that file names that are no text survive."""
    return json.dumps(document, indent=2, default=str)


def write_report(document: dict[str, Any], journal: Journal) -> Path | None:
    """Writes report.json into the output folder, in place of one of ours.

    Returns:
        Its path; None if a file of others has that name, which is left as it is.

    Raises:
        PictureError: the disk does not take it.
    """
    path = journal.out / "report.json"
    if stands(path) and journal.standing(path) is None:
        return None
    journal.put(to_json(document).encode("ascii"), path)
    return path
