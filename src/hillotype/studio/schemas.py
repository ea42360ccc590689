"""What the API takes and gives, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hillotype.errors import ModelFileError
from hillotype.modelfile import load_model, zoo
from hillotype.restore.hints import read_hint
from hillotype.restore.loading import CHOICES, names_for
from hillotype.restore.palette import Palette
from hillotype.restore.wishes import MOST_VIVID, Wishes

TaskName: TypeAlias = Literal["restore", "denoise", "colorize"]
Status: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]

MOST_HINTS: Final = 200
"""Hints that one picture may have."""

Strength = Annotated[float, Field(ge=0, le=1, description="How much of it: 0 nothing, 1 all.")]
ChromaStrength = Annotated[
    float | None,
    Field(ge=0, le=1, description="How much of the noise of the colors; as `strength` if left out. Where denoised."),
]
Vividness = Annotated[
    float,
    Field(ge=0, le=MOST_VIVID, description="Of the guessed colors: 0 is gray, 1 as guessed, above 1 more vivid."),
]
HintText = Annotated[str, Field(max_length=80), AfterValidator(lambda text: str(read_hint(text)))]
Hints = Annotated[
    tuple[HintText, ...],
    Field(
        max_length=MOST_HINTS,
        description="Colors at points, each X,Y,COLOR: pixels or percent of width and height from the upper left, as "
        "120,80,#2f6b3a or 40%,15%,darkgreen. For pictures that are given color.",
    ),
]
Preview = Annotated[
    float | None,
    Field(gt=0, le=600, description="Of a film only so many seconds, from a third of it on; all of it if left out."),
]
Like = Annotated[
    str | None,
    Field(max_length=40, description="The id of a color picture of the session, toward whose colors the guesses move."),
]
ModelName = Annotated[
    str | None,
    Field(
        description="A name of /choices, or a model of /models, for this task; if left out, the task's own name for "
        "pictures, and the quicker one for films."
    ),
]


class Options(BaseModel):
    """How a picture is treated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strength: Strength = 1.0
    chroma_strength: ChromaStrength = None
    vividness: Vividness = 1.0
    hints: Hints = ()
    preview: Preview = None
    model: ModelName = None

    def wishes(self, palette: Palette | None) -> Wishes:
        """Returns what is wanted of the colors, with those of another picture if they are."""
        return Wishes(tuple(map(read_hint, self.hints)), self.vividness, palette)


class Settings(Options):
    """What is done to a picture, and how."""

    task: TaskName = Field("restore", description="restore: color a gray picture, denoise a noisy one.")
    like: Like = None

    @model_validator(mode="after")
    def _model_fits(self) -> Settings:
        check_model(self.model, self.task)
        return self


class Upload(Settings):
    """The settings of a picture that is sent, and its name."""

    name: str = Field("picture", max_length=1000, description="The file's name, for the name of the result.")


class FilmState(BaseModel):
    """What is known of a film."""

    seconds: float = Field(description="How long it lasts; 0 as long as nobody has looked.")
    part: bool = Field(description="Whether the result is only a part of it, see the setting `preview`.")
    begun: bool = Field(
        description="Whether an earlier run with these settings was stopped while it made all of the film: one without "
        "`preview` goes on from there."
    )


class JobState(BaseModel):
    """A picture or film and what becomes of it."""

    id: str
    name: str = Field(description="The file's name.")
    settings: Settings
    film: FilmState | None = Field(description="Of a picture null.")
    status: Status
    progress: float = Field(ge=0, le=1, description="Share of the work that is done.")
    steps: list[str] = Field(description="What was done: denoise, colorize; nothing where the picture needs nothing.")
    notes: list[str] = Field(description="What was found in the picture, and what could not be kept.")
    message: str = Field(description="Why it failed, one sentence.")
    seconds: float = Field(description="How long it took.")
    result: str = Field(description="The name of the result; empty as long as there is none.")
    run: int = Field(description="How often it was started: the result of another run is another picture.")


class SessionState(BaseModel):
    """A place for pictures; it and its files are removed when nobody asks for it any more."""

    id: str
    jobs: list[JobState]


class About(BaseModel):
    """What this studio is and takes."""

    version: str
    laboratory: bool = Field(description="Whether the laboratory is open, under /api/v1/laboratory.")
    films: bool = Field(description="Whether it takes films: PyAV is installed.")
    max_bytes: int = Field(description="Of a picture file.")
    max_film_bytes: int = Field(description="Of a film.")
    max_pixels: int = Field(description="Width x height of a picture.")
    jobs: int = Field(description="Pictures that are worked on at the same time.")
    picture_suffixes: list[str] = Field(description="Of picture files that are read, with the dot, in lower case.")
    film_suffixes: list[str] = Field(description="Of films.")


class ChoiceState(BaseModel):
    """A way to do a task, for the setting `model`."""

    name: str
    task: TaskName
    models: list[str] = Field(description="The models of the package that do it.")
    summary: str


class ModelState(BaseModel):
    """A model of the package, as its card describes it."""

    name: str
    task: str
    summary: str
    parameters: int
    bytes: int
    data_licence: str
    created: str
    training: dict[str, Any]
    metrics: list[dict[str, Any]]


def check_model(name: str | None, task: str) -> None:
    """Sees that a model can do a task; names are of ways to do it or of the zoo, never a path.

    Raises:
        ModelFileError: it cannot, or there is none of that name.
    """
    if name is None:
        return
    if name not in CHOICES and name not in zoo():
        raise ModelFileError(f"{name[:80]!r}: no model of this studio; use one of {', '.join(names_for(task))}")
    made_for = CHOICES[name].task if name in CHOICES else load_model(name).card.task
    if made_for != task:
        raise ModelFileError(f"{name}: made to {made_for}, not to {task}; leave it out, or choose the task {made_for}")
