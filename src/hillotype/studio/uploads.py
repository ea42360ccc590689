"""Uploads: a request's body streamed to a file, within limits."""

from __future__ import annotations

import asyncio
import importlib.util
import secrets
import shutil
from pathlib import Path, PurePath

from fastapi import Request
from starlette.requests import ClientDisconnect

from hillotype.batch.film_files import is_film_name, starts_as_film
from hillotype.files import why_not_written
from hillotype.pictures import format_of
from hillotype.pictures.picture import FORMAT_OF_SUFFIX
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

NO_FILMS = "Films need PyAV, which is not installed: run pip install 'hillotype[film]', then start the studio again."


async def receive_file(request: Request, session: Session, sessions: Sessions, name: str) -> Path:
    """Writes the body of a request to a file in a new folder of the session's.

    Whether it is a picture its content decides, and then the suffix too; a film is known by the suffix of its name,
    one of a few, or by its content, and camera raw, most of which is TIFF, by the suffix.

    Raises:
        Refusal: it is too large, empty or neither, it stalls, the disk is full, or films cannot be read here.
    """
    if is_film_name(name) and not reads_films():
        raise Refusal(422, NO_FILMS)
    folder = session.folder / secrets.token_urlsafe(12)
    folder.mkdir(parents=True)
    try:
        part = folder / "upload"
        limits = sessions.limits
        await _stream(request, part, sessions, limits.film_bytes if is_film_name(name) else limits.bytes)
        return part.rename(folder / _kept_as(part, name))
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise Refusal(507, f"The file: {why_not_written(error)}.") from error
        raise


def reads_films() -> bool:
    """Tells whether films can be read: they need PyAV, of the extra `film`."""
    return importlib.util.find_spec("av") is not None


def _kept_as(path: Path, name: str) -> str:
    """Returns the file's name here; what is in it, and of a film or camera raw the suffix of its name, decide."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind, suffix = format_of(head), PurePath(name).suffix.lower()
    if FORMAT_OF_SUFFIX.get(suffix) == "RAW" and kind in (None, "TIFF") and head:
        return f"picture{suffix}"
    if kind is not None:
        return f"picture{_SUFFIXES[kind]}"
    if not path.stat().st_size or not (is_film_name(name) or starts_as_film(path)):
        raise Refusal(422, _neither(path))
    if not reads_films():
        raise Refusal(422, NO_FILMS)
    if is_film_name(name):
        return f"film{suffix}"
    return "film.mp4" if head[4:8] == b"ftyp" else "film.mkv"


async def _stream(request: Request, path: Path, sessions: Sessions, most: int) -> None:
    limits = sessions.limits
    _check_room(int(request.headers.get("content-length", "0")), most, sessions)
    chunks, size = request.stream(), 0
    with path.open("xb") as file:
        while True:
            try:
                async with asyncio.timeout(limits.stall):
                    chunk = await anext(chunks, b"")
            except TimeoutError as error:
                raise Refusal(408, f"Nothing came for {limits.stall:g} s; send the file again.") from error
            except ClientDisconnect as error:
                raise Refusal(400, "The upload was broken off.") from error
            if not chunk:  # the last one is empty
                break
            size += len(chunk)
            _check_room(size, most, sessions)
            file.write(chunk)


def _check_room(size: int, most: int, sessions: Sessions) -> None:
    if size > most:
        raise Refusal(413, f"The file is larger than {most / 1e6:,.0f} MB, the limit here; reduce it.")
    if sessions.stored() + size > sessions.limits.stored:
        raise Refusal(413, "The studio's folder is full; remove pictures that are done, then add this one again.")


def _neither(path: Path) -> str:
    if path.stat().st_size == 0:
        return "The file is empty (0 bytes); copy it again from its source."
    return (
        "This is no picture and no film: JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC, camera raw and films are read; "
        "convert it to one."
    )
