from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.catalog.secrets import showable
from mlflow_tmpl.masking import Secret, Secrets, mask_urls


@pytest.mark.parametrize(
    ("given_url", "shown"),
    [
        ("s3://bucket/x.csv", "s3://bucket/x.csv"),
        ("sftp://me:hush@host/x", "sftp://me:***@host/x"),
        ("https://host/x?sv=1&sig=aGk%3D&se=2", "https://host/x?sv=1&sig=***&se=2"),
        ("https://host/x?X-Amz-Signature=abc", "https://host/x?X-Amz-Signature=***"),
    ],
)
def test_secrets_in_urls_are_masked(given_url: str, shown: str) -> None:
    assert mask_urls(f"failed: {given_url}") == f"failed: {shown}"


def test_known_secrets_are_masked_in_messages() -> None:
    secrets = Secrets()
    secrets.add({"key": "AKIA123", "nested": [{"token": Secret("AKIA123456")}], "anon": True, "n": 1})
    assert secrets.mask("denied for AKIA123456 and AKIA123") == "denied for *** and ***"


def test_settings_named_like_secrets_are_masked_at_any_depth() -> None:
    settings = {
        "api_key": "a",
        "inner": [{"db_password": "b", "storage_options": {"x": 1}}],
        "tokenizer": "bert",
    }
    assert showable(settings) == {
        "api_key": "***",
        "inner": [{"db_password": "***", "storage_options": "***"}],
        "tokenizer": "bert",
    }


def test_classes_are_shown_by_name() -> None:
    assert showable({"dtype": {"a": int}}) == {"dtype": {"a": "builtins.int"}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_plain_settings_without_secrets_are_json_and_shown_again_as_they_are(plain: object) -> None:
    shown = showable(plain)
    assert showable(shown) == shown
    assert json.loads(json.dumps(shown)) == shown
