from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog, retries
from mlflow_tmpl.config.values import Origin, located
from mlflow_tmpl.errors import CatalogError, DataError

if TYPE_CHECKING:
    from tests.unit.catalog.servers import Web

pytestmark = pytest.mark.network


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_S", 0.001)


def catalog_of(web: Web, credentials: dict[str, str] | None = None, **more: Any) -> Catalog:
    entry = {"type": "api", "url": f"{web.url}/x", **more, **({"credentials": "me"} if credentials else {})}
    return Catalog.of(
        {"x": entry}, credentials=lambda: located({"me": credentials}, Origin("credentials.yml"))
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/json; charset=utf-8", {"a": 1}),
        ("application/hal+json", {"a": 1}),
        ("text/plain", '{"a": 1}'),
        ("application/octet-stream", b'{"a": 1}'),
    ],
)
def test_an_answer_is_what_it_says_it_is(web: Web, kind: str, expected: Any) -> None:
    web.pages = {"/x": (b'{"a": 1}', {"Content-Type": kind})}
    assert catalog_of(web).load("x") == expected


def test_what_it_gives_can_be_said(web: Web) -> None:
    web.pages = {"/x": (b'{"a": 1}', {"Content-Type": "text/plain"})}
    assert catalog_of(web, gives="json").load("x") == {"a": 1}
    assert catalog_of(web, type="api.APIDataset").load("x").json() == {"a": 1}
    with pytest.raises(CatalogError, match="'gives' is one of auto, response, json, text, bytes, not 'xml'"):
        catalog_of(web, gives="xml").dataset("x")


def test_arguments_and_who_asks_are_sent(web: Web) -> None:
    web.pages = {"/x": (b"1", {})}
    catalog_of(web, {"token": "hush-hush"}, load_args={"params": {"q": "a b"}}).load("x")
    catalog_of(web, {"username": "me", "password": "hush-hush"}, method="post").load("x")
    (get, get_path, get_headers), (post, _, post_headers) = web.seen
    assert (get, get_path, post) == ("GET", "/x?q=a+b", "POST")
    assert get_headers["Authorization"] == "Bearer hush-hush"
    assert base64.b64decode(post_headers["Authorization"].partition(" ")[2]) == b"me:hush-hush"


def test_overload_is_waited_for_and_a_refusal_is_told(web: Web) -> None:
    web.pages = {"/x": (b"ok", {"Content-Type": "text/plain"})}
    web.failures = [503, 429]
    assert catalog_of(web).load("x") == "ok"
    web.failures = [401]
    with pytest.raises(DataError, match="dataset 'x' cannot be loaded: 401 Client Error"):
        catalog_of(web).load("x")


def test_a_strong_etag_is_the_fingerprint(web: Web) -> None:
    web.pages = {"/x": (b"1", {"ETag": '"abc"'})}
    assert catalog_of(web).dataset("x").fingerprint() == "ETag:abc"
    assert catalog_of(web, method="POST").dataset("x").fingerprint() is None
    web.pages = {"/x": (b"1", {"ETag": 'W/"abc"'})}
    assert catalog_of(web).dataset("x").fingerprint() is None
    web.pages = {}
    assert catalog_of(web).dataset("x").fingerprint() is None


def test_an_answer_cannot_be_an_output(web: Web) -> None:
    with pytest.raises(CatalogError, match="dataset 'x' cannot be saved: it is only read"):
        catalog_of(web).check_use([], ["x"])
