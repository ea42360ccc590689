"""What a client is told when something cannot be done: a status and one sentence, never a stack trace."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from hillotype.errors import HillotypeError

_log = logging.getLogger(__name__)

_SENTENCES = {
    404: "There is nothing at this address; see /api/v1/openapi.json for what there is.",
    405: "This address does not take that method; see /api/v1/openapi.json.",
}


class Problem(BaseModel):
    """Why a request was refused."""

    message: str


class Refusal(Exception):
    """A request that is refused.

    Attributes:
        status: of HTTP, 4xx; 503 where the studio ends, 507 where the disk is full.
        message: one sentence for the person.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Returns what OpenAPI says of the refusals of an operation."""
    words = {
        400: "The request is malformed",
        403: "It comes from another site",
        404: "There is no such thing",
        408: "The upload stalled",
        409: "It is not in the state for this",
        413: "Too large",
        422: "Settings or a picture that cannot be used",
        429: "Too many are waiting or open",
        503: "The studio has ended meanwhile",
        507: "The disk is full",
    }
    return {status: {"model": Problem, "description": words[status]} for status in statuses}


def answer(status: int, message: str) -> JSONResponse:
    """Returns the answer that says why."""
    return JSONResponse(Problem(message=message).model_dump(), status)


def told_of_fault(error: Exception) -> str:
    """Logs a fault of the studio's own, and returns what its person is told."""
    _log.error("a fault of the studio", exc_info=error)
    return f"The studio failed ({type(error).__name__}); its terminal says more. Please report it."


def register(app: FastAPI) -> None:
    """Turns everything that goes wrong in `app` into a sentence."""

    @app.exception_handler(Refusal)
    def refused(_: Request, error: Refusal) -> JSONResponse:
        return answer(error.status, error.message)

    @app.exception_handler(HillotypeError)
    def ours(_: Request, error: HillotypeError) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return answer(422, f"{place}: {first['msg'].removeprefix('Value error, ')}; correct it")

    @app.exception_handler(HTTPException)
    def unknown(_: Request, error: HTTPException) -> JSONResponse:
        response = answer(error.status_code, _SENTENCES.get(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    def fault(_: Request, error: Exception) -> JSONResponse:
        return answer(500, told_of_fault(error))
