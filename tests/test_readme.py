"""The README: its Python runs, and its commands and files exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from hillotype.cli.app import app

ROOT = Path(__file__).parents[1]
PAGES = {
    name: (ROOT / name).read_text("utf-8")
    for name in (
        "README.md",
        "docs/clusters.md",
        "docs/colorizing.md",
        "docs/denoising.md",
        "docs/films.md",
        "docs/latent.md",
        "docs/models.md",
        "docs/self-denoise.md",
        "docs/studio.md",
    )
}


def blocks(language):
    return [
        code
        for name, page in PAGES.items()
        for code in re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)
        if (name, language) != ("docs/studio.md", "python")  # it needs a studio that runs: tests/studio/test_docs.py
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_examples_run(code, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})


def commands():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("hillotype ")]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_and_their_options_exist(words):
    known = get_command(app)
    for word in words:  # down to the command of a group
        known = known.commands[word] if hasattr(known, "commands") else known
    options = {name for parameter in known.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize("name", PAGES)
def test_linked_files_exist(name):
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGES[name]):
        assert ((ROOT / name).parent / target).exists(), target
