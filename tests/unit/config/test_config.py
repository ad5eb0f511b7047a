from concurrent.futures import ThreadPoolExecutor

import pytest

from mlflow_tmpl.config import Config, Origin, environments, located, parse_assignment, sources
from mlflow_tmpl.errors import ConfigError
from mlflow_tmpl.masking import Secret


@pytest.fixture
def conf(tmp_path):
    """A configuration folder with base, prod and local layers."""
    texts = {
        "base/parameters.yml": "train:\n  alpha: 0.1\n  depth: 3\nseed: 1\n",
        "prod/parameters.yml": "train:\n  alpha: 0.2\n",
        "local/parameters.yml": "seed: 7\n",
        "base/catalog.yml": "_csv: &csv {type: csv}\nraw:\n  <<: *csv\n  filepath: raw.csv\n",
        "prod/catalog.yml": "raw: {filepath: s3://bucket/raw.csv}\n",
        "local/credentials.yml": "lake: {key: abc}\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def config(conf):
    return Config(conf, ("base", "prod", "local"))


@pytest.fixture
def reads(monkeypatch):
    """The files that are read from now on."""
    seen = []
    read = sources.read_yaml
    monkeypatch.setattr(
        "mlflow_tmpl.config.sources.read_yaml", lambda path, *more: (seen.append(path), read(path, *more))[1]
    )
    return seen


def test_the_layers_are_merged_from_the_lowest(config):
    assert config.parameters.plain() == {"train": {"alpha": 0.2, "depth": 3}, "seed": 7}


def test_a_merged_parameter_knows_its_file_and_what_it_overrode(config, conf):
    alpha = config.parameters.get("train.alpha")
    assert (alpha.origin, alpha.overrode.origin) == (
        Origin(str(conf / "prod" / "parameters.yml"), 2, 10),
        Origin(str(conf / "base" / "parameters.yml"), 2, 10),
    )


def test_catalog_entries_are_merged_without_the_anchors(config):
    assert config.catalog.plain() == {"raw": {"type": "csv", "filepath": "s3://bucket/raw.csv"}}


def test_credentials_are_read(config):
    assert config.credentials.plain() == {"lake": {"key": Secret("abc")}}
    assert config.credential("lake").plain() == {"key": Secret("abc")}


def test_credentials_print_in_no_way(tmp_path):
    for layer, text in (
        ("base", "lake: {key: hush-below, list: [hush-item]}\n"),
        ("local", "lake: {key: '${oc.env:NONE,hush-above}'}\n"),
    ):
        (tmp_path / layer).mkdir()
        (tmp_path / layer / "credentials.yml").write_text(text)
    config = Config(tmp_path, ("base", "local"))
    for value in (config.credentials, config.credential("lake")):
        assert "hush" not in f"{value!r} {value} {[*value.leaves()]}"
    assert config.credential("lake").get("key").plain().reveal() == "hush-above"


def test_a_missing_layer_is_empty(conf):
    assert Config(conf, ("base", "gone")).parameters.get("seed").data == 1


def test_opening_reads_nothing(conf, reads):
    Config(conf, ("base", "local")).with_parameters([located({"a": 1}, Origin("--params"))])
    assert reads == []


def test_a_broken_catalog_does_not_keep_the_parameters_from_being_read(config, conf):
    (conf / "base" / "catalog.yml").write_text("a: [", encoding="utf-8")
    assert config.parameters.get("seed").data == 7
    with pytest.raises(ConfigError, match=r"catalog\.yml:2:1: this is not YAML"):
        assert config.catalog


def test_every_file_is_read_once_also_by_what_is_set_on_top(config, reads):
    for setting in ("a=1", "a=2"):
        assert config.with_parameters([parse_assignment(setting)]).parameters.get("a")
    assert config.parameters.get("a") is None
    assert len(reads) == len(set(reads)) == 3


def test_what_is_set_for_a_run_changes_that_and_nothing_else(config):
    over = config.with_parameters([parse_assignment("train.alpha=5")])
    assert over.parameters.plain() == {"train": {"alpha": 5, "depth": 3}, "seed": 7}
    assert str(over.parameters.get("train.alpha").origin) == "--params"
    assert over.parameters.get("train.alpha").overrode.data == 0.2


def test_the_later_of_two_settings_wins(config):
    over = config.with_parameters([parse_assignment("seed=2"), parse_assignment("seed=3")])
    assert over.parameters.get("seed").data == 3
    assert over.with_parameters([parse_assignment("seed=4")]).parameters.get("seed").data == 4


def test_settings_for_a_run_leave_the_catalog_alone(config):
    assert config.with_parameters([parse_assignment("a=1")]).catalog == config.catalog


def test_threads_see_one_configuration(config):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: config.parameters.plain(), range(32)))
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=5", {"a": 5}),
        ("a.b.c=1e-3", {"a": {"b": {"c": 0.001}}}),
        (" a . b = text ", {"a": {"b": "text"}}),
        ("a=", {"a": None}),
        ("a=null", {"a": None}),
        ("a=x=y", {"a": "x=y"}),
        ("a=[1, two]", {"a": [1, "two"]}),
        ("a={b: true}", {"a": {"b": True}}),
        ("a='012'", {"a": "012"}),
        ("a=1,2", {"a": "1,2"}),
    ],
)
def test_an_assignment_is_typed_as_yaml(text, expected):
    assert parse_assignment(text).plain() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "--params: 'a' sets nothing (write key=value)"),
        ("=5", "--params: '=5' has an empty key (write key=value, with dots between"),
        ("a..b=5", "--params: 'a..b=5' has an empty key"),
        (".a=5", "--params: '.a=5' has an empty key"),
        (
            "a=yes",
            "--params: 'a=yes' cannot be taken: 'yes' is read differently by YAML 1.1 and 1.2 (write true or",
        ),
        ("a=[1", "--params: 'a=[1' cannot be taken: this is not YAML: did not find expected ',' or ']'"),
        ("a=#fff", "--params: 'a=#fff' has nothing but a comment for a value (put the value in quotes)"),
        (".".join("a" * 200) + "=1", "--params: values are nested more than 100 deep"),
    ],
)
def test_an_assignment_that_cannot_be_taken_says_why(text, expected):
    with pytest.raises(ConfigError) as caught:
        parse_assignment(text)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (None, ("base", "local")),
        ("prod", ("base", "prod", "local")),
        ("staging", ("base", "eu", "prod", "staging", "local")),
        ("local", ("base", "local")),
        ("base", ("base", "local")),
        ("folder", ("base", "folder", "local")),
    ],
)
def test_an_environment_stands_on_what_it_builds_on(tmp_path, env, expected):
    (tmp_path / "folder").mkdir()
    declared = {"staging": ["eu", "prod"], "prod": ["eu", "base"], "eu": []}
    assert environments(env, {**declared, "prod": []} if env == "prod" else declared, tmp_path) == expected


def test_an_unknown_environment_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "staging").mkdir()
    with pytest.raises(ConfigError, match=r"environment 'stagin' is unknown \(did you mean 'staging'\?\)"):
        environments("stagin", {}, tmp_path)


def test_an_unknown_environment_is_refused_with_those_that_are_known(tmp_path):
    for name in ("eu", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "README").touch()
    with pytest.raises(
        ConfigError, match=r"environment 'xyz' is unknown \(known are base, eu, local, prod\)"
    ):
        environments("xyz", {"prod": []}, tmp_path)


def test_an_unknown_parent_is_refused_with_its_child(tmp_path):
    expected = r"environment 'prd', which 'staging' builds on, is unknown \(did you mean 'prod'\?\)"
    with pytest.raises(ConfigError, match=expected):
        environments("staging", {"staging": ["prd"], "prod": []}, tmp_path)


@pytest.mark.parametrize("env", ["a", None])
def test_environments_that_build_on_each_other_are_refused(tmp_path, env):
    with pytest.raises(
        ConfigError, match=r"environments build on each other in a circle: (a -> b -> a|b -> a -> b)"
    ):
        environments(env, {"a": ["b"], "b": ["a"]}, tmp_path)
