"""The studio's web application: the API, the page, and the guard before both."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

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
    """Makes the application.

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

    app = _Studio(
        guard=partial(Guard, names=names_of(host), token=token),
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
    return app


class _Studio(FastAPI):
    """An application with the guard before all else.

    As a middleware it would stand behind FastAPI's limit of bodies, which answers in its place where one is larger.
    """

    def __init__(self, guard: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._guard = guard

    def build_middleware_stack(self) -> ASGIApp:
        """Returns what is asked first."""
        return self._guard(super().build_middleware_stack())


def _can_train() -> bool:
    return importlib.util.find_spec("torch") is not None
