"""Time and memory of whole commands, from a cold start, as a user runs them.

    python benchmarks/speed.py [--megapixels 12]

Every row is one process: wall and CPU seconds (user + system) and peak memory, the best of some runs. "decode +
encode" is what Pillow alone takes for the same file, the floor of every command.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

PARROTS = Path(__file__).parents[1] / "examples" / "parrots.jpg"
PILLOW = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2], quality=95, subsampling=0)"
ONE_THREAD = """
import sys, time, numpy as np
from hillotype.modelfile import load_model
model = load_model(sys.argv[1], threads=1)
seen = np.random.default_rng(0).random((1, model.card.in_channels, 768, 768), dtype=np.float32)
model.run(seen)
started = time.process_time()
for _ in range(3):
    model.run(seen)
print((time.process_time() - started) / 3 / (768 * 768 / 1e6))
"""


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Runs a command; returns wall seconds, CPU seconds and peak memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def photograph(path: Path, megapixels: float, mode: str) -> None:
    """Writes a JPEG of so many megapixels: the parrots enlarged, with noise of 10/255."""
    image = Image.open(PARROTS).convert(mode)
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    pixels = np.asarray(image.resize((round(image.width * scale), round(image.height * scale))), dtype=np.float32)
    pixels = pixels + np.random.default_rng(0).normal(0, 10, pixels.shape).astype(np.float32)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=92)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--runs", type=int, default=3)
    settings = parser.parse_args()
    hillotype = str(Path(sys.executable).with_name("hillotype"))
    with tempfile.TemporaryDirectory() as name:
        gray, color, out = (Path(name) / file for file in ("gray.jpg", "color.jpg", "out.jpg"))
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # a child's peak memory counts its parent's
            pool.starmap(photograph, [(gray, settings.megapixels, "L"), (color, settings.megapixels, "RGB")])
        rows = {
            "decode + encode, color": [sys.executable, "-c", PILLOW, str(color), str(out)],
            "hillotype colorize": [hillotype, "colorize", str(gray), "-o", str(out), "--overwrite"],
            "hillotype denoise, gray": [hillotype, "denoise", str(gray), "-o", str(out), "--overwrite"],
            "hillotype denoise, color": [hillotype, "denoise", str(color), "-o", str(out), "--overwrite"],
            "hillotype restore, gray": [hillotype, "restore", str(gray), "-o", str(out), "--overwrite"],
            "hillotype --help": [hillotype, "--help"],
        }
        print(f"{settings.megapixels:g} megapixels, {os.cpu_count()} cores, best of {settings.runs}\n")
        print("| command | wall s | CPU s | peak MB |\n|---|---|---|---|")
        for label, arguments in rows.items():
            measured = [run(arguments) for _ in range(settings.runs)]
            wall, cpu, memory = (min(column) for column in zip(*measured, strict=True))
            print(f"| {label} | {wall:.2f} | {cpu:.2f} | {memory:.0f} |", flush=True)
    print("\n| model, one thread | CPU s per megapixel |\n|---|---|")
    for name in ("denoise-gray", "denoise-color"):
        seconds = subprocess.run(
            [sys.executable, "-c", ONE_THREAD, name], capture_output=True, text=True, check=True
        ).stdout.strip()
        print(f"| {name} | {float(seconds):.2f} |")


if __name__ == "__main__":
    main()
