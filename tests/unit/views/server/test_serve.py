from __future__ import annotations

import socket

import pytest

from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.views.server.serve import address_of, bind


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken_is_refused_with_the_way_out(taken):
    with pytest.raises(UsageError, match=f"nothing can be served at '127.0.0.1:{taken}': ") as caught:
        bind("127.0.0.1", taken)
    assert caught.value.hint == "give --port another number"


def test_where_none_is_asked_for_and_the_usual_one_is_taken_another_is_found(taken, monkeypatch):
    monkeypatch.setattr("mlflow_tmpl.views.server.serve.PORT", taken)
    with bind("127.0.0.1", None) as bound:
        assert bound.getsockname()[1] not in (0, taken)


def test_the_token_stands_where_it_is_never_sent():
    with bind("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert address_of(bound, "127.0.0.1", "hush") == f"http://127.0.0.1:{port}/#token=hush"


def test_an_address_of_another_machine_is_refused_with_the_way_out():
    with pytest.raises(UsageError, match=r"nothing can be served at '192\.0\.2\.1': ") as caught:
        bind("192.0.2.1", None)
    assert caught.value.hint == "give --host an address of this machine"
