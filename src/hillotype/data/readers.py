"""What a source of pictures is, and its kinds: a folder, a zip, a tar, an array."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hillotype.data.images import to_image
from hillotype.data.tar import tar_members
from hillotype.errors import DataError
from hillotype.pictures.picture import FORMAT_OF_SUFFIX


class Source(Protocol):
    """A list of named pictures.

    Attributes:
        origin: the folder or the file that they are read from.
        names: the names of the pictures, sorted; they decide the split.
    """

    origin: Path
    names: list[str]

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or, if it is gray, as L."""
        ...


def class_of(name: str) -> str:
    """Returns the class of a picture: the folder that it lies in, as "7" for "train/7/00012".

    Raises:
        DataError: it lies in no folder.
    """
    label = name.rpartition("/")[0].rpartition("/")[2]
    if not label:
        raise DataError(f"{name}: in no folder, so of no class; name the source without its class, as mnist/train")
    return label


class FolderSource:
    """The pictures of a folder and the folders in it; names are paths relative to it."""

    def __init__(self, folder: Path) -> None:
        self.origin = folder
        found = ((path, path.relative_to(folder).as_posix()) for path in folder.rglob("*"))
        self.names = sorted(name for path, name in found if _is_picture_name(name) and path.is_file())
        _need_pictures(self.names, str(folder))

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or L."""
        return _open((self.origin / name).read_bytes, f"{self.origin / name}")


class ZipSource:
    """The pictures of a zip, or of one folder in it.

    Args:
        path: the zip.
        inside: the folder in it.
        suffixes: whether the names, which are paths relative to the folder, end in .jpg, .png and the like.
    """

    def __init__(self, path: Path, inside: str = "", *, suffixes: bool = True) -> None:
        self.origin = path
        try:
            self._archive = zipfile.ZipFile(path)  # kept open: reading the list of entries anew takes long
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: not a readable zip ({error}); give a whole .zip file") from error
        prefix = _prefix(inside)
        self._entries = _pictures_below(prefix, self._archive.namelist(), suffixes)
        self.names = sorted(self._entries)
        _need_pictures(self.names, f"{path}/{prefix}")

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or L."""
        entry = self._entries[name]
        return _open(lambda: self._archive.read(entry), f"{self.origin}/{entry}")


class TarSource:
    """The pictures of one folder in a tar, held as the bytes of their files; names have no .jpg or the like.

    A compressed tar can only be read from its beginning, so it is read once and whole.
    """

    def __init__(self, path: Path, inside: str) -> None:
        self.origin = path
        prefix = _prefix(inside)
        files = dict(tar_members(path, prefix))
        self._files = {name: files[entry] for name, entry in _pictures_below(prefix, files, suffixes=False).items()}
        self.names = sorted(self._files)
        _need_pictures(self.names, f"{path}/{prefix}")

    def open(self, name: str) -> Image.Image:
        """Returns one picture, upright, as RGB or L."""
        return _open(lambda: self._files[name], f"{self.origin}/{name}")


class ArraySource:
    """Pictures of one size, in memory.

    Args:
        origin: where they come from.
        names: one for each picture.
        pictures: (N, H, W, C) uint8, C = 1 or 3.
    """

    def __init__(self, origin: Path, names: Sequence[str], pictures: np.ndarray) -> None:
        self.origin = origin
        self.names = sorted(names)
        self._pictures = pictures
        self._places = {name: place for place, name in enumerate(names)}

    def open(self, name: str) -> Image.Image:
        """Returns one picture as RGB or L."""
        return to_image(self.pixels(name))

    def pixels(self, name: str) -> np.ndarray:
        """Returns one picture as (H, W, C) uint8, C = 1 or 3, without a copy; not to be written to."""
        pixels: np.ndarray = self._pictures[self._places[name]]
        return pixels


def _is_picture_name(name: str) -> bool:
    """Tells whether Pillow reads such a file without more: phones' and cameras' own formats are left out.

    So is what is hidden or lies in a hidden folder, as the __MACOSX/._a.jpg that a Mac puts beside a.jpg in a zip.
    """
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and FORMAT_OF_SUFFIX.get(path.suffix.lower()) not in (None, "HEIF", "RAW")


def _prefix(folder: str) -> str:
    folder = folder.strip("/")
    return f"{folder}/" if folder else ""


def _pictures_below(prefix: str, entries: Iterable[str], suffixes: bool) -> dict[str, str]:
    """The entries that are pictures by the names they have below a prefix."""
    found = {entry.removeprefix(prefix): entry for entry in entries if entry.startswith(prefix)}
    return {name if suffixes else name.rpartition(".")[0]: found[name] for name in found if _is_picture_name(name)}


def _need_pictures(names: list[str], where: str) -> None:
    if not names:
        raise DataError(
            f"{where}: no pictures in it; check the name, or give one with JPEG, PNG, WebP, TIFF or BMP files"
        )


def _in_8_bits(image: Image.Image) -> Image.Image:
    """A gray picture of 16 bits with as many shades as fit; Pillow would make all but its darkest ones white."""
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image, dtype=np.float32) / 257 + 0.5).astype(np.uint8))


def _open(read: Callable[[], bytes], where: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(read())) as image:
            upright = _in_8_bits(ImageOps.exif_transpose(image))
            return upright.convert("L" if upright.mode in ("1", "L", "LA") else "RGB")
    except MemoryError:
        raise
    except Exception as error:  # zips and decoders raise types of their own
        reason = str(error).partition("\n")[0] or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "damaged, or of an unknown format"  # Pillow names an address in memory
        raise DataError(f"{where}: not a readable picture ({reason}); remove it from the data") from error
