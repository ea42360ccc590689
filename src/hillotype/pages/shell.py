"""The page around the parts: title, style, and what a page of its own kind adds to them."""

import html
from pathlib import Path
from string import Template

_SHELL = Path(__file__).with_name("shell.html")


def shell(title: str, body: str, style: str = "") -> str:
    """Returns a whole page of HTML: `body` under `title` (plain text), with more `style` after that of all pages."""
    page = Template(_SHELL.read_text("utf-8"))
    return page.substitute(title=html.escape(title), body=body, style=style)
