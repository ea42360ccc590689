"""Measures the peak memory of whole commands on pictures of 24, 100 and 400 megapixels, or that of a folder.

    python benchmarks/memory.py [--megapixels 24 100 400] [--commands colorize denoise restore] [--formats jpg tif]
    python benchmarks/memory.py --album 1000

Every row is one process, run once: wall and CPU seconds (user + system) and peak memory. Pictures are noisy, gray or
color. JPEG is left out above 200 megapixels: it is decoded whole. An album is so many pictures of 0.06 megapixels,
every second one gray; the rows are what is in memory while it is restored. Needs Linux.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from photographs import PARROTS, photographs
from PIL import Image
from speed import run

ROWS = 256
MOST_WHOLE_MEGAPIXELS = 200


def bands(megapixels: float, mode: str) -> tuple[tuple[int, ...], Iterator[np.ndarray]]:
    """Returns the shape of a picture, the parrots enlarged with noise, and its rows in bands."""
    small = np.asarray(Image.open(PARROTS).convert(mode))
    scale = (megapixels * 1e6 / (small.shape[0] * small.shape[1])) ** 0.5
    height, width = (round(side * scale) for side in small.shape[:2])
    rng = np.random.default_rng(0)

    def enlarged() -> Iterator[np.ndarray]:
        columns = (np.arange(width) / scale).astype(int).clip(max=small.shape[1] - 1)
        for top in range(0, height, ROWS):
            rows = (np.arange(top, min(top + ROWS, height)) / scale).astype(int).clip(max=small.shape[0] - 1)
            part = small[rows][:, columns].astype(np.int16)
            yield np.clip(part + rng.integers(-17, 18, part.shape, dtype=np.int16), 0, 255).astype(np.uint8)

    return (height, width, *small.shape[2:]), enlarged()


def write(path: Path, megapixels: float, mode: str) -> None:
    """Writes a picture of so many megapixels."""
    import imagecodecs
    import tifffile

    shape, parts = bands(megapixels, mode)
    if path.suffix != ".tif":
        Image.fromarray(np.concatenate(list(parts))).save(path, quality=92, compress_level=1)
        return
    strips = (bytes(imagecodecs.zlib_encode(part.tobytes(), level=1)) for part in parts)
    photometric = "rgb" if mode == "RGB" else "minisblack"
    options = {"rowsperstrip": ROWS, "compression": "zlib", "photometric": photometric, "metadata": None}
    contiguous = "contig" if mode == "RGB" else None
    tifffile.imwrite(path, strips, shape=shape, dtype="uint8", planarconfig=contiguous, **options)


def album(count: int) -> None:
    """Prints the memory of this process after every 100 pictures of a folder."""
    import hillotype
    from hillotype.batch.folder import find_jobs, restore_files
    from hillotype.batch.journal import Journal

    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name, "album"), Path(name, "out")
        folder.mkdir()
        photographs(folder, count, 0.06)
        print("| pictures | MB |\n|---|---|")
        with Journal(out, {}) as journal:
            results = restore_files(hillotype.load("restore"), find_jobs([folder], out), journal=journal)
            for number, result in enumerate(results, 1):
                assert not result.message, result
                if number % 100 == 0:
                    pages = int(Path("/proc/self/statm").read_text().split()[1])
                    print(f"| {number} | {pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} |", flush=True)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=[24.0, 100.0, 400.0])
    parser.add_argument("--commands", nargs="+", default=["colorize", "denoise", "restore"])
    parser.add_argument("--formats", nargs="+", choices=("jpg", "png", "tif"), default=["jpg", "tif"])
    parser.add_argument("--modes", nargs="+", choices=("L", "RGB"), default=["L", "RGB"])
    parser.add_argument("--album", type=int, help="measure a folder of so many small pictures instead")
    settings = parser.parse_args()
    if settings.album:
        album(settings.album)
        return
    print(f"{os.cpu_count()} cores\n")
    print("| command | megapixels | picture | wall s | CPU s | peak MB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for megapixels, suffix, mode in (
            (megapixels, suffix, mode)
            for megapixels in settings.megapixels
            for suffix in settings.formats
            for mode in settings.modes
        ):
            if suffix != "tif" and megapixels > MOST_WHOLE_MEGAPIXELS:
                continue
            source, out = Path(name) / f"in.{suffix}", Path(name) / f"out.{suffix}"
            with multiprocessing.get_context("spawn").Pool(1) as pool:  # a child's peak memory counts its parent's
                pool.apply(write, (source, megapixels, mode))
            kind = f"{'gray' if mode == 'L' else 'color'} {suffix}"
            for command in settings.commands:
                limit = str(round(1.1e6 * megapixels))
                arguments = [sys.executable, "-m", "hillotype", command, str(source), "-o", str(out)]
                wall, cpu, memory = run([*arguments, "--overwrite", "--max-pixels", limit])
                print(f"| {command} | {megapixels:g} | {kind} | {wall:.1f} | {cpu:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
