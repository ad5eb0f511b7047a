from __future__ import annotations

from typing import Any

import pytest

from mlflow_tmpl.planning import NoHistory
from mlflow_tmpl.planning.changed_code import code_differences
from mlflow_tmpl.planning.code import CodeFingerprint, Definition

CODE = {
    "python": "3.11",
    "definition a.py scale": "1",
    "statement a.py 0a1b2c3d4e5f": "0a1b2c3d4e5f",
    "module c.so": "1",
    "package pandas": "3.0",
    "environment K": "x",
    "file w.txt": "y",
    "function": "z",
}


class Recorded(NoHistory):
    """A past that knows what code was."""

    def code(self, fingerprint: str) -> Any:
        return {"before": CODE, "old": {"module a.py": "1"}, "above": {"reach before": ""}}.get(
            fingerprint, {}
        )

    def source(self, fingerprint: str) -> str | None:
        return {"1": "def scale(x):\n    return 2 * x", "0a1b2c3d4e5f": "register(scale)"}.get(fingerprint)


def definition(part: str) -> Definition | None:
    return (
        Definition("scale()", "a.py:14", "def scale(x):\n    return 3 * x")
        if part.endswith("scale")
        else None
    )


def reasons(change: dict[str, str | None], before: str = "before") -> list[Any]:
    parts = {name: value for name, value in {**CODE, **change}.items() if value is not None}
    after = CodeFingerprint("after", (), {"after": parts})
    return list(code_differences(before, after, Recorded(), definition))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"definition a.py scale": "2"}, "code changed: a.py:14 scale()"),
        ({"definition a.py scale": None}, "code changed: a.py scale is gone"),
        ({"statement a.py 0a1b2c3d4e5f": None}, "code changed: a.py register(scale) is gone"),
        ({"module c.so": "2"}, "code changed: c.so"),
        ({"module b.so": "2"}, "code changed: b.so is new"),
        ({"module c.so": None}, "code changed: c.so is gone"),
        ({"package pandas": "3.1"}, "package pandas 3.0 -> 3.1"),
        ({"package numpy": "2.0"}, "package numpy none -> 2.0"),
        ({"python": "3.12"}, "Python 3.11 -> 3.12"),
        ({"environment K": "2"}, "environment variable K changed"),
        ({"file w.txt": "2"}, "file w.txt changed"),
        ({"function": "2"}, "code changed: what is bound into the function"),
        ({"order a.py": "2"}, "code changed: the order of what is done on import"),
    ],
)
def test_each_part_of_the_code_has_its_sentence(change: dict[str, str | None], sentence: str) -> None:
    assert [str(reason) for reason in reasons(change)] == [sentence]


def test_a_definition_is_shown_as_it_was_and_as_it_is() -> None:
    (reason,) = reasons({"definition a.py scale": "2"})
    assert reason.diff.splitlines() == [
        "@@ -1,2 +1,2 @@",
        " def scale(x):",
        "-    return 2 * x",
        "+    return 3 * x",
    ]
    assert reason.to_json()["diff"] == reason.diff


def test_code_is_found_through_what_it_leads_to() -> None:
    assert [str(reason) for reason in reasons({"file w.txt": "2"}, "above")] == ["file w.txt changed"]


@pytest.mark.parametrize("before", ["lost", "old"])
def test_code_that_is_not_known_is_told_as_such(before: str) -> None:
    assert [str(reason) for reason in reasons({}, before)] == ["code changed: what it was is not known"]


def test_the_same_fingerprint_gives_no_reason() -> None:
    after = CodeFingerprint("same", (), {})
    assert list(code_differences("same", after, Recorded(), definition)) == []
