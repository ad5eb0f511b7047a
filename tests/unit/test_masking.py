import json
import pickle

import pytest

from mlflow_tmpl.masking import Secret, Secrets, mask_text


def test_a_secret_never_prints():
    secret = Secret("hush-hush")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>9}",
        f"{secret}",
        repr([secret]),
        repr({1: secret}),
    ]
    shown.append(json.dumps({"a": secret}, default=str))
    assert not any("hush" in text for text in shown)
    assert (secret.reveal(), Secret(secret).reveal(), secret == Secret("hush-hush")) == (
        "hush-hush",
        "hush-hush",
        True,
    )
    with pytest.raises(TypeError, match="a secret is not pickled"):
        pickle.dumps(secret)


def test_known_secrets_are_masked_however_they_are_written():
    secrets = Secrets()
    secrets.add({"key": 'p/w "x"&é', "port": 5432, "list": ["second", None, True, "abc"]})
    texts = [
        'p/w "x"&é',
        json.dumps('p/w "x"&é'),
        repr('p/w "x"&é'),
        "p%2Fw%20%22x%22%26%C3%A9",
        "p%2Fw+%22x%22%26%C3%A9",
    ]
    assert not any("x" in secrets.mask(text) for text in texts)
    assert secrets.mask("second at 5432 abc True") == "*** at 5432 abc True"


def test_documents_stay_documents():
    secrets = Secrets()
    secrets.add({"pin": "123456", "word": "seconds"})
    assert secrets.mask_data(
        {"n": 1234567, "pin": 123456, "t": "123456 1234567", "seconds": ["seconds"]}
    ) == {
        "n": 1234567,
        "pin": 123456,
        "t": "*** 1234567",
        "***": ["***"],
    }


def test_variables_are_named_and_words_and_paths_stay():
    secrets = Secrets()
    for name, value in {"TOKEN": "long-enough", "STAGE": "prod", "HOME_DIR": "/home/someone"}.items():
        secrets.add_variable(name, value)
    assert secrets.mask("long-enough prod /home/someone") == "env:TOKEN prod /home/someone"


def test_what_is_known_goes_into_no_other_process():
    secrets = Secrets()
    secrets.add("hush-hush")
    assert b"hush" not in pickle.dumps(secrets)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:p%40w@h/db", "postgresql://me:***@h/db"),
        ("https://h/x?a=1&X-Amz-Signature=abc&b=2", "https://h/x?a=1&X-Amz-Signature=***&b=2"),
        ("AccountName=n;AccountKey=abc==;EndpointSuffix=s", "AccountName=n;AccountKey=***;EndpointSuffix=s"),
        ("host=h password='a b' dbname=d", "host=h password=*** dbname=d"),
        ("alpha=1 keys=2", "alpha=1 keys=2"),
        ("https://h/x?sig=a\\b\\\\c&b=2", "https://h/x?sig=***&b=2"),
    ],
)
def test_passwords_of_urls_and_connection_strings_are_masked(text, shown):
    assert mask_text(text) == shown


@pytest.mark.parametrize("end", ["", "\\", "\n", '"', "\u00e9"])
@pytest.mark.parametrize("text", ["https://h/x?sig=hush", "password=hush", "s3://me:hush@h/x?token=hush"])
def test_a_document_in_which_texts_are_masked_stays_one(text, end):
    quoted = json.dumps(f"parameter none -> {json.dumps(text + end)} (parameters.yml:1)")
    assert "hush" not in json.loads(mask_text(quoted))
