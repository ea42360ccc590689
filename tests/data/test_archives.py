"""Archives: where a file is looked for, how it is downloaded, and what is said when it is not to be had."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pooch
import pytest

from hillotype.data import archives
from hillotype.data.archives import Archive, find
from hillotype.errors import DataError

CONTENT = bytes(range(256)) * 1000
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()
ELSEWHERE = Archive("set/file.gz", MD5, ("https://nowhere.invalid/file.gz",), ("file.zip",))
RETRIEVE = pooch.retrieve


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    """The address of a local server that publishes file.gz."""
    monkeypatch.setattr(archives.pooch, "retrieve", RETRIEVE)
    monkeypatch.setenv("no_proxy", "*")
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "file.gz").write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_data_folder_comes_before_the_cache_and_the_official_file_before_others(data_root, tmp_path):
    places = [data_root / "set/file.gz", data_root / "file.zip", tmp_path / "cache/set/file.gz"]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    for place in places:
        assert find(ELSEWHERE) == place
        place.unlink()


def test_a_download_is_kept_in_the_cache(address, tmp_path):
    archive = Archive("set/file.gz", MD5, (f"{address}/file.gz",))
    path = find(archive)
    assert path == tmp_path / "cache/set/file.gz"
    assert path.read_bytes() == CONTENT
    (tmp_path / "published/file.gz").unlink()
    assert find(archive) == path


def test_mirrors_are_tried_in_turn(address):
    archive = Archive("file.gz", MD5, (f"{address}/gone.gz", f"{address}/file.gz"))
    assert find(archive).read_bytes() == CONTENT


def test_other_bytes_than_published_are_not_kept(address, tmp_path):
    with pytest.raises(DataError, match=r"127\.0\.0\.1 gives other bytes than were published"):
        find(Archive("set/file.gz", "md5:" + "0" * 32, (f"{address}/file.gz",)))
    assert list((tmp_path / "cache/set").iterdir()) == []


def test_a_refusal_is_told(address):
    with pytest.raises(DataError, match=r"127\.0\.0\.1 answers 404"):
        find(Archive("file.gz", MD5, (f"{address}/gone.gz",)))


def test_a_cache_that_takes_nothing_is_told(address, tmp_path):
    (tmp_path / "cache").write_text("a file in the folder's place")
    with pytest.raises(DataError, match=r"cache: it could not be written"):
        find(Archive("file.gz", MD5, (f"{address}/file.gz",)))


def test_without_network_the_line_says_what_to_put_where(data_root, tmp_path):
    with pytest.raises(DataError) as caught:
        find(ELSEWHERE)
    line = str(caught.value)
    assert "\n" not in line
    for part in (
        "set/file.gz: ",
        str(data_root),
        "no connection to nowhere.invalid",
        f"get https://nowhere.invalid/file.gz by other means and save it as {tmp_path / 'cache/set/file.gz'}",
    ):
        assert part in line


def test_published_archives_have_checksums_and_addresses():
    published = [*archives.MNIST.values(), *archives.FASHION_MNIST.values(), archives.CIFAR10, archives.LFW]
    lengths = {"md5": 32, "sha256": 64}
    for archive in published:
        kind, _, digest = archive.checksum.partition(":")
        assert len(bytes.fromhex(digest)) * 2 == lengths[kind]
        assert all(address.startswith("http") for address in archive.addresses)
    assert len({archive.checksum for archive in published}) == len(published) == 10
