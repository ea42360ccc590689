"""The studio's web application: the API, the page, and the guard before both."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from hillotype import __version__
from hillotype.pictures.modes import quiet_pillow
from hillotype.studio import api, problems
from hillotype.studio.guard import Guard, names_of
from hillotype.studio.laboratory import routes as laboratory
from hillotype.studio.laboratory.laboratory import Laboratory
from hillotype.studio.limits import Limits
from hillotype.studio.sessions import Sessions

_JSON_BYTES = 64_000
"""Most of a request's body, but for pictures, which have limits of their own."""

_STATIC = Path(__file__).with_name("static")


def make_app(
    limits: Limits,
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    runs: Path = Path("runs"),
    data: Path | None = None,
) -> FastAPI:
    """Make the application.

    Args:
        limits: how much it takes on.
        host: where it will listen: requests must name it so, by an address or as localhost.
        token: that each request must carry; None where only this computer can reach it.
        runs: the folder of runs that the laboratory shows, where the train extra is installed.
        data: a folder or zip of pictures that its recipes may be trained on in place of their own.
    """

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        # Threads must not switch Python's warnings off and on against each other: they stay off.
        with quiet_pillow():
            async with Sessions(limits) as app.state.sessions:
                app.state.laboratory = Laboratory(runs, data) if _can_train() else None
                yield
                if app.state.laboratory is not None:
                    await asyncio.to_thread(app.state.laboratory.close)

    app = FastAPI(
        title="hillotype studio",
        version=__version__,
        description="Restores pictures on this computer. The body of an upload is the picture file itself.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
        lifespan=life,
        max_body_size=_JSON_BYTES,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    problems.register(app)
    app.include_router(laboratory.router)
    app.include_router(api.router)
    app.mount("/", StaticFiles(directory=_STATIC, html=True))
    app.add_middleware(Guard, names=names_of(host), token=token)
    return app


def _can_train() -> bool:
    return importlib.util.find_spec("torch") is not None
