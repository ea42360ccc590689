"""Small stand-ins for every data set that a study asks for, under the names of the real ones."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from tests.data.conftest import idx_bytes
from tests.film.conftest import write

from hillotype.data.sources import CLASSES


def _pictures(count, side, channels, seed):
    """Smooth random pictures (N, side, side, channels) uint8."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 5, 5, channels), dtype=np.uint8)
    return np.stack([_enlarged(picture, side) for picture in coarse])


def _enlarged(picture, side):
    planes = [Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC) for plane in picture.T]
    return np.stack([np.asarray(plane) for plane in planes], axis=-1)


def _write_digits(folder, seed):
    folder.mkdir()
    for prefix, count in (("train", 400), ("t10k", 100)):
        pictures, labels = _pictures(count, 28, 1, seed)[..., 0], np.arange(count) % 10
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(pictures))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


def _write_zip(path, folders, side, count, suffix="png"):
    with zipfile.ZipFile(path, "w") as archive:
        for seed, folder in enumerate(folders):
            for number, picture in enumerate(_pictures(count, side, 3, seed)):
                file = io.BytesIO()
                Image.fromarray(picture).save(file, suffix)
                archive.writestr(f"{folder}{number:05}.{suffix}", file.getvalue())


@pytest.fixture(scope="session")
def every_set(tmp_path_factory):
    """A folder with all of them, for HILLOTYPE_DATA."""
    root = tmp_path_factory.mktemp("sets")
    _write_digits(root / "mnist", 1)
    _write_digits(root / "fashion-mnist", 2)
    classes = [f"{split}/{name}/" for split in ("train", "test") for name in CLASSES["cifar10"]]
    _write_zip(root / "cifar10-part.zip", classes, 32, 40)
    _write_zip(root / "lfw-64.zip", [f"Person_{number}/" for number in range(40)], 64, 4)
    lands = [f"{split}/{name}/" for split in ("train", "test") for name in ("forest", "glacier", "mountain", "sea")]
    _write_zip(root / "landscapes-100.zip", lands, 100, 30)
    for name in ("photos-nips17-256", "photos-imagenette-128", "photos-caltech-128"):
        _write_zip(root / f"{name}.zip", ["", "more/"], 128, 60)
    (root / "video").mkdir()
    frames = [picture[:64] for picture in _pictures(12, 96, 3, 0)]
    write(root / "video" / "bikes.mp4", frames, codec="mpeg4", pix_fmt="yuv420p")
    return root
