"""A Run: everything that decides how a model is trained, read from a TOML recipe and checked."""

import math
import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from hillotype.color import color_space
from hillotype.data import Augment, Preparation
from hillotype.data.splits import FRACTIONS
from hillotype.errors import RecipeError
from hillotype.models import MODELS, ImageModel, build
from hillotype.noise import NOISES, Mask, Mixture, Noise
from hillotype.tasks import TASKS, Task


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(_Settings):
    """One source of pictures in a recipe."""

    name: str
    """`folder:PATH`, `zip:PATH.zip`, or a set such as `mnist/train`, `cifar10/train/ship`, `lfw`."""
    licence: str = "not stated"
    """What the pictures may be used for; it goes on the model's card."""
    fractions: tuple[float, float, float] = FRACTIONS
    """Shares of train, validation and test."""
    reduce: float = Field(1.0, gt=0, le=1)
    """Factor on both sides; 0.5 makes clean targets of lossy files."""
    repeat: int = Field(1, ge=1)
    """How often an epoch visits each of its pictures."""


class DataSettings(_Settings):
    """The pictures of a recipe and what is done to them."""

    sources: tuple[SourceSettings, ...] = Field(min_length=1)
    limit: int | None = Field(None, ge=1)
    """At most so many pictures of each source train, and test."""
    per_class: int | None = Field(None, ge=1)
    """At most so many pictures of each class of a source, the folders in it, train, validate and test."""
    gray: bool = False
    """Train on BT.601 luma."""
    center: float = Field(1.0, gt=0, le=1)
    """Share of both sides that is kept about the center."""
    side: int | None = Field(None, ge=1)
    """Every picture is cut to a square and resized to this side."""
    pad: int = Field(0, ge=0)
    """Pixels of black that are added on every side."""
    short_side: int | None = Field(None, ge=1)
    """Larger pictures are reduced to this short side."""
    min_spread: float = 0.0
    """The gray filter: least mean spread of a picture's channels, of 255."""
    augment: Augment = Augment()
    validation_pictures: int = Field(64, ge=1)
    """At most so many pictures of each source may validate; a training takes so many of them all, evenly spread."""

    def preparation(self, reduce: float) -> Preparation:
        """Returns what is done to the pictures of a source before anything is learned from them."""
        return Preparation(
            center=self.center,
            reduce=reduce,
            short_side=self.short_side,
            side=self.side,
            min_spread=self.min_spread,
            gray=self.gray,
            pad=self.pad,
        )


class Optimization(_Settings):
    """How the weights move."""

    steps: int = Field(1000, ge=1)
    epochs: float | None = Field(None, gt=0)
    """In place of steps: how often each training picture is seen."""
    batch: int = Field(16, ge=1)
    """Pictures of a step, on each device."""
    learning_rate: float = Field(1e-3, gt=0)
    """The peak, reached after `warmup`."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the peak is left: along half a cosine down to 0, or not at all."""
    warmup: float = Field(0.03, ge=0, lt=1)
    """The share of the run in which the rate rises."""
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0)
    """Largest norm of the gradient."""
    loss: Literal["l1", "mse", "huber", "psnr", "bce", "half_sse", "bce_sum"] = "l1"
    loss_weight: float = Field(1.0, gt=0)
    """Factor on the loss."""
    kl_weight: float = Field(1.0, ge=0)
    """Factor on a generative model's divergence, which is added to the loss: beta of Higgins et al. 2017."""
    free_bits: float | None = Field(None, ge=0)
    """Nats that each number of a code may hold before the prior pulls at it."""
    capacity: float | None = Field(None, ge=0)
    """Nats that a whole code shall hold at the end of the run; it rises from 0 in even steps."""
    ema: float = Field(0.999, ge=0, lt=1)
    """Decay of the averaged weights, the ones that are validated and exported."""


class Run(_Settings):
    """One training run. Fields are the tables and keys of a recipe; see `recipes/` for examples."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    summary: str = ""
    seed: int = Field(0, ge=0)
    task: dict[str, Any]
    """`name`, and the task's settings; noises are tables with a `name` of their own."""
    model: dict[str, Any]
    """`name`, and the model's settings."""
    data: DataSettings
    optimization: Optimization = Optimization()
    precision: Literal["32-true", "bf16-mixed"] = "bf16-mixed"
    workers: int = Field(0, ge=0)
    """Processes that read pictures; 0 reads in the training process."""
    log_every: int = Field(50, ge=1)
    """Steps between two lines of metrics.jsonl."""
    validate_every: int = Field(1000, ge=1)
    """Steps between two validations."""
    checkpoint_seconds: float = Field(120.0, gt=0)
    """Seconds between two checkpoints."""
    allow_unreachable: bool = False
    """Train although the model's output activation cannot reach the targets, as report 003 did."""
    start: str | None = None
    """A run folder, a model of the zoo or a model file whose weights this run begins with: to fine-tune."""
    working_side: int | None = None
    """Short side at which the model works on a photograph (colorize); it goes on the card."""


RECIPES = {path.stem: path for path in sorted(Path(__file__).with_name("recipes").glob("*.toml"))}
"""The recipes that come with the package, for pictures of one's own, by name."""


def find_recipe(name: Path) -> Path:
    """Returns the file of a recipe that is given by its path or, if it comes with the package, by its name.

    Raises:
        RecipeError: there is neither.
    """
    if os.path.isfile(name / "run.toml"):
        raise RecipeError(f"{name}: is a run folder; give its recipe, {name / 'run.toml'}")
    if os.path.exists(name):  # it tells of a name that no disk takes that there is none
        return name
    if str(name) not in RECIPES:
        raise RecipeError(
            f"{name}: no such recipe; give a TOML file, or the name of one that is built in: {', '.join(RECIPES)}"
        )
    return RECIPES[str(name)]


def read_recipe(path: Path, overrides: dict[str, Any] | None = None) -> Run:
    """Reads a TOML recipe; `overrides` maps dotted keys such as "optimization.steps" to values.

    Steps that are given there count in place of the recipe's epochs.

    Raises:
        RecipeError: the file is missing or not TOML, or a setting is unknown, out of range or contradictory.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecipeError(f"{path}: not a readable TOML recipe ({reason}); see recipes/ for examples") from error
    if "optimization.steps" in (overrides or {}):
        _set(values, "optimization.epochs", None)
    for key, value in (overrides or {}).items():
        _set(values, key, value)
    return make_run(values, str(path))


def make_run(values: dict[str, Any], where: str = "recipe") -> Run:
    """Checks the values of a recipe and that task and model fit each other.

    Raises:
        RecipeError: naming the setting, the rule and the remedy.
    """
    try:
        run = Run.model_validate(values)
    except ValidationError as error:
        raise RecipeError(f"{where}: {_first_problem(error)}") from error
    task, model = build_task(run), build_model(run, pretrained=False)
    if run.data.gray and task.name == "colorize":
        raise RecipeError(f"{where}: data.gray: leaves no colors to learn for the task colorize; remove it")
    if not run.allow_unreachable:
        check_fit(task, model)
    if not task.supervised:
        check_unsupervised(run, model, where)
    crop = run.data.augment.crop
    if model.size is not None and model.size != (crop, crop):
        raise RecipeError(
            f"{where}: data.augment.crop: {crop}, but this model takes {model.size[0]}x{model.size[1]} pictures only; "
            "make them equal"
        )
    if crop % (task.stride * model.multiple):
        raise RecipeError(
            f"{where}: data.augment.crop: {crop} is no multiple of {task.stride * model.multiple}, which this model "
            "needs; change it"
        )
    if not model.trained_parameters():
        raise RecipeError(f"{where}: model {run.model['name']!r} has no parameters to train; it is fitted, not trained")
    return run


def with_steps(run: Run, pictures: int, processes: int) -> Run:
    """Returns the run with its epochs over so many training pictures as steps; a run by steps stays as it is.

    In each step every process takes a batch of its own.
    """
    optimization = run.optimization
    if optimization.epochs is None:
        return run
    steps = math.ceil(optimization.epochs * pictures / (optimization.batch * processes))
    return run.model_copy(update={"optimization": optimization.model_copy(update={"steps": steps})})


_KINDS = {
    "dict_type": "a table",
    "model_type": "a table",
    "tuple_type": "an array",
    "is_instance_of": "an array",  # a Sequence
    "string_type": "text",
}
"""What TOML calls what is wanted, by pydantic's types of errors."""


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "settings"
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown setting; correct its name or remove it"
    if first["type"] == "missing" and place in ("data", "data.sources"):
        return "it names no pictures; give --data FOLDER"
    if first["type"] in _KINDS:
        return f"{place}: must be {_KINDS[first['type']]}; see recipes/ for examples"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}; correct it"


def _set(values: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401
    *tables, last = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise RecipeError(f"--set {key}: {table!r} is not a table; set it as a whole")
    values[last] = value


def build_task(run: Run) -> Task:
    """Makes the run's task.

    Raises:
        RecipeError: an unknown task, noise or color space, or a setting that they do not know or of a wrong type.
    """
    settings, made = dict(run.task), dict[str, Any]()
    kind = _known(TASKS, settings.pop("name", None), "task")
    if "space" in settings:
        made["space"] = color_space(str(settings.pop("space")))
    made |= {key: build_noise(settings.pop(key)) for key in ("noise", "degrade", "mask") if key in settings}
    mask = made.get("mask", Mask())
    if not all(isinstance(part, Mask) for part in (mask.parts if isinstance(mask, Mixture) else [mask])):
        raise RecipeError("task.mask: hides no pixels; use the noise mask, or a mixture of masks")
    task: Task = _made(kind, settings, made, f"task {kind.name!r}")
    return task


def build_noise(settings: dict[str, Any]) -> Noise:
    """Makes a noise from a recipe's table: `name`, its settings, and `parts` or `noise` where it is made of others.

    Raises:
        RecipeError: an unknown noise, or a setting that it does not know or of a wrong type.
    """
    if not isinstance(settings, dict):
        raise RecipeError(f"noise {settings!r}: must be a table with a name; see recipes/ for examples")
    settings, made = dict(settings), dict[str, Any]()
    kind = _known(NOISES, settings.pop("name", None), "noise")
    if "parts" in settings:
        parts = settings.pop("parts")
        if not isinstance(parts, list | tuple):
            raise RecipeError(f"noise {kind.__name__}: parts: must be an array; see recipes/ for examples")
        made["parts"] = tuple(map(build_noise, parts))
    if "noise" in settings:
        made["noise"] = build_noise(settings.pop("noise"))
    noise: Noise = _made(kind, settings, made, f"noise {kind.__name__}")
    return noise


def _made(kind: type, settings: dict[str, Any], made: dict[str, Any], what: str) -> Any:  # noqa: ANN401
    """Makes a task or a noise of its settings, each checked against its type, and of what was made for it before."""
    known = [field.name for field in fields(kind)]
    if unknown := sorted({*settings, *made} - {*known}):
        raise RecipeError(f"{what}: unknown setting {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    try:
        return kind(**made, **_of_type(get_type_hints(kind), settings, what))
    except TypeError as error:  # no parts, or no noise, to be made of
        raise RecipeError(f"{what}: {error}; see recipes/ for examples") from error


def _of_type(types: dict[str, Any], settings: dict[str, Any], what: str) -> dict[str, Any]:
    """Returns settings, each as its type."""
    wanted: dict[str, Any] = {name: (types[name], ...) for name in settings if name in types}
    try:
        return settings | dict(create_model("settings", **wanted)(**settings))
    except ValidationError as error:
        raise RecipeError(f"{what}: {_first_problem(error)}") from error


def _known(registry: dict[str, type], name: object, what: str) -> Any:  # noqa: ANN401
    if not isinstance(name, str) or name not in registry:
        raise RecipeError(f"{what} {name!r}: unknown; use one of {', '.join(sorted(registry))}")
    return registry[name]


def build_model(run: Run, *, pretrained: bool = True) -> ImageModel:
    """Makes the run's model; `pretrained` false leaves out weights that a checkpoint will replace."""
    settings = dict(run.model)
    name = str(settings.pop("name", None))
    if not pretrained and name in MODELS and MODELS[name].starts_pretrained:
        settings["pretrained"] = False
    task = build_task(run)
    if task.doubt:
        settings["doubt"] = True
    taken, given = task.channels(1 if run.data.gray else 3)
    if name in MODELS:
        settings = _of_type(get_type_hints(MODELS[name].__init__), settings, f"model {name!r}")
    try:
        return build(name, in_channels=taken, out_channels=given, **settings)
    except (ValueError, RuntimeError) as error:  # what torch says of sizes that cannot be
        reason = str(error).splitlines()[0]
        raise RecipeError(f"model {name!r}: {reason}; see the class's docstring for its settings") from error


def check_fit(task: Task, model: ImageModel) -> None:
    """Refuses a model whose output activation cannot reach the task's targets.

    Raises:
        RecipeError: with both ranges.
    """
    (low, high), (least, most) = task.target_range, model.output_range
    if low < least or high > most:
        raise RecipeError(
            f"task {task.name!r} has targets in [{low}, {high}], but the model's output lies in [{least}, {most}]; "
            "choose a model or an output activation that reaches them"
        )


def check_unsupervised(run: Run, model: ImageModel, where: str) -> None:
    """Refuses what a task that learns from the noise of its pictures cannot take.

    Raises:
        RecipeError: the model takes one size only, or crops are resized or bent.
    """
    if model.size is not None:
        raise RecipeError(f"{where}: model {run.model['name']!r}: takes one size only; choose one that takes any")
    plain = Augment(crop=run.data.augment.crop)
    for name in ("zoom", "cover", "rotation", "shear", "shift"):
        if getattr(run.data.augment, name) != getattr(plain, name):
            raise RecipeError(
                f"{where}: data.augment.{name}: mixes the noise of neighboring pixels, which {run.task['name']} needs "
                "apart; remove it"
            )
