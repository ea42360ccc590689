"""Time and memory of whole commands and whole folders, and of a megapixel beside other denoisers.

    make benchmark-speed    or    python benchmarks/speed.py [--device cpu] [--only commands folders peers]

*Commands*: every row is one process from a cold start, as a user runs it: wall and CPU seconds (user + system) and peak
memory, the best of some runs, and the ratios to "decode + encode": what Pillow alone takes for the same file, the floor
of every command. *Folders*: the same pictures on one core and on two. *Peers*: CPU seconds a
megapixel and PSNR on photographs with noise of 25 of 255, stored in 8 bits. OpenCV's non-local means (opencv-python)
has the strength that did best on six training pictures; BM3D (package bm3d) is told the noise, and is given one
picture, as it is slow. The pictures are of the validation split of DATA, looked for in HILLOTYPE_DATA. Needs Linux.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import numpy as np
from photographs import photograph
from PIL import Image

PILLOW = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2], quality=95, subsampling=0)"
DATA, SIDE, SIGMA = "zip:photos-nips17-256.zip", 256, 25
FAST = ("--model", "denoise-fast")
PARTS = ("commands", "folders", "peers")


def run(arguments: list[str], cores: Collection[int] | None = None) -> tuple[float, float, float]:
    """Runs a command, on these cores if any are given; returns wall seconds, CPU seconds and peak memory in MB."""
    pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    started = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pin)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def elsewhere(call: Callable[..., None], arguments: list[tuple]) -> None:
    """Calls a function with each of these, in a child: the peak memory of later children counts their parent's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.starmap(call, arguments)


def hillotype(device: str, command: str, source: Path, out: Path) -> list[str]:
    """Returns a command line."""
    called = [sys.executable, "-m", "hillotype", command, str(source), "-o", str(out)]
    return [*called, "--device", device, "--overwrite"]


def commands(folder: Path, megapixels: float, runs: int, device: str) -> None:
    """Prints the table of whole commands on single pictures."""
    gray, color, small, out = (folder / name for name in ("gray.jpg", "color.jpg", "small.jpg", "out.jpg"))
    elsewhere(photograph, [(gray, megapixels, "L"), (color, megapixels, "RGB"), (small, SIDE**2 / 1e6, "RGB")])
    ours = partial(hillotype, device)
    rows = {
        "decode + encode with Pillow, color": [sys.executable, "-c", PILLOW, str(color), str(out)],
        "colorize, color": ours("colorize", color, out),
        "denoise, gray": ours("denoise", gray, out),
        "denoise, color": ours("denoise", color, out),
        "denoise-fast, gray": [*ours("denoise", gray, out), *FAST],
        "denoise-fast, color": [*ours("denoise", color, out), *FAST],
        "restore, gray and noisy": ours("restore", gray, out),
        f"colorize, {SIDE} x {SIDE}": ours("colorize", small, out),
        f"denoise, {SIDE} x {SIDE}": ours("denoise", small, out),
        "--help": [sys.executable, "-m", "hillotype", "--help"],
    }
    print(f"\nWhole commands, JPEG of {megapixels:g} megapixels if not said, best of {runs}\n")
    print("| command | wall s | x Pillow | CPU s | x Pillow | peak MB |\n|---|---|---|---|---|---|")
    floor = None
    for label, arguments in rows.items():
        measured = [run(arguments) for _ in range(runs)]
        wall, cpu, memory = (min(column) for column in zip(*measured, strict=True))
        floor = floor or (wall, cpu)
        print(f"| {label} | {wall:.2f} | {wall / floor[0]:.1f} |", end="")
        print(f" {cpu:.2f} | {cpu / floor[1]:.1f} | {memory:.0f} |", flush=True)


def folders(folder: Path, pictures: int, megapixels: float, runs: int, device: str) -> None:
    """Prints what a folder takes on one core and on two; runs alternate, so that other work meets both."""
    album, out = folder / "album", folder / "out"
    album.mkdir()
    elsewhere(photograph, [(album / f"{number:03}.jpg", megapixels, "RGB", number) for number in range(pictures)])
    first, second, *_ = *sorted(os.sched_getaffinity(0)), None
    print(f"\nA folder of {pictures} color JPEGs of {megapixels:g} megapixels, best of {runs}\n")
    print("| command | wall s, 1 core | 2 cores | faster | CPU s, 1 core | 2 cores |\n|---|---|---|---|---|---|")
    if second is None:
        print("| (this needs two cores) | | | | | |")
        return
    for command in ("colorize", "denoise"):
        arguments = hillotype(device, command, album, out)
        measured = [[run(arguments, on) for on in ({first}, {first, second})] for _ in range(runs)]
        (one, one_cpu), (two, two_cpu) = (
            (min(pair[place][0] for pair in measured), min(pair[place][1] for pair in measured)) for place in (0, 1)
        )
        print(f"| {command} | {one:.1f} | {two:.1f} | {one / two:.2f} | {one_cpu:.1f} | {two_cpu:.1f} |", flush=True)


def peers(count: int) -> None:
    """Prints seconds a megapixel and PSNR of denoisers on the same pictures."""
    from hillotype.data.load import load_pictures
    from hillotype.data.sources import open_source
    from hillotype.data.splits import split_names
    from hillotype.errors import DataError, HillotypeError

    print(f"\nNoise of {SIGMA} of 255, {count} pictures of {DATA} (validation), one thread\n")
    print("| denoiser | CPU s a megapixel | PSNR | pictures |\n|---|---|---|---|")
    try:
        source = open_source(DATA)
        clean = load_pictures(source, split_names(source.names, "validation")[:count])
    except DataError as error:
        print(f"| ({error}) | | | |")
        return
    rng = np.random.default_rng(0)
    noisy = [(x + rng.normal(0, SIGMA, x.shape)).round().clip(0, 255).astype(np.uint8) for x in clean]
    for label, make, most in (
        ("left alone", lambda: lambda picture: picture, count),
        ("hillotype denoise", partial(shipped, "denoise", "cpu"), count),
        ("hillotype denoise, OpenVINO", partial(shipped, "denoise", "openvino"), count),
        ("hillotype denoise-fast", partial(shipped, "denoise-fast", "cpu"), count),
        ("hillotype denoise-fast, OpenVINO", partial(shipped, "denoise-fast", "openvino"), count),
        ("OpenCV fastNlMeansDenoisingColored, h = 15", opencv, count),
        ("BM3D, told the noise", block_matching, 1),
    ):
        try:
            denoise = make()
        except (ModuleNotFoundError, HillotypeError) as error:
            print(f"| {label} ({error}) | | | |")
            continue
        pairs = list(zip(clean, noisy, strict=True))[:most]
        seconds, quality = measured(denoise, pairs)
        print(f"| {label} | {seconds:.2f} | {quality:.2f} | {len(pairs)} |", flush=True)


def measured(denoise: Callable, pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Returns CPU seconds a megapixel, after a first picture that is not counted, and the mean PSNR in 8 bits."""
    denoise(pairs[0][1])
    started = time.process_time()
    answers = [denoise(noisy) for _, noisy in pairs]
    seconds = time.process_time() - started
    errors = [np.mean((answer.astype(float) - clean) ** 2) for answer, (clean, _) in zip(answers, pairs, strict=True)]
    pixels = sum(clean.shape[0] * clean.shape[1] for clean, _ in pairs)
    return seconds / (pixels / 1e6), float(np.mean(10 * np.log10(255**2 / np.array(errors))))


def shipped(name: str, device: str) -> Callable:
    """Returns a denoiser of ours on a device."""
    from hillotype import load

    restorer = load(name, threads=1, device=device)
    return lambda picture: np.asarray(restorer(Image.fromarray(picture)))


def opencv() -> Callable:
    """Returns OpenCV's non-local means for colors."""
    import cv2

    cv2.setNumThreads(1)
    options = {"h": 15, "hColor": 15, "templateWindowSize": 7, "searchWindowSize": 21}
    return partial(cv2.fastNlMeansDenoisingColored, **options)


def block_matching() -> Callable:
    """Returns BM3D for colors."""
    import bm3d

    return lambda picture: (255 * bm3d.bm3d_rgb(picture / 255, SIGMA / 255)).round().clip(0, 255)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--megapixels", type=float, default=12.0, help="of the single pictures")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--album", type=int, default=96, help="pictures in the folder")
    parser.add_argument("--album-megapixels", type=float, default=1.6)
    parser.add_argument("--pictures", type=int, default=4, help="beside other denoisers")
    parser.add_argument("--device", default="cpu", help="of `hillotype`, but beside other denoisers")
    settings = parser.parse_args()
    print(f"device {settings.device}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as name:
        if "commands" in settings.only:
            commands(Path(name), settings.megapixels, settings.runs, settings.device)
        if "folders" in settings.only:
            folders(Path(name), settings.album, settings.album_megapixels, settings.runs, settings.device)
    if "peers" in settings.only:
        peers(settings.pictures)


if __name__ == "__main__":
    main()
