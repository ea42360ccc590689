"""Where the files of the named sets are found: in HILLOTYPE_DATA, in the cache, or at their official addresses.

A file that is downloaded is checked against its published checksum and put into the cache whole or not at all. A file
that the user puts into HILLOTYPE_DATA or the cache is taken as it is.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pooch  # type: ignore[import-untyped]
import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hillotype.errors import DataError
from hillotype.files import why_not_written


@dataclass(frozen=True)
class Archive:
    """A file that is published.

    Attributes:
        file: its path inside HILLOTYPE_DATA and the cache.
        checksum: of the published bytes, as `md5:...` or `sha256:...`.
        addresses: where it is published; those after the first are tried when the ones before fail.
        other_forms: paths of files with the same pictures that serve as well.
    """

    file: str
    checksum: str
    addresses: tuple[str, ...]
    other_forms: tuple[str, ...] = ()


def _idx(folder: str, addresses: tuple[str, ...], checksums: dict[str, str]) -> dict[str, Archive]:
    return {
        name: Archive(
            f"{folder}/{name}.gz",
            f"md5:{checksum}",
            tuple(f"{address}/{name}.gz" for address in addresses),
            (f"{folder}/{name}",),
        )
        for name, checksum in checksums.items()
    }


# Checksums and mirrors of both: torchvision/datasets/mnist.py. The address of MNIST's authors does not answer any more.
MNIST = _idx(
    "mnist",
    ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"),
    {
        "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)

FASHION_MNIST = _idx(
    "fashion-mnist",
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ),
    {
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)

# The checksum stands on the set's page, https://www.cs.toronto.edu/~kriz/cifar.html, which moved to the second address.
CIFAR10 = Archive(
    "cifar-10-binary.tar.gz",
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
    (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
    ),
    ("cifar10-part.zip",),
)

# The authors' address, vis-www.cs.umass.edu/lfw, is gone; this is scikit-learn's copy (sklearn/datasets/_lfw.py).
LFW = Archive(
    "lfw.tgz",
    "sha256:055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0",
    ("https://ndownloader.figshare.com/files/5976018",),
    ("lfw-64.zip",),
)


def data_folder() -> Path | None:
    """Returns the folder that HILLOTYPE_DATA names, if it is set."""
    root = os.environ.get("HILLOTYPE_DATA")
    return Path(root).expanduser() if root else None


def cache_folder() -> Path:
    """Returns the folder that downloads go to; it need not exist."""
    return Path(pooch.os_cache("hillotype"))


def find(archive: Archive) -> Path:
    """Returns where a file or one of its other forms is; downloads it if it is nowhere.

    Raises:
        DataError: it is not here, and no address gave it.
    """
    for root in (data_folder(), cache_folder()):
        for form in (archive.file, *archive.other_forms):
            if root is not None and (root / form).is_file():
                return root / form
    failures = []
    for address in archive.addresses:
        try:
            return _download(address, archive)
        except (OSError, ValueError) as error:
            failures.append(_why_not_downloaded(address, error))
    raise DataError(
        f"{archive.file}: neither in HILLOTYPE_DATA ({data_folder() or 'not set'}) nor in the cache, and not to be "
        f"downloaded ({'; '.join(dict.fromkeys(failures))}); get {archive.addresses[0]} by other means and save it as "
        f"{cache_folder() / archive.file}"
    )


def damaged(path: Path, reason: object) -> DataError:
    """Returns the error for a file that cannot be what its name says."""
    line = str(reason).partition("\n")[0].rstrip(":")
    return DataError(f"{path}: damaged ({line}); delete it, then it is downloaded again")


def _download(address: str, archive: Archive) -> Path:
    path = cache_folder() / archive.file
    pooch.get_logger().setLevel("WARNING")  # the bar says enough
    with _Bar(path.name) as bar:
        pooch.retrieve(
            address,
            known_hash=archive.checksum,
            fname=path.name,
            path=path.parent,
            downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16),
        )
    return path


def _why_not_downloaded(address: str, error: Exception) -> str:
    host = urlsplit(address).hostname
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{host} answers {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return f"{host} does not answer"
    if isinstance(error, requests.ConnectionError):
        return f"no connection to {host}"
    if isinstance(error, requests.RequestException):
        return f"the transfer from {host} broke off"
    if isinstance(error, OSError):
        return f"{cache_folder()}: {why_not_written(error)}"
    return f"{host} gives other bytes than were published"


class _Bar:
    """What pooch asks of a progress bar, shown on a terminal."""

    def __init__(self, name: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("downloading {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._task = self._progress.add_task(name, total=None)
        self.total = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, count: int) -> None:
        """Moves on by so many bytes."""
        self._progress.update(self._task, advance=count, total=self.total or None)

    def reset(self) -> None:
        """Starts anew."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Ends; the bar is taken away when the download is."""
