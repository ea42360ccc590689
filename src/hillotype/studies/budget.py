"""Every registered autoencoder on one budget: a new file in `models/` stands in the table without another edit."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from hillotype.errors import RecipeError
from hillotype.models import MODELS, Autoencoder, build
from hillotype.pages import grid, table, text
from hillotype.studies.baselines import Components
from hillotype.studies.scores import mean_error
from hillotype.studies.study import Section

if TYPE_CHECKING:
    from hillotype.studies.bench import Bench
    from hillotype.train.trained import Floats

SIDE, CHANNELS = 32, 3
"""The pictures that all of them are given."""

_BATCH, _SHOWN = 250, 12


@dataclass(frozen=True)
class Entry:
    """A registered autoencoder that took part.

    Attributes:
        name: as registered.
        code: numbers of its code.
        parameters: how many numbers training changed.
        seconds: how long that took; 0 for a model that is fitted.
        answers: some test pictures (N, C, H, W) through its code, in [0, 1].
        error: MSE per element, mean over test pictures.
        pca: that of as many principal components; None where a code is as large as a picture.
    """

    name: str
    code: int
    parameters: int
    seconds: float
    answers: Floats
    error: float
    pca: float | None


def candidates() -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Returns the settings of the registered models that can take part, and why each of the others cannot.

    All settings are the model's defaults, but for `side`, where it has one.
    """
    able: dict[str, dict[str, Any]] = {}
    unable: dict[str, str] = {}
    for name, kind in MODELS.items():
        if not issubclass(kind, Autoencoder):
            unable[name] = "no autoencoder: nothing in it is a code that all of the picture passes through"
            continue
        settings = {"side": SIDE} if "side" in inspect.signature(kind).parameters else {}
        reason = _obstacle(name, settings)
        if reason is None:
            able[name] = settings
        else:
            unable[name] = reason
    return able, unable


def _obstacle(name: str, settings: dict[str, Any]) -> str | None:
    """Why a model cannot take the pictures and give them back; None if it can."""
    shape = (1, CHANNELS, SIDE, SIDE)
    try:
        model = build(name, in_channels=CHANNELS, out_channels=CHANNELS, **settings).eval()
        with torch.no_grad():
            answer = model(torch.zeros(shape))
    except (RecipeError, ValueError, RuntimeError) as error:
        return str(error).partition("\n")[0]
    return None if answer.shape == shape else f"answers with {tuple(answer.shape[1:])} to {shape[1:]}"


def compare_registered(
    bench: Bench, train: Floats, test: Floats, components: Components
) -> tuple[list[Entry], Section]:
    """Trains or fits each registered autoencoder on the same pictures, by the recipe `registered` of the study."""
    able, unable = candidates()
    entries = []
    for name, settings in able.items():
        try:
            entries.append(_take_part(bench, name, settings, train, test, components))
        except RecipeError as error:  # a range that its answers cannot reach, a loss that is not finite
            unable[name] = str(error)
    entries.sort(key=lambda entry: entry.error)
    return entries, _section(entries, unable, test)


def _take_part(
    bench: Bench, name: str, settings: dict[str, Any], train: Floats, test: Floats, components: Components
) -> Entry:
    model = build(name, in_channels=CHANNELS, out_channels=CHANNELS, **settings)
    seconds = 0.0
    if model.trained_parameters():
        trained = bench.train("registered", f"registered-{name}", {"model": {"name": name, **settings}})
        model, seconds = trained.model, trained.seconds
    else:
        cast(Any, model).fit(torch.from_numpy(train))
    with torch.no_grad():
        code = cast(Autoencoder, model).encode(torch.from_numpy(test[:1])).numel()
        batches = torch.split(torch.from_numpy(test), _BATCH)
        answers = np.asarray(torch.cat([model.eval()(batch) for batch in batches]).clamp(0, 1).contiguous())
    return Entry(
        name=name,
        code=code,
        parameters=sum(p.numel() for p in model.trained_parameters()),
        seconds=seconds,
        answers=answers[:_SHOWN],
        error=mean_error(answers, test),
        pca=components_error(components, code, test),
    )


def components_error(components: Components, count: int, test: Floats) -> float | None:
    """Returns the MSE per element of test pictures through so many components; None if a picture has no more."""
    if count >= test[0].size:
        return None
    return components.error(test, test, count)


def _section(entries: Sequence[Entry], unable: Mapping[str, str], test: Floats) -> Section:
    head = (
        "model",
        "numbers of the code",
        "trained parameters",
        "seconds",
        "MSE per element",
        "PCA of as many numbers",
    )
    rows = [[each.name, each.code, each.parameters, each.seconds, each.error, each.pca] for each in entries]
    return Section(
        "Every registered autoencoder on the same budget",
        (
            text(
                "The same pictures, steps, batch and learning rate for every autoencoder of this package, each with "
                "its default settings. A code of few numbers cannot do what one of many can: the last column tells "
                "what principal components make of as many. A model added to the package stands here the next time."
            ),
            table(head, rows, f"Mean of {len(test):,} test pictures. What has no trained parameters is fitted."),
            grid({"truth": test, **{each.name: each.answers for each in entries}}, "Test pictures through each."),
            table(["model", "why it has no row"], list(unable.items())),
        ),
    )
