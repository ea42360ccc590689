import pytest
from tests.studio.conftest import API, opened

TOKEN = "a-secret-token"


@pytest.mark.parametrize("host", ["localhost", "localhost:8760", "127.0.0.1:80", "[::1]:8760", "192.168.1.7:8760"])
def test_the_studio_is_asked_for_by_address_or_as_localhost(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8760", "", "[::1", "a b"]
)
def test_names_that_point_here_are_refused(client, host):
    answer = client.get(f"{API}/models", headers={"Host": host})
    assert answer.status_code == 403
    assert "address" in answer.json()["message"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1234", "http://127.0.0.1"])
def test_posts_of_other_sites_are_refused(client, origin, gray):
    for address in (f"{API}/sessions", f"{API}/restore"):
        answer = client.post(address, headers={"Origin": origin}, content=gray)
        assert answer.status_code == 403
    assert client.app.state.sessions.stored() == 0


def test_what_is_large_is_refused_for_the_same_reason(tiny_zoo):
    with opened(token=TOKEN) as client:
        for headers, status, word in (({}, 401, "token"), ({"Origin": "http://evil.example"}, 403, "another site")):
            answer = client.post(f"{API}/restore", headers=headers, content=bytes(200_000))
            assert answer.status_code == status
            assert word in answer.json()["message"]


def test_the_own_page_may_post(client):
    assert client.post(f"{API}/sessions", headers={"Origin": "http://localhost"}).status_code == 201


def test_every_answer_has_the_policy(client):
    for address in ("/", f"{API}/models", "/nothing"):
        headers = client.get(address).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


def test_a_token_opens_what_others_can_reach(tiny_zoo):
    with opened(host="0.0.0.0", token=TOKEN) as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN[:3]}, {"Cookie": "=;;=\x01"}):
            assert client.get(f"{API}/models", headers=headers).status_code == 401
            assert client.get("/?token=wrong", headers=headers).status_code == 401
        assert client.get(f"{API}/models?token={TOKEN}").status_code == 401  # addresses are logged
        assert client.get(f"{API}/models", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        answer = client.get(f"/?token={TOKEN}", follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        assert "HttpOnly; Path=/; SameSite=strict" in answer.headers["set-cookie"]
        assert client.get(f"{API}/models").status_code == 200  # with the cookie


def test_a_token_of_other_letters_is_refused(tiny_zoo):
    with opened(token=TOKEN) as client:
        wrong = f"Bearer {TOKEN}é".encode()
        assert client.get(f"{API}/models", headers={"Authorization": wrong}).status_code == 401
