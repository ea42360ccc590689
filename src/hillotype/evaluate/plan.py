"""What to measure of a model file: test pictures, conditions, baselines and figures of its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from hillotype.color import Lab
from hillotype.data import SPLITS, Preparation, Source, load_pictures, open_source, place_of, sample_names, split_names
from hillotype.data.images import to_floats
from hillotype.data.splits import FRACTIONS
from hillotype.errors import DataError, RecipeError
from hillotype.evaluate.baselines import (
    Baseline,
    Gray,
    Identity,
    NonLocalMeans,
    colorize_baselines,
    denoise_baselines,
)
from hillotype.evaluate.measure import Metric
from hillotype.evaluate.models import ColorizerMethod, DenoiserMethod
from hillotype.evaluate.patches import Floats
from hillotype.metrics import SSIM_WINDOW, colorfulness, delta_e2000, finite_psnr, ssim
from hillotype.modelfile import Card, Model
from hillotype.noise import Gaussian
from hillotype.tasks import Colorize, Denoise, Task

FITTING_PICTURES = 120
"""How many training pictures PCA and mean color are fitted on."""

SIGMAS = (0.0, 15.0, 25.0, 50.0)
"""The levels of noise, of 255, that a denoiser meets unless others are asked for; 0 is clean."""


def read_test_pictures(card: Card, name: str, *, split: str = "all", limit: int | None = None) -> list[Floats]:
    """Returns the pictures (C, H, W) float32 of a source that a model is tested on.

    A source that the model was trained on, or a part of it, is split as it was then, so that its test split is what the
    model never saw.

    Raises:
        DataError: nothing there, the split is empty, or a picture is too small to be measured.
    """
    source = open_source(name)
    splits = trained_splits(card, name, source.names)
    if splits and split in SPLITS:
        names = [each for each in source.names if splits.get(each, "test") == split]
    else:
        names = split_names(source.names, split)
    names = sample_names(names, limit)
    if not names:
        rest = f"{card.name} was trained on the others" if splits else "choose --split all"
        raise DataError(f"{name}: no pictures in its {split} split; {rest}")
    pictures = _read(card, source, names)
    for each, picture in zip(names, pictures, strict=True):
        height, width = picture.shape[1:]
        if card.task == "denoise" and min(height, width) < SSIM_WINDOW:  # said here, where names are known
            least = f"{SSIM_WINDOW}x{SSIM_WINDOW}"
            raise DataError(f"{name}, {each}: {width}x{height} pixels, and SSIM needs {least}; remove it from the data")
    return pictures


def read_fitting_pictures(card: Card, name: str | None = None) -> list[Floats]:
    """Returns clean training pictures (C, H, W) for the baselines that learn; none where no such source is at hand.

    Without a `name`, they are the train split of the first source that is found of those the model has learned from.
    """
    if name is not None:
        source = open_source(name)
        return _read(card, source, _spread(source.names))
    if _knows_no_truth(card):
        return []  # they are noisy
    for settings in card.sources:
        try:
            source = open_source(settings["name"])
        except DataError:
            continue
        names = split_names(source.names, "train", settings.get("fractions", FRACTIONS))
        return _read(card, source, _spread(names))
    return []


def _read(card: Card, source: Source, names: Sequence[str]) -> list[Floats]:
    gray = card.task == "denoise" and card.in_channels == 1
    return [to_floats(picture) for picture in load_pictures(source, names, Preparation(gray=gray))]


def trained_splits(card: Card, name: str, names: Sequence[str]) -> dict[str, str]:
    """Returns the split that pictures of a source belonged to when a model was trained; those it never had are missing.

    Args:
        card: of the model.
        name: of the source. It may be one that the model was trained on, a part of one, or hold one.
        names: of its pictures.
    """
    place, splits = place_of(name), dict[str, str]()
    sources = [
        (_names_in(place_of(each["name"]), place, names), each.get("fractions", FRACTIONS)) for each in card.sources
    ]
    for split in SPLITS:  # what trained by one name and not by another has trained
        for then, fractions in sources:
            splits = {then[each]: split for each in split_names(list(then), split, fractions)} | splits
    return splits


def _names_in(source: PurePosixPath, place: PurePosixPath, names: Sequence[str]) -> dict[str, str]:
    """The names at a place of pictures by those that they have in a source; of those alone that lie in it."""
    if place.is_relative_to(source):
        return {str(place.relative_to(source) / each): each for each in names}
    if source.is_relative_to(place):
        inside = f"{source.relative_to(place)}/"
        return {each.removeprefix(inside): each for each in names if each.startswith(inside)}
    return {}


def note_on_seen(card: Card, name: str, split: str) -> str:
    """Returns what to say where pictures of a split of a source trained the model: which it never saw; else nothing.

    Raises:
        DataError: nothing there.
    """
    if not card.sources:
        return ""
    names = open_source(name).names
    splits = trained_splits(card, name, names)
    there = {splits.get(each, "test") for each in names} if splits else set()
    learned = ("train", "test") if _knows_no_truth(card) else ("train",)  # without truth there is nothing to test
    if not any(part in there and split in ("all", part) for part in learned):
        return ""
    if "test" in there and "test" not in learned:
        rest = "--split test has those it never saw"
    elif "validation" in there:
        rest = "--split validation has those that did no more than choose its weights"
    else:
        rest = "no others of them are left; measure on other pictures"
    return f"{card.name} was trained on pictures of {name}; {rest}"


def _knows_no_truth(card: Card) -> bool:
    return bool(card.training.get("recipe", {}).get("task", {}).get("name") == "self_denoise")


def _spread(names: Sequence[str]) -> list[str]:
    """Evenly spaced names, at most `FITTING_PICTURES`."""
    step = max(1, len(names) // FITTING_PICTURES)
    return list(names[::step][:FITTING_PICTURES])


@dataclass(frozen=True)
class Plan:
    """What is measured: observations by condition, methods (doing nothing first, the model last), figures by name."""

    tasks: dict[str, Task]
    methods: list[Baseline]
    metrics: dict[str, Metric]


def make_plan(
    model: Model,
    fitting: Sequence[Floats],
    *,
    sigmas: Sequence[float] = SIGMAS,
    rng: np.random.Generator,
) -> Plan:
    """Chooses conditions, baselines and figures for a model's task, and fits the baselines.

    Args:
        model: what to measure.
        fitting: clean training pictures (C, H, W) for PCA and mean color; without any, these rows are left out.
        sigmas: noise levels of 255 that a denoiser meets, float noise neither clipped nor rounded; 0 is clean.
        rng: chooses the patches that PCA is fitted on.

    Raises:
        RecipeError: a model of a task that has no evaluation.
    """
    if model.card.task == "denoise":
        return Plan(
            {_sigma_name(sigma): Denoise(Gaussian((sigma, sigma))) for sigma in sigmas},
            [*(denoise_baselines(fitting, rng) if fitting else (Identity(), NonLocalMeans())), DenoiserMethod(model)],
            {"PSNR (dB)": finite_psnr, "SSIM": ssim},
        )
    if model.card.task == "colorize":
        return Plan(
            {"color": Colorize(Lab())},
            [*(colorize_baselines(fitting, rng, Lab()) if fitting else (Gray(Lab()),)), ColorizerMethod(model)],
            {
                "PSNR (dB)": finite_psnr,
                "CIEDE2000": delta_e2000,
                "colorfulness": _colorfulness,
                "colorfulness of truth": _true_colorfulness,
            },
        )
    raise RecipeError(f"{model.card.name}: no evaluation for the task {model.card.task!r}; use denoise or colorize")


def _sigma_name(sigma: float) -> str:
    return "clean" if sigma == 0 else f"sigma {sigma:g}"


def _colorfulness(answer: Floats, truth: Floats) -> Floats:
    return np.asarray(colorfulness(answer))


def _true_colorfulness(answer: Floats, truth: Floats) -> Floats:
    return np.asarray(colorfulness(truth))
