"""Damages valid picture files in many ways and reads each in another process: no crash, no hang, no flood of memory.

    python benchmarks/fuzz.py [--files 10000] [--seed 0] [--formats png tiff ...] [--keep FOLDER]

Prints a table: of so many damaged files of each format, how many were read all the same, how many were refused in one
line, and how many were dealt with badly, which `--keep` writes into a folder. Exit code 1 if there was any of these.
File N of a format is the same for the same seed.
"""

import argparse
import io
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

MAX_PIXELS = 4_000_000
MEMORY_MB = 400
"""What one file may add to the process's memory: a picture of MAX_PIXELS several times over."""
SECONDS = 20.0
OUTCOMES = ("read", "refused", "unclear", "memory", "hang", "crash")
BAD = OUTCOMES[2:]
SIZES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def samples(name: str) -> list[bytes]:
    """Makes valid small files of a format, as different as it allows."""
    makers = {"heic": _heic, "raw": _raw, "tiff": _tiff}
    return list(makers[name]() if name in makers else _by_pillow(name))


def _arrays() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for shape in ((31, 45), (31, 45, 3), (64, 48, 4)):
        smooth = np.add.outer(np.arange(shape[0]), np.arange(shape[1])).reshape(*shape[:2], *[1] * (len(shape) - 2))
        yield ((smooth + rng.integers(0, 40, shape)) % 256).astype(np.uint8)


def _by_pillow(name: str) -> Iterator[bytes]:
    import imagecodecs
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112], exif[0x8769] = 6, {0x927C: b"maker's own"}
    beside = {"icc_profile": imagecodecs.cms_profile("srgb"), "exif": exif.tobytes(), "xmp": b"<x:xmpmeta/>"}
    further: dict[str, list[dict]] = {
        "jpeg": [{}, {"progressive": True}, beside, {"quality": 30, "subsampling": 2}],
        "png": [{}, beside | {"dpi": (300, 300)}],
        "webp": [{}, {"lossless": True}, beside],
        "avif": [{}, beside],
    }
    for array in _arrays():
        image = Image.fromarray(array)
        modes = {"jpeg": ("L", "RGB", "CMYK"), "gif": ("P", "L"), "bmp": ("L", "RGB", "P", "1")}
        for mode in modes.get(name, (image.mode, "P") if name == "png" else (image.mode,)):
            for options in further.get(name, [{}]):
                file = io.BytesIO()
                image.convert(mode).save(file, name, **options)
                yield file.getvalue()
        if name == "png":
            yield imagecodecs.png_encode(array.astype(np.uint16) * 257)


def _tiff() -> Iterator[bytes]:
    import tifffile
    from PIL import Image

    for array in _arrays():
        color = "rgb" if array.ndim == 3 else "minisblack"
        for options in (
            {"compression": "lzw", "predictor": True},
            {"compression": "zlib", "rowsperstrip": 8},
            {"compression": "zlib", "tile": (16, 16)},
            {"compression": "packbits"},
            {"bigtiff": True},
            {"byteorder": ">", "extratags": [(700, 1, 4, b"<x/>", True), (65000, 2, 0, "text", True)]},
        ):
            for values in (array, array.astype(np.uint16) * 257):
                file = io.BytesIO()
                tifffile.imwrite(file, values, photometric=color, **options)
                yield file.getvalue()
        for mode, compression in (("P", "tiff_lzw"), ("CMYK", "raw"), ("1", "group4"), ("RGB", "jpeg")):
            file = io.BytesIO()
            Image.fromarray(array).convert("RGB").convert(mode).save(file, "TIFF", compression=compression)
            yield file.getvalue()


def _heic() -> Iterator[bytes]:
    import pillow_heif
    from PIL import Image

    for array in _arrays():
        file = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(array)).save(file, quality=80)
        yield file.getvalue()


def _raw() -> Iterator[bytes]:
    import tifffile

    for side in (64, 90):
        tags = [
            (271, 2, 0, "Maker", True),
            (272, 2, 0, "Camera", True),
            (33421, 3, 2, (2, 2), True),
            (33422, 1, 4, bytes([0, 1, 1, 2]), True),
            (50706, 1, 4, bytes([1, 4, 0, 0]), True),
            (50717, 4, 1, 4095, True),
        ]
        file = io.BytesIO()
        mosaic = np.tile(np.linspace(500, 3500, side), (side, 1)).astype(np.uint16)
        tifffile.imwrite(file, mosaic, photometric=32803, metadata=None, extratags=tags)
        yield file.getvalue()


FORMATS = {
    "jpeg": ".jpg",
    "png": ".png",
    "webp": ".webp",
    "tiff": ".tif",
    "bmp": ".bmp",
    "gif": ".gif",
    "avif": ".avif",
    "heic": ".heic",
    "raw": ".dng",
}


def damaged(files: list[bytes], rng: np.random.Generator) -> bytes:
    """Damages one of the files: bits turned, bytes and sizes changed, cut off, or mixed with another."""
    data = bytearray(files[rng.integers(len(files))])
    for _ in range(rng.integers(1, 4)):
        how = rng.integers(6)
        # the first bytes say most of the file
        place = int(rng.integers(min(len(data), 200) if rng.random() < 0.5 else len(data)))
        if how == 0:
            data[place] ^= 1 << rng.integers(8)
        elif how == 1:
            for _ in range(rng.integers(1, 20)):
                data[rng.integers(len(data))] = rng.integers(256)
        elif how == 2:
            del data[max(place, 16) :]
        elif how == 3:
            width = int(rng.choice([1, 2, 4]))
            size = SIZES[rng.integers(len(SIZES))] & (1 << 8 * width) - 1
            data[place : place + width] = size.to_bytes(width, "little" if rng.random() < 0.5 else "big")
        elif how == 4:
            other = files[rng.integers(len(files))]
            start = int(rng.integers(len(other)))
            length = int(rng.integers(1, 100))
            data[place : place + length] = other[start : start + length]
        else:
            del data[place : place + int(rng.integers(1, 30))]
        if len(data) < 20:
            break
    return bytes(data)


def read_each(connection: Connection) -> None:
    """Reads the files whose paths come, and answers what became of each."""
    import resource

    from hillotype.errors import PictureError
    from hillotype.pictures import read_picture

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    connection.send("ready")
    while True:
        path, before = connection.recv(), peak()
        try:
            read_picture(path, max_pixels=MAX_PIXELS)
            outcome = "read"
        except PictureError as error:
            outcome = "refused" if "\n" not in str(error) and str(error).startswith(f"{path}: ") else "unclear"
        except Exception:  # whatever it is, it should have been a PictureError
            outcome = "unclear"
        connection.send("memory" if peak() - before > MEMORY_MB else outcome)


class Reader:
    """A process that reads files, replaced when it dies."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None

    def read(self, path: Path) -> str:
        """Returns what became of a file."""
        if self._process is None:
            self._start()
        self._connection.send(path)
        try:
            if not self._connection.poll(SECONDS):
                self.stop()
                return "hang"
            outcome: str = self._connection.recv()
        except (EOFError, ConnectionError):
            self.stop()
            return "crash"
        if outcome == "memory":
            self.stop()
        return outcome

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=read_each, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000, help="damaged files of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--keep", type=Path, help="folder for the files that were dealt with badly")
    settings = parser.parse_args()
    print(f"seed {settings.seed}, at most {MAX_PIXELS:,} pixels, {MEMORY_MB} MB and {SECONDS:g} s a file\n")
    print(f"| format | files | {' | '.join(OUTCOMES)} |\n|---|---|{'---|' * len(OUTCOMES)}")
    bad, reader = 0, Reader()
    with tempfile.TemporaryDirectory() as folder:
        for name in settings.formats:
            files, counts = samples(name), Counter()
            path = Path(folder) / f"damaged{FORMATS[name]}"
            for number in range(settings.files):
                rng = np.random.default_rng([settings.seed, list(FORMATS).index(name), number])
                path.write_bytes(damaged(files, rng))
                outcome = reader.read(path)
                counts[outcome] += 1
                if outcome in BAD and settings.keep:
                    settings.keep.mkdir(parents=True, exist_ok=True)
                    path.rename(settings.keep / f"{outcome}-{number}{path.suffix}")
            bad += sum(counts[outcome] for outcome in BAD)
            row = " | ".join(str(counts[outcome]) for outcome in OUTCOMES)
            print(f"| {name} | {settings.files} | {row} |", flush=True)
    reader.stop()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
