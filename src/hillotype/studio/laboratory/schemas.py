"""What the laboratory's API takes and gives, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

RunStatus: TypeAlias = Literal["training", "stopping", "stopped", "finished"]


class RunState(BaseModel):
    """A run folder."""

    id: str
    name: str = Field(description="Its path below the folder of runs.")
    summary: str
    task: str
    model: str
    status: RunStatus
    step: int
    steps: int | None = Field(description="Steps in all; none where the recipe counts epochs.")
    done: float | None = Field(description="Share of the run, 0 to 1; none before it logs.")
    seconds: float
    train_loss: float | None
    validation_loss: float | None
    validation_psnr: float | None = Field(description="dB")
    untouched_psnr: float | None = Field(description="dB, of doing nothing.")
    samples: bool = Field(description="Whether there is a grid of samples.")
    changed: float = Field(description="When its log changed, or its recipe before it logs, in seconds since 1970.")


class Curve(BaseModel):
    """A line of a plot."""

    name: str
    steps: list[int]
    values: list[float]


class RunDetails(RunState):
    """A run folder, with its curves and its recipe."""

    curves: list[Curve]
    recipe: str = Field(description="run.toml")


class RecipeState(BaseModel):
    """A recipe that can be trained."""

    id: str
    name: str
    summary: str
    task: str
    model: str
    data: list[str] = Field(description="None where it is for pictures of one's own.")
    ready: bool = Field(description="Whether it has pictures to train on: its own, or those that --data named.")


class Start(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = Field(max_length=200, description="The id of a recipe.")
    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=60, description="Of the run folder.")]
    minutes: float | None = Field(None, gt=0, le=100_000, description="End after so many, the learning rate annealed.")
    own: bool = Field(False, description="Train on the pictures of --data, not on the recipe's.")


class TrainingState(BaseModel):
    """The training that the studio has started last."""

    name: str
    going: bool
    stopping: bool = Field(description="Whether it goes on only until it has ended in order.")
    message: str = Field(description="Why it failed, or that nothing is kept of it; empty otherwise.")


class LaboratoryState(BaseModel):
    """The runs, and the training that the studio has started last."""

    runs: list[RunState]
    training: TrainingState
    pictures: str = Field(description="The folder or zip that --data named; empty if none.")


class ReportState(BaseModel):
    """A study's report."""

    id: str
    name: str


class Point(BaseModel):
    """A picture on the map of codes."""

    x: float
    y: float
    label: str


class MapState(BaseModel):
    """A map of codes: where pictures of the test split lie, by the first two principal axes of their codes."""

    numbers: int = Field(description="Of a code.")
    prior: str = Field(description="Where samples come from: own, or mixture, fitted to the codes.")
    points: list[Point]
