"""The laboratory's part of the REST API, /api/v1/laboratory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.sse import EventSourceResponse

from hillotype.studio.laboratory.laboratory import Laboratory
from hillotype.studio.laboratory.recipes import list_recipes
from hillotype.studio.laboratory.reports import list_reports, send_report
from hillotype.studio.laboratory.runs import SAMPLES, find_run, find_runs, run_details, run_state
from hillotype.studio.laboratory.schemas import (
    LaboratoryState,
    MapState,
    RecipeState,
    ReportState,
    RunDetails,
    Start,
    TrainingState,
)
from hillotype.studio.problems import Refusal, described
from hillotype.studio.views import send_file

router = APIRouter(prefix="/api/v1/laboratory", tags=["laboratory"], responses=described(400, 403, 404))

_LOOK = 1.0  # seconds between two looks at the runs

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A picture", "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}
}


def _laboratory(request: Request) -> Laboratory:
    laboratory: Laboratory | None = request.app.state.laboratory
    if laboratory is None:
        raise Refusal(404, "The laboratory needs more than the studio: run `pip install 'hillotype[train]'`.")
    return laboratory


Here = Annotated[Laboratory, Depends(_laboratory)]
RunId = Annotated[str, Path(description="The id of a run.")]


def _folder(run: RunId, here: Here) -> FilePath:
    return find_run(here.root, run)


Folder = Annotated[FilePath, Depends(_folder)]
Number = Annotated[int, Query(ge=0, le=999)]
Numbers = Annotated[list[Number], Query(min_length=1, max_length=26, description="Pictures of the map, by number.")]


@router.get("")
def overview(here: Here) -> LaboratoryState:
    """The runs, and the training that the studio has started last."""
    return _overview(here)


@router.get("/events", response_class=EventSourceResponse)
async def laboratory_events(here: Here) -> AsyncIterator[LaboratoryState]:
    """Server-sent events: the overview, and again whenever a run has logged something."""
    told = None
    while not here.ending.is_set():
        state = await asyncio.to_thread(_overview, here)
        if state != told:
            yield state
            told = state
        with suppress(TimeoutError):
            await asyncio.wait_for(here.ending.wait(), _LOOK)


@router.get("/recipes")
def recipes(here: Here) -> list[RecipeState]:
    """The recipes in the folder `recipes` here, and those of the package and its studies."""
    return list_recipes(pictures=here.data is not None)


@router.post("/runs", status_code=201, responses=described(400, 409, 422))
def start_run(here: Here, wanted: Start) -> TrainingState:
    """Trains a recipe, in a process of its own."""
    return here.trainer.start(wanted)


@router.post("/stop")
def stop_training(here: Here) -> TrainingState:
    """Ends the training; it can go on from its last checkpoint."""
    return here.trainer.stop()


@router.get("/runs/{run}")
def run(folder: Folder, here: Here) -> RunDetails:
    """A run, with its curves and its recipe."""
    return run_details(folder, here.root, here.trainer.status(folder))


@router.post("/runs/{run}/resume", status_code=201, responses=described(409))
def resume(folder: Folder, here: Here) -> TrainingState:
    """Trains on where a run stopped."""
    return here.trainer.go_on(folder)


@router.get("/runs/{run}/samples", response_class=Response)
async def samples(folder: Folder) -> StreamingResponse:
    """What the model saw, what it made of it, and the truth, as PNG."""
    return await send_file(folder / SAMPLES)


@router.get("/runs/{run}/map", responses=described(422))
async def code_map(run: RunId, here: Here) -> MapState:
    """Where pictures of the run's test split lie by their codes."""
    return await here.explore(run, lambda explorer: explorer.map())


@router.get("/runs/{run}/at", response_class=Response, responses=_PICTURE | described(422))
async def at(run: RunId, here: Here, x: float, y: float) -> Response:
    """What a place of the map decodes to."""
    return _webp(await here.picture(run, lambda explorer: explorer.at(x, y)))


@router.get("/runs/{run}/picture", response_class=Response, responses=_PICTURE | described(422))
async def picture(run: RunId, here: Here, number: Number) -> Response:
    """A picture of the map, and beside it what its code decodes to."""
    return _webp(await here.picture(run, lambda explorer: explorer.picture(number)))


@router.get("/runs/{run}/sample", response_class=Response, responses=_PICTURE | described(422))
async def sample(
    run: RunId,
    here: Here,
    count: Annotated[int, Query(ge=1, le=100)] = 24,
    seed: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> Response:
    """Pictures that nobody took: of codes drawn from the prior."""
    return _webp(await here.picture(run, lambda explorer: explorer.sample(count, seed)))


@router.get("/runs/{run}/walk", response_class=Response, responses=_PICTURE | described(422))
async def walk(
    run: RunId,
    here: Here,
    pictures: Numbers,
    how: Literal["linear", "slerp"] = "linear",
    steps: Annotated[int, Query(ge=2, le=20)] = 9,
) -> Response:
    """The way from picture to picture by their codes, below the mix of their pixels."""
    return _webp(await here.picture(run, lambda explorer: explorer.walk(pictures, how, steps)))


@router.get("/runs/{run}/blend", response_class=Response, responses=_PICTURE | described(422))
async def blend(
    run: RunId,
    here: Here,
    pictures: Numbers,
    expression: Annotated[str, Query(max_length=200, description="Such as a - b + c.")] = "a",
) -> Response:
    """What a sum of codes decodes to."""
    return _webp(await here.picture(run, lambda explorer: explorer.blend(pictures, expression)))


@router.get("/reports")
def reports(_: Here) -> list[ReportState]:
    """The reports in the folders `studies` and `docs/studies` here."""
    return list_reports()


@router.get(
    "/reports/{report}",
    response_class=Response,
    responses={200: {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
def report(report: Annotated[str, Path(description="The id of a report.")], _: Here) -> HTMLResponse:
    """A report, a page."""
    return send_report(report)


def _overview(here: Laboratory) -> LaboratoryState:
    states = []
    for folder in find_runs(here.root).values():
        with suppress(OSError):  # it was removed meanwhile
            states.append(run_state(folder, here.root, here.trainer.status(folder)))
    pictures = "" if here.data is None else here.data.name
    return LaboratoryState(runs=states, training=here.trainer.state(), pictures=pictures)


def _webp(content: bytes) -> Response:
    return Response(content, media_type="image/webp")
