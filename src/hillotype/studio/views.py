"""Pictures as a browser can show them, in full or small, and files as answers."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import anyio
from fastapi.responses import StreamingResponse
from PIL import Image

from hillotype.errors import PictureError
from hillotype.files import write_whole, writing
from hillotype.pictures import read_picture, to_pil, write_picture
from hillotype.pictures.modes import to_8_bit
from hillotype.pictures.profiles import in_srgb
from hillotype.restore.palette import Palette, palette_of
from hillotype.studio.problems import Refusal

TYPES = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".mp4": "video/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
}
"""The media type of a result by its suffix."""

_SHOWN = {".jpg", ".png", ".webp", ".bmp", ".gif", ".avif"}
"""What browsers show."""

_CHUNK = 1 << 18


def displayable(path: Path, max_pixels: int) -> Path:
    """Returns a picture file that browsers show: TIFF, HEIC and raw are copied to PNG, once, beside it.

    Raises:
        PictureError: it cannot be read.
    """
    if path.suffix in _SHOWN:
        return path
    copy = path.with_suffix(".view.png")
    if not copy.exists():
        write_picture(read_picture(path, max_pixels=max_pixels), copy, overwrite=True)
    return copy


def small(path: Path, side: int, max_pixels: int) -> Path:
    """Returns a small copy of a picture file, its longest side at most `side` pixels, made once beside it.

    Raises:
        PictureError: it cannot be read, or the copy not be written.
    """
    copy = path.with_suffix(f".{side}.webp")
    if not copy.exists():
        image = read_small(path, side, max_pixels)
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        file = io.BytesIO()
        image.save(file, "WEBP", quality=85, icc_profile=profile)
        with writing(copy, PictureError):
            write_whole([file.getvalue()], copy, overwrite=True)
    return copy


def read_small(path: Path, side: int, max_pixels: int) -> Image.Image:
    """Reads a picture of 8 bits, its longest side at most `side` pixels, upright and with its profile.

    Raises:
        PictureError: it cannot be read.
    """
    image = to_pil(to_8_bit(read_picture(path, max_pixels=max_pixels, side=side)))
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def read_palette(path: Path, max_pixels: int) -> Palette:
    """Returns the colors of a picture file.

    Raises:
        PictureError: it cannot be read, or is gray.
    """
    return palette_of(in_srgb(read_picture(path, max_pixels=max_pixels)), name=str(path))


async def send_file(path: Path, name: str = "") -> StreamingResponse:
    """Returns a picture file as the answer; with a name, as a file to save.

    It is opened at once, so that it may be removed while it is sent.

    Raises:
        Refusal: it was removed.
    """
    try:
        file = await anyio.open_file(path, "rb")
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise Refusal(404, "This picture is not here any more; add it again.") from error

    async def chunks() -> AsyncIterator[bytes]:
        async with file:
            while chunk := await file.read(_CHUNK):
                yield chunk

    headers = {"Content-Length": str(size)}
    if name:
        headers["Content-Disposition"] = attachment(name)
    return StreamingResponse(chunks(), media_type=TYPES[path.suffix], headers=headers)


def attachment(name: str) -> str:
    """Returns the Content-Disposition that has a file saved under the last part of a name (RFC 6266)."""
    return f"attachment; filename*=utf-8''{quote(name.rpartition('/')[2], safe='')}"
