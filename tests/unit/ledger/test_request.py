from __future__ import annotations

import json

from mlflow_tmpl.ledger.request import Request


def test_a_request_comes_back_as_it_was_recorded() -> None:
    asked = Request(("a",), {"tags": ("x", "y")}, ({"train": {"alpha": 0.1}},), "prod", False, ("n",))
    back = Request.from_text(json.dumps(asked.to_json()))
    assert json.dumps(back.to_json()) == json.dumps(asked.to_json())
    assert back.selectors == {"tags": ("x", "y")}
