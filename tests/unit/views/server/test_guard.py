from __future__ import annotations

import json

import pytest

from mlflow_tmpl.views.server.guard import Guard, is_loopback

from .loops import play

TOKEN = "a-token"


class Answer:
    def __init__(self, messages):
        start, *rest = messages
        self.status_code = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.text = b"".join(each["body"] for each in rest).decode()

    def json(self):
        return json.loads(self.text)


class Client:
    """Asks a guarded application that tells its data to everybody."""

    def __init__(self, host):
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"data"})

        self.guard = Guard(app, TOKEN, host)

    def get(self, path, headers, method="GET"):
        given = {"host": "127.0.0.1:7878", **headers}
        encoded = [(name.encode(), value.encode()) for name, value in given.items()]
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "headers": encoded}
        play(self.guard(scope, None, send))
        return Answer(sent)

    def post(self, path, headers):
        return self.get(path, headers, "POST")


def client(host="127.0.0.1"):
    return Client(host)


def with_token(token=TOKEN):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("name", ["127.0.0.1:7878", "localhost:7878", "LOCALHOST", "[::1]:7878"])
def test_a_page_under_a_name_of_this_machine_is_answered(name):
    assert client().get("/api/x", headers={**with_token(), "host": name}).text == "data"


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:7878", "127.0.0.1.evil.example", "10.0.0.7", ""]
)
def test_a_name_that_leads_here_from_elsewhere_is_refused_even_with_the_token(name):
    answer = client().get("/api/x", headers={**with_token(), "host": name})
    assert answer.status_code == 421
    assert "does not go by that name" in answer.json()["error"]


def test_a_server_for_others_goes_by_its_addresses_and_not_by_strange_names():
    served = client("0.0.0.0")
    assert served.get("/api/x", headers={**with_token(), "host": "10.0.0.7:7878"}).status_code == 200
    assert served.get("/api/x", headers={**with_token(), "host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("headers", [{}, with_token("another"), {"cookie": f"token={TOKEN}"}])
def test_nothing_is_told_or_changed_without_the_token(method, headers):
    answer = getattr(client(), method)("/api/x", headers=headers)
    assert answer.status_code == 401
    assert "mlo viz --serve printed" in answer.json()["error"]


def test_no_answer_lets_a_page_load_or_run_what_is_not_its_own():
    for path in ("/", "/api/x"):
        headers = client().get(path, headers=with_token()).headers
        policy = dict(
            part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("host", "is_it"), [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True),
                        ("0.0.0.0", False), ("::", False), ("example.org", False)]
)  # fmt: skip
def test_loopback_is_told_from_what_others_reach(host, is_it):
    assert is_loopback(host) is is_it
