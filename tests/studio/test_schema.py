"""The API against its own description: requests that schemathesis makes of OpenAPI are answered as it says."""

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from tests.studio.conftest import API, served

from hillotype.studio import Limits, make_app

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install 'hillotype[dev]'")

schema = schemathesis.openapi.from_dict(make_app(Limits()).openapi())


@pytest.fixture(scope="module")
def studio():
    with served() as studio:
        yield studio.address


@pytest.fixture
def real(studio, gray):
    """The ids of a session and of a job in it."""
    with httpx2.Client(base_url=studio) as client:
        session = client.post(f"{API}/sessions").json()["id"]
        job = client.post(f"{API}/sessions/{session}/jobs", content=gray).json()["id"]
    return {"session": session, "job": job}


# Events never end by themselves; they have tests of their own.
@schema.exclude(path_regex="/events$").parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_described(case, studio, real):
    for name, id in real.items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = id
    checks = schemathesis.checks
    kinds = (
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    )
    case.call_and_validate(base_url=studio, checks=list(kinds), timeout=20)
