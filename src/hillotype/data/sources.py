"""Where pictures come from: a folder or a zip, by a name such as `zip:photos.zip/train`.

A name is `folder:PATH` or `zip:PATH.zip`, the latter with a folder inside it if only that part is meant; a bare path
is taken for what it is. Relative paths are looked up from the working directory, then from the folder that the
environment variable HILLOTYPE_DATA names.
"""

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageOps

from hillotype.errors import DataError
from hillotype.pictures import is_picture_name


class Source(Protocol):
    """A list of named pictures.

    Attributes:
        names: the names of the pictures, sorted; they decide the split.
    """

    names: list[str]

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or, if it is gray, as L."""
        ...


class FolderSource:
    """The pictures of a folder and the folders in it; names are paths relative to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if is_picture_name(path) and path.is_file() and not path.name.startswith(".")
        )
        _need_pictures(self.names, str(folder))

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or L."""
        return _open((self.folder / name).read_bytes, f"{self.folder / name}")


class ZipSource:
    """The pictures of a zip, or of one folder in it; names are paths relative to that folder."""

    def __init__(self, path: Path, inside: str = "") -> None:
        self.path = path
        self.prefix = f"{inside.strip('/')}/" if inside.strip("/") else ""
        try:
            self._archive = zipfile.ZipFile(path)  # kept open: reading the list of entries anew takes long
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: not a readable zip ({error}); give a whole .zip file") from error
        self.names = sorted(
            entry.removeprefix(self.prefix)
            for entry in self._archive.namelist()
            if entry.startswith(self.prefix) and is_picture_name(Path(entry))
        )
        _need_pictures(self.names, f"{path}/{self.prefix}")

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or L."""
        return _open(lambda: self._archive.read(self.prefix + name), f"{self.path}/{self.prefix}{name}")


def _need_pictures(names: list[str], where: str) -> None:
    if not names:
        raise DataError(f"{where}: no pictures in it; give a folder or zip with JPEG, PNG, WebP, TIFF or BMP files")


def _open(read: Callable[[], bytes], where: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(read())) as image:
            upright = ImageOps.exif_transpose(image)
            return upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")
    except MemoryError:
        raise
    except Exception as error:  # zips and decoders raise types of their own
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{where}: not a readable picture ({reason}); remove it from the data") from error


def open_source(name: str) -> Source:
    """Opens the source that `name` means (see the module's docstring).

    Raises:
        DataError: nothing there, or no pictures in it.
    """
    kind, _, rest = name.partition(":")
    if kind not in ("folder", "zip"):
        rest = name
    if not rest:
        raise DataError(f"{name!r}: names no folder or zip; give folder:PATH or zip:PATH.zip")
    for candidate in _candidates(rest):
        if candidate.is_dir() and kind != "zip":
            return FolderSource(candidate)
        for archive in (candidate, *candidate.parents):
            if archive.suffix.lower() == ".zip" and archive.is_file():
                return ZipSource(archive, candidate.relative_to(archive).as_posix().removeprefix("."))
    root = os.environ.get("HILLOTYPE_DATA")
    where = f"here or in HILLOTYPE_DATA ({root})" if root else "here, and HILLOTYPE_DATA is not set"
    raise DataError(f"{name}: no such folder or zip {where}; give folder:PATH or zip:PATH.zip")


def _candidates(path: str) -> Iterator[Path]:
    yield Path(path).expanduser()
    if root := os.environ.get("HILLOTYPE_DATA"):
        yield Path(root).expanduser() / path
