"""Interlaced frames, which show two moments line by line, made frames of one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby
from typing import Final

import av
from av.filter import Graph
from av.video.frame import VideoFrame

_FILTER: Final = "mode=send_frame:deint=interlaced"
"""One frame for each; those that are not marked as interlaced stay as they are."""


def deinterlaced(frames: Iterable[VideoFrame], time_base: Fraction) -> Iterator[VideoFrame]:
    """Yields as many frames, each of the first of its two moments; the lines of the other are made anew.

    FFmpeg's `bwdif` does it, from the lines around and the frames before and after.

    Args:
        frames: as decoded; they may change their size.
        time_base: seconds that one step of their `pts` means, which they keep.
    """
    for (width, height, pixels), alike in groupby(frames, lambda frame: (frame.width, frame.height, frame.format.name)):
        graph = Graph()
        source = graph.add_buffer(width=width, height=height, format=av.VideoFormat(pixels), time_base=time_base)
        graph.link_nodes(source, graph.add("bwdif", _FILTER), graph.add("buffersink")).configure()
        for frame in alike:
            graph.vpush(frame)
            yield from _ready(graph, time_base)
        graph.vpush(None)
        yield from _ready(graph, time_base)


def _ready(graph: Graph, time_base: Fraction) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
        if frame.pts is not None and frame.time_base is not None:  # the filter counts in half steps
            frame.pts = round(frame.pts * frame.time_base / time_base)
            frame.time_base = time_base
        yield frame
