"""What a net learns from noisy pictures alone, beside the same net taught with clean photographs and the same noise.

    HILLOTYPE_DATA=... python benchmarks/self_denoise.py        # Kodak at sigma 25: about an hour of one core
    HILLOTYPE_DATA=... python benchmarks/self_denoise.py --noise '{ name = "salt_pepper", amount = [0.1, 0.1] }'

A noisy 8-bit copy of the pictures is written, as a user has it, and `hillotype train self-denoise` sees nothing else.
The supervised net has the recipe of the shipped fast denoiser, of the same size, with this noise alone and as many
steps; its crops have four times the pixels. Both answer the noisy files, and noise in floats, neither clipped nor
rounded. Runs stay in the folder, and are not trained twice; take another one for another noise.
"""

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hillotype.data import Preparation, load_pictures, open_source, sample_names, split_names
from hillotype.data.images import to_floats
from hillotype.evaluate.baselines import Identity, NonLocalMeans
from hillotype.evaluate.measure import measure
from hillotype.evaluate.models import DenoiserMethod
from hillotype.metrics import bootstrap_interval, finite_psnr, ssim
from hillotype.modelfile import Model, load_model
from hillotype.noise import Noise
from hillotype.tasks import Denoise
from hillotype.train.config import Run, build_noise, find_recipe, read_recipe
from hillotype.train.export import export
from hillotype.train.loop import fit

SHIPPED = Path(__file__).parents[1] / "recipes" / "denoise-fast-color.toml"


@dataclass(frozen=True)
class InFiles:
    """Noise as a file of 8 bits keeps it."""

    noise: Noise

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns the noisy picture, clipped and rounded."""
        return np.round(np.clip(self.noise(picture, rng), 0, 1) * 255) / 255


def write_noisy(task: Denoise, truths: list[np.ndarray], folder: Path) -> None:
    """Writes the very pictures that `measure` shows in its first condition."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, truth in enumerate(truths):
        noisy = task.observe(truth[None], np.random.default_rng([0, 0, index]))[0]
        pixels = np.round(noisy * 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{index:03}.png")


def trained(run: Run, folder: Path) -> Model:
    """Trains a run, or goes on with it, and returns its model."""
    fit(run, folder, resume=True, report=lambda at: print(f"{folder.name}: {at.fraction:.0%}", end="\r", flush=True))
    export(folder, folder / f"{folder.name}.onnx")
    return load_model(folder / f"{folder.name}.onnx")


def main() -> None:
    """Trains both and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="zip:benchmarks.zip/kodak24")
    parser.add_argument("--split", default="all")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--noise", default='{ name = "gaussian", sigma = [25, 25] }', help="as a recipe has it")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, default=Path("runs/self-denoise-benchmark"))
    wanted = parser.parse_args()

    source = open_source(wanted.data)
    names = sample_names(split_names(source.names, wanted.split), wanted.limit)
    pictures = load_pictures(source, names, Preparation())
    truths = [to_floats(picture) for picture in pictures]
    table = tomllib.loads(f"noise = {wanted.noise}")["noise"]
    noise = build_noise(table)
    tasks = {"as files": Denoise(InFiles(noise)), "as floats": Denoise(noise)}
    write_noisy(tasks["as files"], truths, wanted.out / "noisy")

    steps: dict[str, Any] = {} if wanted.steps is None else {"optimization.steps": wanted.steps}
    own = {"data.sources": [{"name": f"folder:{wanted.out / 'noisy'}"}]}
    alone = read_recipe(find_recipe(Path("self-denoise")), own | steps)
    changes = {"name": "supervised", "task.noise": table, "optimization.steps": alone.optimization.steps}
    taught = read_recipe(SHIPPED, changes)
    shipped = load_model("denoise-color")
    models = [shipped, trained(taught, wanted.out / "supervised"), trained(alone, wanted.out / "self")]
    methods = [Identity(), NonLocalMeans(), *map(DenoiserMethod, models)]
    labels = ["left alone", "non-local means", "shipped denoise-color, blind", "supervised", "self-denoise"]

    results = measure(tasks, methods, truths, {"PSNR (dB)": finite_psnr, "SSIM": ssim})
    print(f"{wanted.data}, n = {len(truths)}, {wanted.noise}, {alone.optimization.steps} steps, one seed\n")
    print("| | PSNR in files | SSIM | PSNR in floats | SSIM |\n|---|---|---|---|---|")
    for label, method in zip(labels, results.methods, strict=True):
        figures = [(results.mean(task, method, metric), metric) for task in tasks for metric in results.metrics]
        cells = [f"{mean:.4f}" if metric == "SSIM" else f"{mean:.2f}" for mean, metric in figures]
        print(f"| {label} | {' | '.join(cells)} |")
    for task in tasks:
        one, other = (results.values[task, method, "PSNR (dB)"] for method in results.methods[:-3:-1])
        low, high = bootstrap_interval(one - other, rng=np.random.default_rng(0))
        print(f"\nself-denoise - supervised, {task}: {(one - other).mean():+.2f} dB ({low:+.2f}, {high:+.2f})")


if __name__ == "__main__":
    main()
