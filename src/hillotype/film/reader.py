"""Film files: what one holds, seen by looking through it once.

Everything is read by PyAV, whose wheel carries FFmpeg's libraries; no program is called.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from hillotype.errors import PictureError
from hillotype.pictures import DEFAULT_MAX_PIXELS
from hillotype.pictures.picture import check_size

HD_HEIGHT: Final = 720
"""From this height on, films that do not say how their colors are coded are taken for ITU-R BT.709, others for 601."""

_MATRICES: Final = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}
"""FFmpeg's AVColorSpace, the tag in a film, and what turns such pixels into RGB."""

DAMAGED: Final = "the film is truncated or damaged; copy it again from its source"
"""What is said of a file that cannot be read as a film."""

_UPRIGHT: Final = (1, 0, 0, 1)
_SHORT_SECONDS, _SHORT_SHARE = 2.0, 0.02  # a film this much shorter than it says breaks off


@dataclass(frozen=True)
class Colors:
    """How the colors of a film are coded: FFmpeg's numbers, 2 where the film does not say (0 for `range`)."""

    range: int
    matrix: int
    transfer: int
    primaries: int
    conversion: Colorspace

    @property
    def conversion_range(self) -> ColorRange:
        """The range that pixels are converted with; films that do not say have the narrow one."""
        return ColorRange.JPEG if self.range == ColorRange.JPEG else ColorRange.MPEG


@dataclass(frozen=True)
class Film:
    """A film file, looked through from beginning to end.

    Attributes:
        path: the file.
        index: of the stream of pictures, among all streams of the file.
        time_base: seconds that one step of `pts` means.
        rate: frames a second, in the mean.
        width: of the frames as stored, in pixels.
        height: the same.
        aspect: how wide a pixel is as stored, in heights.
        turn: how the frames are shown: the numbers a, b, c, d of x' = a x + c y, y' = b x + d y.
        bits: of a sample, 8 or more.
        interlaced: whether a frame shows two moments, line by line.
        colors: how they are coded.
        frames: how many there are; an estimate where a frame may lie in several packets, or none.
        start: when the first is shown, in steps.
        end: when the last is over, in steps.
        last: how long the last is shown, in steps.
        notes: what is said of it to the user, one phrase each.
    """

    path: Path
    index: int
    time_base: Fraction
    rate: Fraction
    width: int
    height: int
    aspect: Fraction
    turn: tuple[int, int, int, int]
    bits: int
    interlaced: bool
    colors: Colors
    frames: int
    start: int
    end: int
    last: int
    notes: tuple[str, ...] = ()

    @property
    def lies(self) -> bool:
        """Whether rows become columns when it is shown."""
        return abs(self.turn[1]) > abs(self.turn[0])

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float((self.end - self.start) * self.time_base)


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Opens a film file.

    Raises:
        PictureError: it cannot be read: missing, no film, truncated, damaged.
    """
    try:
        container = av.open(path, "r", metadata_errors="replace")
    except FileNotFoundError:
        raise PictureError(f"{path}: there is no such file; check the path") from None
    except av.FFmpegError as error:  # some of which are OSErrors too, whatever is wrong
        why = DAMAGED
        if not os.access(path, os.R_OK):
            why = "you may not read this file; change its permissions"
        elif path.stat().st_size == 0:
            why = "the file is empty (0 bytes); copy it again from its source"
        raise PictureError(f"{path}: {why}") from error
    with container:
        yield container


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """Yields the packets of some streams, or of all, up to a place where the file cannot be read any more."""
    try:
        yield from container.demux(*streams)
    except av.FFmpegError:
        return


def read_film(path: Path, max_pixels: int = DEFAULT_MAX_PIXELS) -> Film:
    """Looks through a film file, without decoding more than a frame.

    Args:
        path: the file.
        max_pixels: width x height above which it is refused.

    Raises:
        PictureError: it cannot be read, holds no moving pictures, breaks off, or is too large.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for ever
        raise PictureError(f"{path}: this is no regular file, and a film is wanted; name a film file")
    with opened(path) as container:
        film = _described(container, path, max_pixels)
        film = _looked_through(container, film)
    with opened(path) as container:
        first = next(decoded(container, film), None)
    if first is None:
        raise PictureError(f"{path}: none of its frames can be decoded; copy it again from its source")
    notes = (*film.notes, "deinterlaced") if first.interlaced_frame else film.notes
    return replace(film, turn=_turn(first), interlaced=first.interlaced_frame, notes=notes)


def _described(container: InputContainer, path: Path, max_pixels: int) -> Film:
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        raise PictureError(f"{path}: this is a picture, not a film; give its name a picture's suffix")
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        raise PictureError(f"{path}: holds no moving pictures{_content(container)}; choose a film")
    stream = next((each for each in streams if each.disposition & Disposition.default), streams[0])
    context = stream.codec_context
    if context is None or context.format is None or stream.time_base is None:
        raise PictureError(f"{path}: its pictures are coded in a way that is not known; convert it to H.264")
    try:
        check_size(stream.width, stream.height, max_pixels)
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from None
    notes = [f"{len(streams)} streams of pictures, the others are copied"] if len(streams) > 1 else []
    if any(component.is_alpha for component in context.format.components):
        notes.append("transparency is not kept")
    return Film(
        path=path,
        index=stream.index,
        time_base=stream.time_base,
        rate=stream.guessed_rate or stream.average_rate or Fraction(25),
        width=stream.width,
        height=stream.height,
        aspect=stream.sample_aspect_ratio or Fraction(1),
        turn=_UPRIGHT,
        bits=max(component.bits for component in context.format.components),
        interlaced=False,
        colors=_colors(stream),
        frames=stream.frames,
        start=0,
        end=0,
        last=0,
        notes=tuple(notes),
    )


def _content(container: InputContainer) -> str:
    kinds = [stream.type for stream in container.streams]
    words = {"audio": "sound", "video": "a cover picture", "subtitle": "subtitles"}
    found = ", ".join(dict.fromkeys(words.get(kind, "data") for kind in kinds))
    return f", only {found}" if found else ""


def _colors(stream: VideoStream) -> Colors:
    context = stream.codec_context
    guess = Colorspace.ITU709 if stream.height >= HD_HEIGHT else Colorspace.ITU601
    full = ColorRange.JPEG if stream.pix_fmt and stream.pix_fmt.startswith("yuvj") else context.color_range
    is_rgb = context.format is not None and context.format.is_rgb
    return Colors(
        range=ColorRange.UNSPECIFIED if is_rgb else full,
        matrix=2 if is_rgb else context.colorspace,
        transfer=context.color_trc,
        primaries=context.color_primaries,
        conversion=_MATRICES.get(context.colorspace, guess),
    )


def _looked_through(container: InputContainer, film: Film) -> Film:
    """Counts the frames and sees when they begin and end, from their packets.

    Raises:
        PictureError: there are none, or the file ends before its time.
    """
    stream = container.streams[film.index]
    usual = round(1 / (film.rate * film.time_base))
    count, latest, last = 0, 0.0, usual
    start: int | None = None
    shown: int | None = None
    for packet in packets(container):
        of_pictures = packet.stream is stream and packet.size > 0
        count += of_pictures
        time = packet.pts if packet.pts is not None else packet.dts
        if time is None:  # in some containers only key frames have a time
            continue
        latest = max(latest, float((time + (packet.duration or 0)) * packet.time_base))
        if not of_pictures:
            continue
        start = time if start is None else min(start, time)
        if shown is None or time >= shown:
            shown, last = time, packet.duration or usual
    if start is None or shown is None:
        raise PictureError(f"{film.path}: holds no frames; copy it again from its source")
    _check_whole(container, film, latest)
    return replace(film, frames=count, start=start, end=shown + last, last=last)


def _check_whole(container: InputContainer, film: Film, latest: float) -> None:
    start = 0 if container.format.name == "nut" else container.start_time or 0  # NUT states its end as its duration
    stated = ((container.duration or 0) + start) / av.time_base
    short = stated - latest > max(_SHORT_SECONDS, _SHORT_SHARE * stated)
    size = film.path.stat().st_size
    beyond = any(entry.pos + entry.size > size for stream in container.streams for entry in stream.index_entries)
    if short or beyond:
        raise PictureError(
            f"{film.path}: breaks off, {latest:.1f} of {stated:.1f} seconds are there; copy it again from its source, "
            "or save what is there as a film of its own (ffmpeg -i FILM -c copy NEW)"
        )


def decoded(container: InputContainer, film: Film) -> Iterator[VideoFrame]:
    """Yields the frames of a film from where the container stands; damaged packets cost theirs."""
    stream = container.streams[film.index]
    assert isinstance(stream, VideoStream)
    stream.thread_type = "AUTO"
    for packet in packets(container, stream):
        with suppress(av.FFmpegError):
            yield from packet.decode()


def _turn(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Returns the a, b, c, d of a frame's display matrix, which is a, b, 0, c, d, 0, x, y, 1 row by row."""
    matrix: Any = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    if matrix is None:
        return _UPRIGHT
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    return a, b, c, d
