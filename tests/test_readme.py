"""The README and the docs: their Python runs, and their commands, files and headings exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from hillotype.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in ("", "docs", "recipes", "examples")
    for path in sorted((ROOT / folder).glob("*.md"))
}
ELSEWHERE = {("docs/studio.md", "python"), ("docs/sklearn.md", "python")}
"""What is run by tests/studio/test_docs.py, where a studio runs, and by tests/test_sklearn.py."""


def blocks(language):
    return [
        code
        for name, page in PAGES.items()
        for code in re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
        if (name, language) not in ELSEWHERE
    ]


REGISTERS = '"""mine.py'
"""How the example begins that enters names for all: tests/test_python_page.py runs it, and takes them away again."""


@pytest.mark.parametrize("code", [code for code in blocks("python") if not code.startswith(REGISTERS)])
def test_python_examples_run(code, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})


def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("hillotype ")]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words):
    known, words = get_command(app), list(words)
    while hasattr(known, "commands"):  # down to the command of a group
        known = known.commands[words.pop(0)]
    known.make_context(known.name, words).close()


def anchors(page):
    """What links may name of a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_linked_files_and_headings_exist(name):
    for target, heading in re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", PAGES[name]):
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), target
        assert not heading or heading in anchors(path.read_text("utf-8")), f"{target}#{heading}"


@pytest.mark.parametrize("name", PAGES)
def test_files_of_the_project_that_are_named_exist(name):
    for path in re.findall(r"(?<![\w/])(?:docs|recipes|benchmarks|tests|src|examples)/[\w./-]+\w", PAGES[name]):
        assert "NAME" in path or (ROOT / path).exists(), path


def test_modules_that_the_map_names_exist():
    tree = PAGES["docs/architecture.md"].split("```")[1]
    for package, modules in re.findall(r"^  (\w+)/ +(.*?)(?=^  \S|\Z)", tree, flags=re.MULTILINE | re.DOTALL):
        there = {path.name for path in (ROOT / "src/hillotype" / package).rglob("*.py")}
        assert set(re.findall(r"\w+\.py", modules)) <= there, package
