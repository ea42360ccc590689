"""The pieces of a film that is being made: each is a file of its own, whole or not there, so that work can go on.

They lie in a hidden folder beside the result. A piece is some hundred frames that begin with a key frame, in the NUT
container, whose times are exact; the encoder reorders no frames, so pieces follow each other without a seam.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Self

import av
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from hillotype.errors import PictureError
from hillotype.files import locked, make_folder, whole, writing
from hillotype.film.frames import EXACT, Frame
from hillotype.film.reader import Film, opened
from hillotype.restore.pixels import with_channels

PIECE: Final = 250
"""Frames of a piece: the work of half a minute that a killed run loses, at most."""

_ENCODER: Final = {"crf": "14", "preset": "veryfast", "bf": "0"}
"""45 dB and more to what was encoded. At 480p it takes 7 ms a frame; "medium" takes 27 for 0.5 dB more, and no less
space. Without B-frames, which are shown in another order than they are stored, pieces can be joined at any times."""

_NAME, _SUFFIX = "work.json", ".nut"


class Pieces:
    """The folder of the pieces of one film; those of another film, or made in another way, are removed.

    Attributes:
        film: the film.
        folder: where they lie.

    Raises:
        PictureError: the folder cannot be written to, or another process works there.
    """

    def __init__(self, folder: Path, film: Film, made_with: Mapping[str, Any]) -> None:
        self.film, self.folder = film, folder
        make_folder(folder, PictureError)
        with writing(folder, PictureError):
            self._file = (folder / _NAME).open("a+b")
            try:
                if not locked(self._file):
                    raise PictureError(f"{film.path}: another hillotype is making this film; let it finish")
                self._take(json.dumps(made_with, sort_keys=True).encode("ascii"))
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _take(self, what: bytes) -> None:
        """Keeps the pieces that are there if they are of this work, else begins anew."""
        self._file.seek(0)
        same = self._file.read() == what
        for path in self.folder.iterdir():
            if path.name != _NAME and not (same and path.suffix == _SUFFIX):
                path.unlink()
        if not same:
            self._file.truncate(0)
            self._file.write(what)
            self._file.flush()

    def paths(self) -> list[Path]:
        """Returns the pieces that are done, from the first on without a gap."""
        paths: list[Path] = []
        while (path := self._path(len(paths))).exists():
            paths.append(path)
        return paths

    def count(self) -> int:
        """Returns how many frames are done."""
        paths = self.paths()
        return max(0, len(paths) - 1) * PIECE + _packets(paths[-1]) if paths else 0

    def add(self, frames: Iterable[Frame]) -> None:
        """Encodes frames that follow the last piece, until they end.

        Raises:
            PictureError: the disk does not take them.
        """
        number, frames = len(self.paths()), iter(frames)
        while (first := next(frames, None)) is not None:
            path = self._path(number)
            with writing(path, PictureError), whole(path) as temporary:
                _encode(temporary, self.film, chain([first], islice(frames, PIECE - 1)))
            number += 1

    def remove(self) -> None:
        """Removes the folder."""
        self._file.close()
        with suppress(OSError):
            shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}{_SUFFIX}"


def has_pieces(folder: Path) -> bool:
    """Tells whether there are any pieces in a folder, which need not exist."""
    return any(folder.glob(f"*{_SUFFIX}"))


def _packets(path: Path) -> int:
    with opened(path) as container:
        return sum(packet.size > 0 for packet in container.demux(video=0))


def _encode(path: Path, film: Film, frames: Iterator[Frame]) -> None:
    with av.open(path, "w", format="nut") as container:
        stream: VideoStream | None = None
        for frame in frames:
            if stream is None:
                height, width = frame.pixels.shape[:2]
                stream = container.add_stream("libx264", rate=film.rate, options=dict(_ENCODER))
                _set_up(stream, film, width, height)
            container.mux(stream.encode(_coded(frame, film, stream.pix_fmt or "")))
        if stream is not None:
            container.mux(stream.encode())


def _set_up(stream: VideoStream, film: Film, width: int, height: int) -> None:
    stream.width, stream.height = width, height
    # Chroma of half the size needs even sides. Sizes are kept, so odd ones have chroma of full size.
    chroma = "444" if width % 2 or height % 2 else "420"
    stream.pix_fmt = f"yuv{chroma}p10le" if film.bits > 8 else f"yuv{chroma}p"
    context, colors = stream.codec_context, film.colors
    context.time_base = film.time_base
    context.sample_aspect_ratio = 1 / film.aspect if film.lies else film.aspect
    context.color_range, context.colorspace = colors.range, colors.matrix
    context.color_trc, context.color_primaries = colors.transfer, colors.primaries


def _coded(frame: Frame, film: Film, pix_fmt: str) -> VideoFrame:
    pixels = with_channels(frame.pixels, 3)
    picture = VideoFrame.from_ndarray(pixels, format="rgb48le" if pixels.dtype.itemsize == 2 else "rgb24")
    coded = picture.reformat(
        format=pix_fmt,
        src_color_range=ColorRange.JPEG,
        dst_colorspace=film.colors.conversion,
        dst_color_range=film.colors.conversion_range,
        interpolation=EXACT,
    )
    coded.pts, coded.time_base = frame.pts, film.time_base
    return coded
