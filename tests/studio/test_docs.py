"""The examples of docs/studio.md, against a studio that runs."""

import io
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "studio.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8760"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def here(tmp_path):
    """A folder with the examples, where results may be written."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def test_the_python_example(live, here):
    (code,) = blocks("python")
    assert ADDRESS in code
    command = [sys.executable, "-c", code.replace(ADDRESS, live.address)]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=True)
    assert "road.jpg: done 100%" in done.stdout
    with zipfile.ZipFile(here / "restored.zip") as archive:
        assert sorted(archive.namelist()) == ["lighthouse-noisy-restored.jpg", "road-restored.jpg"]
        assert Image.open(io.BytesIO(archive.read("road-restored.jpg"))).mode == "RGB"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_examples(live, here):
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl ")]
    assert len(lines) == 4
    for line in lines:
        command = shlex.split(line.replace(ADDRESS, live.address))
        done = subprocess.run(command, cwd=here, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    for name, source in (("restored.jpg", "road"), ("colored.jpg", "road"), ("hinted.jpg", "pumpkins")):
        with Image.open(here / name) as image, Image.open(ROOT / "examples" / f"{source}.jpg") as original:
            assert image.size == original.size


@pytest.mark.parametrize("name", ["studio", "studio-colors"])
def test_the_pictures_are_light(name):
    assert (ROOT / "docs" / f"{name}.webp").stat().st_size < 200_000
