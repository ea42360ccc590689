"""Reports of studies, pages of one file each, shown under a policy of their own."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fastapi.responses import HTMLResponse

from hillotype.studio.laboratory.runs import identify
from hillotype.studio.laboratory.schemas import ReportState
from hillotype.studio.problems import Refusal

_FOLDERS = (Path("studies"), Path("docs/studies"))
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def list_reports() -> list[ReportState]:
    """Returns the reports in the folders `studies` and `docs/studies` here."""
    return [ReportState(id=identify(path), name=path.parent.name) for path in _all()]


def send_report(id: str) -> HTMLResponse:
    """Returns a report; of its styles those run that stand in it, and no script.

    Raises:
        Refusal: there is none of that id.
    """
    for path in _all():
        if identify(path) == id:
            page = path.read_text("utf-8")
            return HTMLResponse(page, headers={"Content-Security-Policy": _policy(page)})
    raise Refusal(404, "This report is not here any more; look at the list again.")


def _all() -> list[Path]:
    return [path for folder in _FOLDERS for path in sorted(folder.glob("*/report.html"))]


def _policy(page: str) -> str:
    digests = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(page))
    styles = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests) or "'none'"
    return f"default-src 'none'; img-src data:; style-src {styles}; frame-ancestors 'none'; sandbox"
