"""The files of a tar, plain or compressed, read in one pass and never unpacked to the disk."""

import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from hillotype.data.archives import damaged


def tar_members(path: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of the files whose name begins with `prefix`, in the order of the tar.

    Raises:
        DataError: the tar cannot be read to the end of what is asked for.
    """
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() and member.name.startswith(prefix) else None
                if content is not None:
                    yield member.name, content.read()
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise damaged(path, error) from error
