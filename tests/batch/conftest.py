"""What tests of many files share: an album, and an engine."""

import numpy as np
import pytest
from PIL import Image

from hillotype.batch.cluster import RayEngine


def save(path, mode="RGB", size=(24, 16)):
    """Write a colored picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[: size[1], : size[0]]
    color = np.stack([rows * 9, 255 - columns * 7, 40 + 2 * rows * columns % 90], axis=-1)
    Image.fromarray(np.clip(color, 0, 255).astype(np.uint8)).convert(mode).save(path)
    return path


@pytest.fixture
def album(tmp_path):
    """A folder of pictures in a tree, of one name and of two, and what is not to be touched."""
    folder = tmp_path / "album"
    for name in ("a.jpg", "a.png", "sub/b.webp", "sub/deep/c.GIF", "sub/deep/c.png", ".hidden.jpg", ".dot/d.png"):
        save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="session")
def two_workers():
    """Ray on this machine, with two workers, for all tests."""
    ray = pytest.importorskip("ray", reason="pip install 'hillotype[ray]'")
    RayEngine(cores=2)._start()
    yield ray
    ray.shutdown()
