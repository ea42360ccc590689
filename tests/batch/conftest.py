"""What tests of engines share."""

import pytest

from hillotype.batch.cluster import RayEngine


@pytest.fixture(scope="session")
def two_workers():
    """Ray on this machine, with two workers, for all tests."""
    ray = pytest.importorskip("ray", reason="pip install 'hillotype[ray]'")
    RayEngine(cores=2)._start()
    yield ray
    ray.shutdown()
