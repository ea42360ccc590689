"""Uploads: a request's body streamed to a file, within limits."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path

from fastapi import Request
from starlette.requests import ClientDisconnect

from hillotype.files import why_not_written
from hillotype.pictures import format_of
from hillotype.studio.limits import Limits
from hillotype.studio.problems import Refusal
from hillotype.studio.sessions import Session, Sessions

_SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "AVIF": ".avif",
    "HEIF": ".heic",
}

_HEAD = 512


async def receive_picture(request: Request, session: Session, sessions: Sessions) -> Path:
    """Write the body of a request to a file in a new folder of the session's; its content decides the suffix.

    Raises:
        Refusal: it is too large, empty or no picture, it stalls, or the disk is full.
    """
    folder = session.folder / secrets.token_urlsafe(12)
    folder.mkdir(parents=True)
    try:
        part = folder / "upload"
        await _stream(request, part, sessions)
        with part.open("rb") as file:
            name = format_of(file.read(_HEAD))
        if name is None:
            raise Refusal(422, _no_picture(part))
        return part.rename(folder / f"picture{_SUFFIXES[name]}")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise Refusal(507, f"The picture: {why_not_written(error)}.") from error
        raise


async def _stream(request: Request, path: Path, sessions: Sessions) -> None:
    limits = sessions.limits
    _check_room(int(request.headers.get("content-length", "0")), limits, sessions)
    chunks, size = request.stream(), 0
    with path.open("xb") as file:
        while True:
            try:
                async with asyncio.timeout(limits.stall):
                    chunk = await anext(chunks, b"")
            except TimeoutError as error:
                raise Refusal(408, f"Nothing came for {limits.stall:g} s; send the picture again.") from error
            except ClientDisconnect as error:
                raise Refusal(400, "The upload was broken off.") from error
            if not chunk:  # the last one is empty
                break
            size += len(chunk)
            _check_room(size, limits, sessions)
            file.write(chunk)


def _check_room(size: int, limits: Limits, sessions: Sessions) -> None:
    if size > limits.bytes:
        raise Refusal(413, f"The file is larger than {limits.bytes / 1e6:,.0f} MB, the limit here; reduce the picture.")
    if sessions.stored() + size > limits.stored:
        raise Refusal(413, "The studio's folder is full; remove pictures that are done, then add this one again.")


def _no_picture(path: Path) -> str:
    if path.stat().st_size == 0:
        return "The file is empty (0 bytes); copy it again from its source."
    return "This is no picture: JPEG, PNG, WebP, TIFF, BMP and GIF are read; convert it to one of these."
