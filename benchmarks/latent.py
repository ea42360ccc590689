"""The latent space in figures, on MNIST: what codes keep, what they generate, whom they find strange; beside pythae.

    python benchmarks/latent.py [sizes] [generation] [anomalies] [pythae] [-o runs/latent]

Every part prints a table with n and seed. Trainings are kept in the folder and not done again. The last part wants
`pip install pythae==0.1.2`.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

from hillotype.latent.anomaly import auc, fit_scores
from hillotype.latent.bound import bound
from hillotype.latent.coder import Coder, open_coder
from hillotype.latent.pictures import read_source, read_split
from hillotype.latent.priors import Mixture, StandardNormal
from hillotype.metrics import bootstrap_interval
from hillotype.models import Generative
from hillotype.studies.scores import mean_error
from hillotype.train.config import read_recipe
from hillotype.train.loop import fit
from hillotype.train.trained import Floats, Trained, open_run

RECIPES = Path(__file__).parents[1] / "recipes" / "latent"
SEED = 0
SIZES = (2, 4, 8, 16, 32, 64)
WANTED = {2: 0.75, 4: 0.60, 8: 0.50, 16: 0.45, 32: 1.0, 64: 1.0}
"""At most this share of PCA's error, by the size of the code."""
SAMPLES = 10_000
SURE = 0.9

console = Console(width=None if sys.stdout.isatty() else 140)


def train(folder: Path, name: str, recipe: str, changes: dict[str, Any] | None = None) -> Trained:
    """Trains a recipe of `recipes/latent`, or opens what was trained before."""
    path = folder / name
    if not (path / "done").exists():
        console.print(f"training {name}", style="dim")
        fit(read_recipe(RECIPES / f"{recipe}.toml", changes), path, resume=True)
        (path / "done").touch()
    return open_run(path, name, best=False)


def print_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    """Prints a table."""
    table = Table(*head, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def sizes(folder: Path) -> None:
    """Test error by the size of the code: a deep autoencoder against as many principal components."""
    rows = []
    components: Coder | None = None
    for size in SIZES:
        trained = train(folder, f"ae-{size}", "mnist-ae", {"model.widths": [512, 256, size, 256, 512]})
        test = read_split(trained.run, "test").pixels
        components = components or Coder.pca(read_split(trained.run, "train").pixels, max(SIZES))
        codes = components.encode(test)
        codes[:, size:] = 0
        answers = components.decode(codes), open_coder(trained).reconstruct(test)
        pca, deep = (mean_error(each, test) for each in answers)
        rows.append([str(size), f"{pca:.5f}", f"{deep:.5f}", f"{deep / pca:.2f}", f"{WANTED[size]:.2f}"])
    head = ["code", "PCA", "deep autoencoder", "share of PCA's", "at most"]
    print_table(f"MSE per element, mean of {len(test):,} test digits, seed {SEED}", head, rows)


class Judge(nn.Module):
    """A small classifier of digits, whose features tell how near invented digits are to real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 49, 64),
            nn.ReLU(),
        )
        self.classes = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Maps digits (N, 1, 28, 28) to logits (N, 10)."""
        logits: Tensor = self.classes(self.features(x))
        return logits

    @torch.no_grad()
    def look(self, pictures: Floats) -> tuple[np.ndarray, np.ndarray]:
        """Returns features (N, 64) and the greatest of the ten probabilities (N,)."""
        features = torch.cat([self.features(batch) for batch in torch.split(torch.from_numpy(pictures), 500)])
        return features.numpy(), self.classes(features).softmax(dim=1).max(dim=1).values.numpy()


def teach(pictures: Floats, labels: list[str], epochs: int = 3) -> Judge:
    """Trains the judge."""
    torch.manual_seed(SEED)
    judge = Judge()
    optimizer = torch.optim.Adam(judge.parameters(), 1e-3)
    x, y = torch.from_numpy(pictures), torch.tensor([int(label) for label in labels])
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(x)), 100):
            optimizer.zero_grad()
            functional.cross_entropy(judge(x[batch]), y[batch]).backward()
            optimizer.step()
    return judge.eval()


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two normals fitted on features (N, D) (Dowson and Landau 1982, formula 4)."""
    first, second = (np.cov(each, rowvar=False).astype(np.float64) for each in (a, b))
    values = np.linalg.eigvals(first @ second).real.clip(0)
    away = float(np.square(a.mean(axis=0) - b.mean(axis=0)).sum())
    return away + float(np.trace(first) + np.trace(second) - 2 * np.sqrt(values).sum())


def generation(folder: Path) -> None:
    """Invented digits: how near to real ones, and how many a classifier is sure of."""
    vae, plain = train(folder, "vae-16", "mnist-vae"), train(folder, "ae-16", "mnist-ae")
    real, test = read_split(vae.run, "train"), read_split(vae.run, "test")
    judge = teach(real.pixels, real.labels)
    right = np.mean([int(label) for label in test.labels] == judge(torch.from_numpy(test.pixels)).argmax(1).numpy())

    rng = np.random.default_rng(SEED)
    invented: dict[str, Floats] = {"real test digits": test.pixels}
    for name, coder in (("VAE", open_coder(vae)), ("plain autoencoder", open_coder(plain))):
        codes = coder.encode(real.pixels)
        for prior_name, prior in (("N(0, I)", StandardNormal(coder.size)), ("mixture", Mixture.fit(codes, 10, SEED))):
            invented[f"{name}, {prior_name}"] = coder.decode(prior.sample(SAMPLES, rng))
        invented[f"{name}, reconstructed test digits"] = coder.reconstruct(test.pixels)

    known = judge.look(real.pixels)[0]
    rows = []
    for name, pictures in invented.items():
        features, chances = judge.look(pictures)
        rows.append([name, f"{frechet(known, features):.2f}", f"{np.mean(chances >= SURE):.1%}"])
    print_table(
        f"{SAMPLES:,} invented digits each, seed {SEED}; distance: of normals fitted on 64 features of our own "
        f"classifier (right on {right:.1%} of {len(test):,} test digits), to training digits; it is not FID",
        ["digits", "feature distance", f"sure of ({SURE})"],
        rows,
    )


def anomalies(folder: Path) -> None:
    """One digit held out of training at a time: how well each score tells it from the other nine."""
    areas: dict[str, list[float]] = {}
    for held_out in range(10):
        known = [digit for digit in range(10) if digit != held_out]
        source = {"licence": "MNIST, not stated by its authors", "fractions": [0.95, 0.05, 0.0]}
        changes = {
            "data.sources": [{"name": f"mnist/train/{digit}", **source} for digit in known],
            "data.limit": 2500,
            "data.validation_pictures": 100,
            "optimization.epochs": 5,
        }
        trained = train(folder, f"vae-without-{held_out}", "mnist-vae", changes)
        coder, run = open_coder(trained), trained.run
        scores = fit_scores(coder, read_split(run, "train").pixels, read_split(run, "validation").pixels, SEED)
        test = {digit: read_source(run, f"mnist/test/{digit}").pixels for digit in range(10)}
        normal = np.concatenate([test[digit] for digit in known])
        for name, score in scores.items():
            areas.setdefault(name, []).append(auc(score(normal), score(test[held_out])))
    rng = np.random.default_rng(SEED)
    rows = []
    for name, values in sorted(areas.items(), key=lambda item: -np.mean(item[1])):
        low, high = bootstrap_interval(np.array(values), rng=rng)
        rows.append([name, f"{np.mean(values):.3f} ({low:.3f}, {high:.3f})", *(f"{value:.2f}" for value in values)])
    print_table(
        f"Area under the ROC curve by the digit held out, 10,000 test digits, seed {SEED}; VAE of {coder.size} numbers",
        ["score", "mean of ten (95%)", *map(str, range(10))],
        rows,
    )


def pythae(folder: Path) -> None:
    """The same variational autoencoder, epochs and batches, trained by hillotype and by pythae, one after the other.

    Both validate three times on as many pictures. Each computes as it does by default: hillotype in bfloat16 where the
    recipe says so, pythae in float32. What draws our curves is imported before, as pythae is.
    """
    import matplotlib.figure  # noqa: F401
    from beside_pythae import EPOCHS, train_with_pythae

    ours = train(folder, "vae-beside-pythae", "mnist-vae", {"optimization.epochs": EPOCHS})
    pictures, test = read_split(ours.run, "train").pixels, read_split(ours.run, "test").pixels
    net, seconds = train_with_pythae(ours.run, pictures, read_split(ours.run, "validation").pixels, folder / "pythae")
    rows = []
    for name, precision, model, took in (
        ("hillotype", ours.run.precision, ours.model, ours.seconds),
        ("pythae 0.1.2", "32-true", net, seconds),
    ):
        entropy, divergence = bound(cast(Generative, model), test, torch.Generator().manual_seed(SEED))
        rows.append([name, precision, f"{(entropy + divergence).mean():.2f}", f"{took:.0f}", f"{took / seconds:.2f}"])
    print_table(
        f"VAE of {ours.parameters:,} parameters, {EPOCHS} epochs of {len(pictures):,} digits, batch "
        f"{ours.run.optimization.batch}, seed {SEED}, {torch.get_num_threads()} thread(s); bound on -log p in nats, "
        f"mean of {len(test):,} test digits",
        ["trained by", "precision", "bound", "seconds", "share of pythae's time"],
        rows,
    )


PARTS: dict[str, Callable[[Path], None]] = {
    "sizes": sizes,
    "generation": generation,
    "anomalies": anomalies,
    "pythae": pythae,
}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/latent"))
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"{', '.join(unknown)}: no such part; give some of {', '.join(PARTS)}")
    for part in arguments.parts or PARTS:
        PARTS[part](arguments.out)


if __name__ == "__main__":
    main()
