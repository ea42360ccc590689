"""The REST API, /api/v1: pictures in, pictures out; sessions of jobs with progress; models."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from starlette.background import BackgroundTask

from hillotype import __version__
from hillotype.batch.film_files import FILM_SUFFIXES
from hillotype.errors import ModelFileError, PictureError
from hillotype.modelfile import read_card, zoo
from hillotype.pictures.picture import FORMAT_OF_SUFFIX
from hillotype.restore.loading import CHOICES
from hillotype.restore.palette import Palette
from hillotype.studio.archive import zip_stream
from hillotype.studio.jobs import Job
from hillotype.studio.names import safe_name
from hillotype.studio.problems import Refusal, described
from hillotype.studio.schemas import (
    About,
    ChoiceState,
    JobState,
    ModelState,
    Options,
    SessionState,
    Settings,
    TaskName,
    Upload,
    check_model,
)
from hillotype.studio.sessions import Session, Sessions
from hillotype.studio.uploads import reads_films, receive_file
from hillotype.studio.views import TYPES, attachment, displayable, read_palette, send_file, small

router = APIRouter(prefix="/api/v1", responses=described(400, 403))

_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_UPLOADED: dict[str, Any] = {
    "openapi_extra": {"requestBody": {"required": True, "content": {"application/octet-stream": _PICTURE}}},
    "max_body_size": sys.maxsize,  # it is limited while it streams, see uploads
}
_PICTURE_OUT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture", "content": dict.fromkeys(TYPES.values(), _PICTURE)}
}
_PREVIEW: dict[int | str, dict[str, Any]] = {200: {"description": "The preview", "content": {"image/jpeg": _PICTURE}}}
_CERTAINTY: dict[int | str, dict[str, Any]] = {200: {"description": "The map", "content": {"image/png": _PICTURE}}}
_ZIP: dict[int | str, dict[str, Any]] = {200: {"description": "A ZIP file", "content": {"application/zip": _PICTURE}}}

_UPLOAD = described(404, 408, 413, 422, 429, 507)


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


Ours = Annotated[Sessions, Depends(_sessions)]


async def _session(
    session: Annotated[str, Path(description="The id of the session.")], ours: Ours
) -> AsyncIterator[Session]:
    found = ours.find(session)
    with found.used():  # until all is sent: an upload or a ZIP may take longer than the patience
        yield found


Mine = Annotated[Session, Depends(_session)]


async def _job(job: Annotated[str, Path(description="The id of the job.")], session: Mine) -> Job:
    return session.find(job)


This = Annotated[Job, Depends(_job)]
Side = Annotated[int | None, Query(ge=16, le=2048, description="The longest side, for a small copy (WebP).")]


@router.get("/about", tags=["models"])
async def about(request: Request, ours: Ours) -> About:
    """What this studio is and takes."""
    limits = ours.limits
    return About(
        version=__version__,
        laboratory=request.app.state.laboratory is not None,
        films=reads_films(),
        max_bytes=limits.bytes,
        max_film_bytes=limits.film_bytes,
        max_pixels=limits.pixels,
        jobs=limits.jobs,
        picture_suffixes=sorted(FORMAT_OF_SUFFIX),
        film_suffixes=sorted(FILM_SUFFIXES),
    )


@router.get("/choices", tags=["models"])
def choices() -> list[ChoiceState]:
    """The ways to do each task, the usual one first; of each the models are in /models."""
    return [ChoiceState(name=name, **asdict(choice)) for name, choice in CHOICES.items()]


@router.get("/models", tags=["models"])
def models() -> list[ModelState]:
    """The models of the package, with their training data, licences and measured figures."""
    return [_model(name, path) for name, path in zoo().items()]


@router.post("/sessions", status_code=201, tags=["sessions"], summary="Open a session", responses=described(429))
async def open_session(ours: Ours) -> SessionState:
    """Opens a place for pictures. It ends, and its files go, when nobody asks for it or listens for ten minutes."""
    return ours.open().state()


@router.get("/sessions/{session}", tags=["sessions"], responses=described(404))
async def session_state(session: Mine) -> SessionState:
    """The session and its jobs."""
    return session.state()


@router.delete("/sessions/{session}", status_code=204, tags=["sessions"], responses=described(404))
async def end_session(session: Mine, ours: Ours) -> None:
    """Ends the session: its jobs are cancelled, its files removed."""
    ours.remove(session)


@router.get(
    "/sessions/{session}/events",
    tags=["sessions"],
    response_class=EventSourceResponse,
    responses=described(404),
)
async def events(session: Mine) -> AsyncIterator[JobState]:
    """Server-sent events: each job as it is, and again whenever it has changed."""
    async for state in session.listen():
        yield state


@router.get(
    "/sessions/{session}/archive", tags=["sessions"], response_class=Response, responses=_ZIP | described(404, 409)
)
async def archive(session: Mine) -> StreamingResponse:
    """All results of the session as one ZIP file."""
    files = [(job.result_name, job.target()) for job in session.jobs.values() if job.status == "done"]
    if not files:
        raise Refusal(409, "No picture is done yet; wait for one.")
    headers = {"Content-Disposition": attachment("hillotype.zip")}
    return StreamingResponse(zip_stream(files), media_type="application/zip", headers=headers)


@router.post("/sessions/{session}/jobs", status_code=202, tags=["jobs"], responses=_UPLOAD, **_UPLOADED)
async def add_job(request: Request, session: Mine, ours: Ours, upload: Annotated[Upload, Query()]) -> JobState:
    """Sends a picture or film (the body) and puts it into the queue."""
    return (await _start(request, session, ours, upload)).state()


@router.get("/sessions/{session}/jobs/{job}", tags=["jobs"], responses=described(404))
async def job_state(job: This) -> JobState:
    """Where a job stands."""
    return job.state()


@router.put("/sessions/{session}/jobs/{job}/settings", tags=["jobs"], responses=described(400, 404, 422, 429))
async def restart(job: This, session: Mine, ours: Ours, settings: Annotated[Settings, Body()]) -> JobState:
    """Does the picture again with other settings; a run that goes on is cancelled."""
    ours.queue.start(job, settings, await _palette(settings, session, ours))
    return job.state()


@router.post(
    "/sessions/{session}/jobs/{job}/preview",
    tags=["jobs"],
    response_class=Response,
    responses=_PREVIEW | described(404, 422),
)
async def preview(
    job: This,
    session: Mine,
    ours: Ours,
    settings: Annotated[Settings, Body()],
    side: Annotated[int, Query(ge=16, le=1280)] = 1024,
) -> Response:
    """The picture as these settings would color it, reduced to a longest side of so many pixels; nothing is changed.

    The net is asked once a picture, so that another hint or vividness is seen at once.
    """
    if job.film:
        raise Refusal(422, "This is a film; set preview to 10 to have ten seconds of it.")
    palette = await _palette(settings, session, ours)
    try:
        content = await ours.previews.paint(job, settings, palette, side)
    except PictureError as error:
        raise Refusal(422, job.in_its_terms(str(error))) from error
    return Response(content, media_type="image/jpeg")


@router.get(
    "/sessions/{session}/jobs/{job}/certainty",
    tags=["jobs"],
    response_class=Response,
    responses=_CERTAINTY | described(404, 422),
)
async def certainty(job: This, ours: Ours, side: Annotated[int, Query(ge=16, le=1280)] = 1024) -> Response:
    """Where the colors are known (white) and where they are guessed (black), reduced as a preview is."""
    if job.film:
        raise Refusal(422, "This is a film; certainty is shown of pictures.")
    try:
        content = await ours.previews.certainty(job, side)
    except (PictureError, ModelFileError) as error:
        raise Refusal(422, job.in_its_terms(str(error))) from error
    return Response(content, media_type="image/png")


@router.post("/sessions/{session}/jobs/{job}/cancel", tags=["jobs"], responses=described(404))
async def cancel(job: This) -> JobState:
    """Stops a job that waits or runs; one that has ended stays as it is."""
    job.cancel()
    return job.state()


@router.delete("/sessions/{session}/jobs/{job}", status_code=204, tags=["jobs"], responses=described(404))
async def remove(job: This, session: Mine) -> None:
    """Removes a picture and its result."""
    session.remove(job)


@router.get(
    "/sessions/{session}/jobs/{job}/result",
    tags=["jobs"],
    response_class=Response,
    responses=_PICTURE_OUT | described(404, 409),
)
async def result(job: This) -> Response:
    """The result, a file to save, with all that the original says of itself; of a film also parts, to play it."""
    path, name = job.target(), job.result_name
    if job.film:
        return FileResponse(path, media_type=TYPES[path.suffix], headers={"Content-Disposition": attachment(name)})
    return await send_file(path, name)


@router.get(
    "/sessions/{session}/jobs/{job}/before",
    tags=["jobs"],
    response_class=Response,
    responses=_PICTURE_OUT | described(404, 409, 422),
)
async def before(job: This, ours: Ours, side: Side = None) -> StreamingResponse:
    """The picture as it came, in a format that browsers show; of a film that is done a frame."""
    return await _view(job, job.shown("before"), side, ours)


@router.get(
    "/sessions/{session}/jobs/{job}/after",
    tags=["jobs"],
    response_class=Response,
    responses=_PICTURE_OUT | described(404, 409, 422),
)
async def after(job: This, ours: Ours, side: Side = None) -> StreamingResponse:
    """The result, in a format that browsers show; of a film the same frame."""
    return await _view(job, job.shown("after"), side, ours)


@router.post(
    "/{task}",
    tags=["pictures"],
    summary="Restore a picture",
    response_class=Response,
    responses=_PICTURE_OUT | _UPLOAD | described(503),
    **_UPLOADED,
)
async def restore(
    task: TaskName, request: Request, ours: Ours, options: Annotated[Options, Query()]
) -> StreamingResponse:
    """A picture or film in (the body), the same out: `restore` what it needs, or only `denoise` or `colorize`.

    It waits in the same queue as jobs do. A client that goes away is forgotten.
    """
    check_model(options.model, task)
    session = ours.open()
    try:
        with session.used():
            job = await _start(request, session, ours, Upload(task=task, **options.model_dump()))
            await _ended(job, request)
        if session.closed:
            raise Refusal(503, "The studio has ended; start it again, then send the picture again.")
        if job.message:
            raise Refusal(422, job.message)
        response = await send_file(job.target(), job.result_name)
    except BaseException:
        ours.remove(session)
        raise
    response.background = BackgroundTask(ours.remove, session)
    return response


async def _start(request: Request, session: Session, ours: Sessions, upload: Upload) -> Job:
    """Receives a picture and puts it into the queue."""
    source = await receive_file(request, session, ours, upload.name)
    settings = Settings(**upload.model_dump(exclude={"name"}))
    job = session.add(safe_name(upload.name), source, settings)
    try:
        ours.queue.start(job, settings, await _palette(settings, session, ours))
    except Refusal:
        session.remove(job)
        raise
    return job


async def _palette(settings: Settings, session: Session, ours: Sessions) -> Palette | None:
    """Returns the colors that a picture is to be like, if it is."""
    if settings.like is None:
        return None
    other = session.find(settings.like)
    if other.film:
        raise Refusal(422, f"{other.name}: is a film, and colors are taken from a picture; choose one")
    async with ours.viewing:
        try:
            other.palette = other.palette or await asyncio.to_thread(read_palette, other.source, ours.limits.pixels)
        except PictureError as error:
            raise Refusal(422, other.in_its_terms(str(error))) from error
    return other.palette


async def _ended(job: Job, request: Request) -> None:
    """Waits until a job has ended, or its client is gone."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    waits = [asyncio.create_task(job.ended.wait()), asyncio.create_task(gone())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _view(job: Job, path: FilePath, side: int | None, ours: Sessions) -> StreamingResponse:
    make = displayable if side is None else partial(small, side=side)
    async with ours.viewing:  # one at a time: a picture takes much memory while it is read
        try:
            copy = await asyncio.to_thread(make, path, max_pixels=ours.limits.pixels)
        except PictureError as error:
            raise Refusal(422, job.in_its_terms(str(error))) from error
    return await send_file(copy)


def _model(name: str, path: FilePath) -> ModelState:
    card = asdict(read_card(path))
    return ModelState(**{**card, "name": name, "bytes": path.stat().st_size, "metrics": list(card["metrics"])})
