"""The pieces and whatever else the film holds, put together as one file; nothing is coded again."""

from __future__ import annotations

import heapq
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from hillotype.errors import PictureError
from hillotype.files import whole, writing
from hillotype.film.clock import Clock
from hillotype.film.reader import Film, opened, packets

_FORMATS: Final = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}

_Indexed: TypeAlias = "tuple[int, Packet[Any]]"
"""The index of a stream of the source, and a packet of it or in its place."""

_OF_THE_FILE: Final = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
"""Metadata that says how a file was made, not what the film is."""


@dataclass(frozen=True)
class Stretch:
    """A part of a film: from `start` to `end`, in steps of its time base; it is moved to the beginning."""

    start: int
    end: int


def join(
    film: Film, pieces: Sequence[Path], path: Path, *, stretch: Stretch | None, overwrite: bool
) -> tuple[str, ...]:
    """Writes the pieces as a film, with sound, subtitles, chapters and metadata of the source copied as they are.

    Args:
        film: the source.
        pieces: files that follow each other; without any, the source's own pictures are copied.
        path: the result; its suffix decides the container.
        stretch: the part that the pieces are, if they are not the whole.
        overwrite: whether a file that is there may be replaced.

    Returns:
        What the container could not hold, one phrase each.

    Raises:
        PictureError: the disk does not take it.
    """
    form = _FORMATS[path.suffix.lower()]
    within = pieces[0].parent if pieces else None  # the next run clears it, if this one is killed
    with (
        writing(path, PictureError),
        whole(path, overwrite=overwrite, within=within) as temporary,
        opened(film.path) as source,
    ):
        keys = source.metadata.keys()
        options = {"movflags": "use_metadata_tags"} if any(key.startswith("com.") for key in keys) else {}
        try:
            with av.open(temporary, "w", format=form, container_options=options) as out:
                return _fill(out, source, film, pieces, stretch)
        except av.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise PictureError(
                f"{path}: cannot be put together ({error.strerror}); let its name end in .mkv"
            ) from error


def _fill(
    out: OutputContainer, source: InputContainer, film: Film, pieces: Sequence[Path], stretch: Stretch | None
) -> tuple[str, ...]:
    out.metadata.update(_told(source.metadata))
    kept = [stream for stream in source.streams if stream.index == film.index or _holds(out, stream)]
    streams = {stream.index: _added(out, stream, film, pieces) for stream in kept}
    if stretch is None:
        out.set_chapters(source.chapters())
    copied = [stream for stream in kept if stream.index != film.index or not pieces]
    for index, packet in heapq.merge(_pictures(film, pieces), _copies(source, copied), key=lambda each: _time(each[1])):
        if stretch is None or _moved(packet, stretch.start * film.time_base, stretch.end * film.time_base):
            packet.stream = streams[index]
            out.mux_one(packet)
    # Chapters of MP4 are a stream of data as well, which is written anew.
    lost = [each for each in source.streams if each not in kept and not (each.type == "data" and source.chapters())]
    return tuple(_lost(stream, film, out) for stream in lost)


def _told(metadata: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in metadata.items() if key not in _OF_THE_FILE}


def _holds(out: OutputContainer, stream: Stream) -> bool:
    """Tells whether the container takes a stream, by writing the beginning of one that has no other."""
    try:
        with av.open(io.BytesIO(), "w", format=out.format.name) as trial:
            _copied(trial, stream)
            trial.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _lost(stream: Stream, film: Film, out: OutputContainer) -> str:
    """Says which stream the container could not hold, and what keeps it."""
    what = {"audio": "sound", "subtitle": "subtitles"}.get(stream.type, f"a stream of {stream.type}")
    name = f" ({stream.codec_context.name})" if stream.codec_context is not None else ""
    source = film.path.suffix.lower()
    keeps = source if source in _FORMATS else ".mkv"
    remedy = f"; a name that ends in {keeps} keeps it" if _FORMATS[keeps] != out.format.name else ""
    return f"{what}{name} cannot go into {out.format.name}{remedy}"


def _added(out: OutputContainer, stream: Stream, film: Film, pieces: Sequence[Path]) -> Stream:
    """Adds a stream for a stream of the source, or for the pieces in its place."""
    if stream.index != film.index or not pieces:
        return _copied(out, stream)
    with opened(pieces[0]) as container:
        added = out.add_stream_from_template(container.streams.video[0], opaque=True)
    added.time_base = film.time_base
    added.codec_context.framerate = film.rate  # else players of MKV take the steps of time for the rate of the frames
    return _described(added, stream)


def _copied(out: OutputContainer, stream: Stream) -> Stream:
    return _described(out.add_stream_from_template(stream, opaque=True), stream)


def _described(added: Stream, stream: Stream) -> Stream:
    added.metadata.update(_told(stream.metadata))
    added.disposition = stream.disposition
    return added


def _pictures(film: Film, pieces: Sequence[Path]) -> Iterator[_Indexed]:
    """Yields the packets of the pieces, each as long as it is until the next one, the last as the source's."""
    pictures = chain.from_iterable(map(_packets, pieces))
    for packet, following in pairwise(chain(pictures, [None])):
        assert packet is not None
        seconds = film.last * film.time_base if following is None else _time(following) - _time(packet)
        packet.duration = round(seconds / packet.time_base)
        yield film.index, packet


def _packets(piece: Path) -> Iterator[Packet[Any]]:
    with opened(piece) as container:
        yield from (packet for packet in packets(container, container.streams.video[0]) if packet.size)


def _copies(source: InputContainer, streams: Sequence[Stream]) -> Iterator[_Indexed]:
    clocks = {stream.index: Clock(stream.time_base) for stream in streams if stream.time_base}
    for packet in packets(source, *streams) if streams else ():
        index = packet.stream.index
        if packet.dts is not None and index in clocks:
            moved = clocks[index](packet.dts, packet.duration or 0)
            packet.pts = moved if packet.pts is None else packet.pts + moved - packet.dts
            packet.dts = moved
        timed = packet.pts is not None or packet.stream.disposition & Disposition.attached_pic
        if packet.size and timed:
            yield index, packet


def _time(packet: Packet[Any]) -> Fraction:
    """When a packet is to be decoded, in seconds."""
    steps = packet.dts if packet.dts is not None else packet.pts
    return (steps or 0) * packet.time_base


def _moved(packet: Packet[Any], start: Fraction, end: Fraction) -> bool:
    """Moves a packet so that the stretch begins at 0; tells whether it lies in it."""
    if not start <= _time(packet) < end:
        return False
    by = round(start / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts - by
    packet.dts = None if packet.dts is None else packet.dts - by
    return True
