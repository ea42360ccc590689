"""Report 001's variational autoencoder: reconstructions, samples, interpolations and the map of its codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from hillotype.latent.bound import bound, cross_entropy
from hillotype.latent.coder import open_coder
from hillotype.latent.maps import plane
from hillotype.models import Generative
from hillotype.pages import grid, scatter, spread, table, text
from hillotype.studies.baselines import Components
from hillotype.studies.page import curves
from hillotype.studies.scores import means, score
from hillotype.studies.study import Figure, Findings, Section, study
from hillotype.train.batches import drawing_from
from hillotype.train.config import build_model

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench
    from hillotype.train.config import Run
    from hillotype.train.trained import Floats, Trained

_WIDE = 32
_SHOWN = 12
_DIFFERS = (
    "The report shows pictures of its VAE and no number; data, code, loss (500 times the mean cross-entropy, "
    "plus the divergence) and batches are those of the public tutorial that its captions come from, the layers "
    "stand for it, and ten epochs are those of its other autoencoder. Seed 0."
)


@study(
    "vae",
    report="001",
    summary="A variational autoencoder of Fashion-MNIST with a code of two numbers, before and after training",
    data=("fashion-mnist",),
    minutes=15,
)
def run(bench: Bench) -> Findings:
    """Trains the report's VAE, one on the bound itself, and one with a larger code."""
    report, ours = bench.train("report"), bench.train("ours")
    wide = bench.train("ours", "ours-wide", {"model.latent": _WIDE})
    train = bench.pictures(report.run, "train")
    test, labels = bench.labeled(report.run, "test")
    bench.say("principal components and bounds")
    components = Components.fit(train, _WIDE)
    mean = np.ascontiguousarray(np.broadcast_to(train.mean(axis=0), test.shape))

    trained = {"report's VAE, 2": report, "our VAE, 2": ours, f"our VAE, {_WIDE}": wide}
    answers = {name: one.answer(test) for name, one in trained.items()}
    answers |= {f"PCA, {k}": components.reconstruct(test, k) for k in (2, _WIDE)} | {"mean picture": mean}
    mse = means(score(answers, test))
    bounds = {name: bound(_generative(one), test, torch.Generator().manual_seed(0)) for name, one in trained.items()}
    bounds["mean picture"] = (cross_entropy(mean, test), np.zeros(len(test)))
    nats = {name: (parts[0] + parts[1]).mean() for name, parts in bounds.items()}

    return Findings(
        figures=_figures(mse, nats, len(test)),
        differs=_DIFFERS,
        sections=(
            _measured(mse, bounds, test),
            _reconstructions(report, answers, test),
            _samples(trained, components, train),
            _between(report, wide, test),
            _map(report, test, labels),
            _training(report, ours, wide),
        ),
        numbers={"mse": mse, "nats": nats, "divergence": means({name: parts[1] for name, parts in bounds.items()})},
    )


def _figures(mse: dict[str, float], nats: dict[str, float], count: int) -> tuple[Figure, ...]:
    return (
        Figure(
            "MSE per element, a code of 2, mean of test pictures",
            count,
            reproduced=mse["report's VAE, 2"],
            best=mse["our VAE, 2"],
            plain=mse["mean picture"],
            pca=mse["PCA, 2"],
        ),
        Figure(
            f"MSE per element, a code of {_WIDE}, mean of test pictures",
            count,
            best=mse[f"our VAE, {_WIDE}"],
            plain=mse["mean picture"],
            pca=mse[f"PCA, {_WIDE}"],
        ),
        Figure(
            "bound on -log p, nats per picture, mean of test pictures",
            count,
            reproduced=nats["report's VAE, 2"],
            best=min(nats["our VAE, 2"], nats[f"our VAE, {_WIDE}"]),
            plain=nats["mean picture"],
        ),
    )


def _generative(trained: Trained) -> Generative:
    return cast(Generative, trained.model)


def _untrained(run: Run) -> Generative:
    with drawing_from(run.seed):
        return cast(Generative, build_model(run).eval())


def _measured(mse: dict[str, float], bounds: dict[str, tuple[np.ndarray, np.ndarray]], test: Floats) -> Section:
    rows: list[list[object]] = []
    for name, error in mse.items():
        parts = [part.mean() for part in bounds.get(name, ())]
        rows.append([name, error, *(parts or [None, None]), sum(parts) or None])
    floor = cross_entropy(test, test).mean()
    return Section(
        "What the codes keep",
        (
            table(
                ["who, numbers of the code", "MSE per element", "cross-entropy", "divergence", "bound"],
                rows,
                f"Means of {len(test):,} test pictures, 32x32 in [0, 1]. MSE of the answer to the posterior's mean; "
                "the other columns in nats per picture, of one draw from the posterior. PCA has no such bound.",
            ),
            text(
                f"The cross-entropy of the pictures with themselves is {floor:.1f} nats: no model comes below, for "
                "grays are read as chances. The report's loss, 500 times the mean over 1,024 elements plus the "
                f"divergence, is the bound with {1024 / 500:.2f} times the divergence: it pays twice for each nat that "
                "its code holds. With the bound itself as the loss, the code may hold more."
            ),
        ),
    )


def _reconstructions(report: Trained, answers: dict[str, Floats], test: Floats) -> Section:
    real = spread({"real test picture": test}, _SHOWN)
    with torch.no_grad():
        before = np.asarray(_untrained(report.run)(torch.from_numpy(real["real test picture"])))
    return Section(
        "Reconstructed before and after training",
        (
            grid(
                {**real, "before training": before, **spread(answers, _SHOWN)},
                "Before training the net answers gray to everything. With two numbers it knows kind and brightness of "
                f"an article; with {_WIDE}, its cut too. Prints are lost. PCA of the same size blends ghosts.",
            ),
        ),
    )


def _samples(trained: dict[str, Trained], components: Components, train: Floats) -> Section:
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        rows = {"before training": np.asarray(_untrained(trained["report's VAE, 2"].run).sample(_SHOWN, rng))}
        rows |= {name: np.asarray(_generative(one).sample(_SHOWN, rng)) for name, one in trained.items()}
    codes = components.codes(train)
    draws = np.random.default_rng(0).normal(codes.mean(axis=0), codes.std(axis=0), (_SHOWN, codes.shape[1]))
    gaussian = (draws @ components.axes + components.mean).clip(0, 1).astype(np.float32)
    rows[f"PCA, {codes.shape[1]}"] = gaussian.reshape(-1, *train.shape[1:])
    return Section(
        "Generated",
        (
            grid(
                rows,
                "Pictures made of draws from the prior; PCA: from normal numbers with the variance of each component. "
                "With two numbers a sample is nearly always an article, of the mean cut of its kind. With more there "
                "is more variety, and more draws between the kinds that are no article; PCA's are clouds of parts.",
            ),
        ),
    )


def _between(report: Trained, wide: Trained, test: Floats) -> Section:
    share = np.linspace(0, 1, _SHOWN, dtype=np.float32)[:, None]
    rows = {}
    for number, (one, other) in enumerate(((0, -1), (len(test) // 3, len(test) // 2)), start=1):
        ends = np.stack([test[one], test[other]])
        rows[f"{number}: pixels"] = _mixed(ends.reshape(2, -1), share).reshape(_SHOWN, *test.shape[1:])
        for name, trained in (("report's VAE, 2", report), (f"our VAE, {_WIDE}", wide)):
            coder = open_coder(trained)
            rows[f"{number}: {name}"] = coder.decode(_mixed(coder.encode(ends), share))
    return Section(
        "From one article to another",
        (
            grid(
                rows,
                "Two pairs of test pictures and equal steps between them: between their pixels, and between their "
                "codes. Between pixels both articles show through each other; between codes one becomes the other by "
                "way of articles that might be.",
            ),
        ),
    )


def _mixed(ends: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.asarray((1 - share) * ends[0] + share * ends[1])


def _map(report: Trained, test: Floats, labels: Sequence[str]) -> Section:
    per_side = 15
    coder = open_coder(report)
    pictures = coder.decode(plane(per_side)).reshape(per_side, per_side, *test.shape[1:])
    rows = {f"{level:+.2f}": row for level, row in zip(plane(per_side)[::per_side, 1], pictures, strict=True)}
    return Section(
        "The plane of codes",
        (
            scatter(
                coder.encode(test),
                labels,
                "Where the test pictures lie, by class: the posterior's mean. Nothing told it the classes.",
            ),
            grid(
                rows,
                "What each place of that plane decodes to: first number to the right, second upward, equal shares of "
                "the prior between lines, from -1.83 to 1.83. Neighbors look alike, and no place is empty.",
                scale=1,
                most=per_side,
            ),
        ),
    )


def _training(report: Trained, ours: Trained, wide: Trained) -> Section:
    return Section(
        "Training",
        (
            curves(
                [report],
                "Report's VAE. Training: 500 times the mean cross-entropy of an element, plus the divergence; "
                "validation: that mean alone.",
            ),
            curves(
                [ours, wide],
                "Ours, nats per picture. Training: cross-entropy plus divergence; validation: without it.",
            ),
        ),
    )
