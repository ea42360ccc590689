"""Films: how far colors are from the truth, how much they flicker, how fast it goes, and in how much memory.

    HILLOTYPE_DATA=... python benchmarks/film.py [--film video/bikes.mp4]

A color film is made gray and colored, frame by frame and made steady in time; its own colors are the truth. All rows
have the film's own lightness. Then the whole command runs on gray copies at 480p, of one and of four lengths.

Flicker: mean distance in a*, b* between a pixel and the same pixel of the next frame, where the lightness about it (5 x
5) changes by less than 1 of 100, and no cut lies between. CDC: color distribution consistency, the mean Jensen-Shannon
divergence of the histograms of R, G and B between frames 1, 2 and 4 apart (Liu et al. 2021,
https://arxiv.org/abs/2110.04562); the gray row is what the lightness alone makes of it.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from hillotype.color import lab_to_rgb, rgb_to_lab
from hillotype.data.images import to_floats
from hillotype.film.frames import frames
from hillotype.film.reader import read_film
from hillotype.film.shots import is_cut, thumbnail
from hillotype.film.steady import steadied
from hillotype.metrics import ciede2000, colorfulness
from hillotype.restore import load
from hillotype.restore.guided import box_mean
from hillotype.restore.restorer import room_for

EVERY = 5
"""CIEDE2000 and colorfulness are measured on each fifth frame."""

STILL = 1.0
"""Change of L* below which a place counts as still."""


class Row:
    """What is measured of one way to color a film."""

    def __init__(self) -> None:
        self.errors: list[float] = []
        self.colorfulness: list[float] = []
        self.flickers: list[float] = []
        self.moves: list[float] = []
        self.histograms: list[np.ndarray] = []
        self.before: np.ndarray | None = None

    def add(self, lab: np.ndarray, truth: np.ndarray, still: np.ndarray | None, *, full: bool) -> None:
        """Take the next frame (1, 3, H, W) in L*a*b*; `still` is None at the beginning and after a cut."""
        rgb = np.clip(lab_to_rgb(lab), 0, 1)
        levels = np.round(rgb[0] * 255).astype(np.uint8)
        self.histograms.append(np.stack([np.bincount(plane.ravel(), minlength=256) / plane.size for plane in levels]))
        if full:
            self.errors.append(float(ciede2000(lab, truth).mean()))
            self.colorfulness.append(float(colorfulness(rgb)[0]))
        chroma = lab[0, 1:].copy()
        if still is not None and self.before is not None and still.any():
            change = np.hypot(*(chroma - self.before))
            self.flickers.append(float(change[still].mean()))
            self.moves.append(float(change.mean()))
        self.before = chroma

    def cells(self) -> list[str]:
        """Return the figures as text."""
        cdc = np.mean([np.mean([divergence(a, b) for a, b in self.pairs(apart)]) for apart in (1, 2, 4)])
        means = [np.mean(each) for each in (self.errors, self.colorfulness, self.flickers, self.moves)]
        return [f"{means[0]:.2f}", f"{means[1]:.1f}", f"{means[2]:.3f}", f"{means[3]:.3f}", f"{1000 * cdc:.3f}"]

    def pairs(self, apart: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the histograms of frames so many apart."""
        yield from zip(self.histograms, self.histograms[apart:], strict=False)


def divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Jensen-Shannon divergence of histograms (3, 256) in nats, the mean of three."""
    middle = (first + second) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(each > 0, each * np.log(each / middle), 0).sum(axis=1) for each in (first, second)]
    return float(np.mean(parts[0] + parts[1]) / 2)


def quality(path: Path, most: int) -> None:
    """Print the table of errors and flicker."""
    film, colorizer = read_film(path), load("colorize")
    rows = {name: Row() for name in ("gray", "frame by frame", "steady in time", "truth")}
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def guesses() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for number, frame in enumerate(frames(film)):
            if number == most:
                return
            lab = rgb_to_lab(to_floats(frame.pixels)[None])
            light, chroma = colorizer.predict(frame.pixels)
            kept.append((lab, light, chroma))
            yield light, chroma

    before: np.ndarray | None = None
    thumb: np.ndarray | None = None
    for number, (light, steady) in enumerate(steadied(guesses())):
        truth, _, chroma = kept.pop(0)
        small, l_star = thumbnail(light), truth[0, 0]
        still = None
        if before is not None and thumb is not None and not is_cut(thumb, small):
            still = box_mean(np.abs(l_star - before), 2) < STILL
        before, thumb = l_star, small
        gray = np.concatenate([truth[:, :1], np.zeros_like(truth[:, 1:])], axis=1)
        colored = {"gray": gray, "truth": truth}
        for name, guess in (("frame by frame", chroma), ("steady in time", steady)):
            pixels = lab_to_rgb(gray).transpose(0, 2, 3, 1)[0].clip(0, 1).astype(np.float32)
            answer = colorizer.paint(pixels, light, guess, 1.0, room_for(pixels))
            colored[name] = rgb_to_lab(answer.transpose(2, 0, 1)[None])
        for name, row in rows.items():
            row.add(colored[name], truth, still, full=number % EVERY == 0)
    count = len(rows["truth"].histograms)
    print(f"{path.name}: {count} frames of {film.width} x {film.height}\n")
    print("| color | CIEDE2000 | colorfulness | flicker | change of a*, b* | CDC x 1000 |\n|---|---|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(row.cells())} |")


def gray_copy(path: Path, out: Path, times: int, most: int) -> int:
    """Write a gray copy at 854 x 480, the frames `times` over; returns how many there are."""
    with av.open(str(path)) as source:
        planes = [
            frame.reformat(width=854, height=480, format="gray").to_ndarray()
            for frame, _ in zip(source.decode(video=0), range(most), strict=False)
        ]
    with av.open(str(out), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 854, 480, "yuv420p"
        for number, plane in enumerate(planes * times):
            frame = av.VideoFrame.from_ndarray(plane, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return len(planes) * times


def speed(path: Path, most: int) -> None:
    """Print the table of time and memory."""
    cores = len(os.sched_getaffinity(0))
    print(f"\n`hillotype colorize` at 854 x 480, {cores} core(s), load {os.getloadavg()[0]:.1f} beforehand\n")
    print("| frames | frames/s | CPU s a frame | peak MB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for times in (1, 4):
            gray, out = Path(name) / f"gray{times}.mp4", Path(name) / f"out{times}.mp4"
            with multiprocessing.get_context("spawn").Pool(1) as pool:  # a child's peak memory counts its parent's
                count = pool.apply(gray_copy, (path, gray, times, most))
            command = [sys.executable, "-m", "hillotype", "colorize", str(gray), "-o", str(out)]
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if os.waitstatus_to_exitcode(status):
                sys.exit("the command failed")
            seconds, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
            assert read_film(out).frames == count, "frames were lost"
            print(f"| {count} | {count / seconds:.1f} | {cpu / count:.3f} | {usage.ru_maxrss / 1024:.0f} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--film", default="video/bikes.mp4", help="a color film, in HILLOTYPE_DATA or by its path")
    parser.add_argument("--frames", type=int, default=250, help="how many of it at most")
    parser.add_argument("--only", choices=("quality", "speed"))
    settings = parser.parse_args()
    path = Path(os.environ.get("HILLOTYPE_DATA", ".")) / settings.film
    if settings.only != "speed":
        quality(path, settings.frames)
    if settings.only != "quality":
        speed(path, min(settings.frames, 60))


if __name__ == "__main__":
    main()
