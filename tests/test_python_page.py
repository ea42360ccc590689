"""docs/python.md: its file of a model and a noise of one's own trains, and makes a model file that works without it."""

import re
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

import hillotype
from hillotype.cli.app import app
from hillotype.models import MODELS
from hillotype.noise import NOISES

PAGE = (Path(__file__).parents[1] / "docs/python.md").read_text("utf-8")

RECIPE = """
name = "mine"
model = { name = "plain", width = 8 }
task.name = "denoise"
task.noise = { name = "stripes", sigma = [5, 20] }
data.augment.crop = 32
optimization = { steps = 3, batch = 2 }
precision = "32-true"
"""


def test_a_model_and_a_noise_of_ones_own(photos, tmp_path, monkeypatch):
    (code,) = re.findall(r'```python\n("""mine\.py.*?)```', PAGE, flags=re.DOTALL)
    for registry, name in ((MODELS, "plain"), (NOISES, "stripes")):
        monkeypatch.setitem(registry, name, object)  # taken away again after the test
        del registry[name]
    exec(compile(code, "mine.py", "exec"), {"__name__": "mine"})
    (tmp_path / "mine.toml").write_text(RECIPE)
    folder, file = tmp_path / "run", tmp_path / "mine.onnx"
    options = ("--data", photos, "-o", folder, "--accelerator", "cpu")
    for words in (("train", tmp_path / "mine.toml", *options), ("export", folder, "-o", file)):
        done = CliRunner().invoke(app, list(map(str, words)))
        assert done.exit_code == 0, done.output
    for name, registry in (("plain", MODELS), ("stripes", NOISES)):
        del registry[name]
    picture = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    assert hillotype.load(file)(picture).shape == picture.shape
