"""Tiny films, made as tests need them."""

from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av", reason="films need PyAV")


def picture(number, height=48, width=64, shift=1):
    """A gray picture of stripes and squares; it moves by `shift` pixels with the number."""
    down, along = np.mgrid[:height, :width]
    waves = 127 + 60 * np.sin((along + shift * number) / 5) + 50 * np.sin(down / 7)
    return np.clip(waves, 0, 255).astype(np.uint8)


def gray_frames(count, **settings):
    """Gray RGB frames (H, W, 3)."""
    return [np.repeat(picture(number, **settings)[..., None], 3, axis=2) for number in range(count)]


def write(path, frames, *, times=None, sound=False, subtitles=False, streams=1, rotate=None, codec="libx264",
          pix_fmt="yuv444p", aspect=None, metadata=None, tags=None, options=None):  # fmt: skip
    """Write frames (H, W, 3) as a film; `times` are in 600ths of a second, 24 each if not given."""
    times = times or [24 * number for number in range(len(frames))]
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        pictures = [container.add_stream(codec, rate=25, options=options or {}) for _ in range(streams)]
        for stream in pictures:
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = pix_fmt
            stream.codec_context.time_base = Fraction(1, 600)
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            for name, value in (tags or {}).items():
                setattr(stream.codec_context, name, value)
            if rotate is not None:
                stream.set_display_rotation(rotate)
        other = container.add_stream("aac", rate=8000, layout="mono") if sound else None
        text = container.add_mux_stream("mov_text" if path.suffix == ".mp4" else "subrip") if subtitles else None
        for time, pixels in zip(times, frames, strict=True):
            for stream in pictures:
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = time, Fraction(1, 600)
                container.mux(stream.encode(frame))
        for stream in pictures:
            container.mux(stream.encode())
        if other is not None:
            seconds = times[-1] / 600
            wave = (8000 * np.sin(np.arange(int(8000 * seconds)) / 9)).astype(np.int16)[None]
            chunk = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            chunk.sample_rate = 8000
            container.mux(other.encode(chunk))
            container.mux(other.encode())
        if text is not None:
            packet = av.Packet(b"\x00\x05hello" if path.suffix == ".mp4" else b"hello")
            packet.stream, packet.time_base, packet.pts, packet.dts = text, Fraction(1, 1000), 100, 100
            packet.duration = 300
            container.mux(packet)
    return path


def write_sound(path):
    """Write a film file that has only sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        chunk = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.int16), format="s16", layout="mono")
        chunk.sample_rate = 8000
        container.mux(stream.encode(chunk))
        container.mux(stream.encode())
    return path


def times_of(path):
    """When the frames of a film are shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def packets_of(path, kind):
    """The packets of a kind of stream, as (seconds, bytes)."""
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [(packet.pts * packet.time_base, bytes(packet)) for packet in container.demux(stream) if packet.size]


def pixels_of(path):
    """The frames of a film as RGB, as they are stored."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
