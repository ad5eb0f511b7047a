import subprocess
import sys

import pytest

from mlflow_tmpl.config import Config, Origin, Unresolved, located, parse_assignment
from mlflow_tmpl.errors import ConfigError


@pytest.fixture
def made(tmp_path):
    """Make a configuration of texts: ``layer/kind`` to YAML."""

    def make(files, resolvers=None, params=()):
        for name, text in files.items():
            path = tmp_path / f"{name}.yml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        config = Config(tmp_path, ("base", "prod", "local"), resolvers)
        return config.with_parameters([parse_assignment(text) for text in params])

    return make


@pytest.fixture
def resolved(made):
    """Resolve the parameters of one file."""
    return lambda text, **options: made({"base/parameters": text}, **options).parameters


def refusal(value):
    with pytest.raises(ConfigError) as caught:
        value.plain()
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {b: 1}\nc: ${a.b}", 1),
        ("a: {b: 1}\nc: ${a}", {"b": 1}),
        ("a: [5, 6]\nc: ${a[1]}", 6),
        ("a: [5, 6]\nc: ${a.0}", 5),
        ("a: {b: {d: 7}}\nc: ${a[b].d}", 7),
        ("a: true\nc: x-${a}", "x-True"),
        ("a: null\nc: ${a}", None),
        ("a: b\nb: 3\nc: ${${a}}", 3),
        ("a: ${b}\nb: ${d}\nd: 4\nc: ${a}", 4),
        ("a: ${b}\nb: {e: 1}\nc: ${a.e}", 1),
        ("c: \\${a}", "${a}"),
        ("a: 1\nc: '\\\\${a}'", "\\1"),
        ("c: ${oc.env:NOT_THERE,5}", "5"),
        ("c: ${oc.env:NOT_THERE,null}", None),
        ("c: ${oc.env:THERE}", "12"),
        ("c: ${oc.decode:${oc.env:THERE}}", 12),
        ("c: \"${oc.decode:'[1, {a: b}]'}\"", [1, {"a": "b"}]),
        ("a: 1\nc: ${oc.decode:'[${a}]'}", [1]),
        ("c: ${oc.decode:null}", None),
        ("c: ${oc.select:nothing,3}", 3),
        ("a: {b: 9}\nc: ${oc.select:a.b}", 9),
        ("a: {x: 1, z: 2}\nc: ${oc.dict.keys:a}", ["x", "z"]),
        ("a: {x: 1, z: 2}\nc: ${oc.dict.values:a}", [1, 2]),
        ('c: "${oc.create:{a: [1]}}"', {"a": [1]}),
        ("c: $5 and {x}", "$5 and {x}"),
    ],
)
def test_interpolations_are_read_as_omegaconf_reads_them(resolved, monkeypatch, text, expected):
    monkeypatch.setenv("THERE", "12")
    assert resolved(text).get("c").plain() == expected


def test_dots_lead_from_the_mapping_that_the_text_stands_in(resolved):
    found = resolved("top: 1\na:\n  x: 2\n  b: {x: 3, near: '${.x}', up: '${..x}', all: '${...top}'}\n").get(
        "a.b"
    )
    assert found.plain() == {"x": 3, "near": 3, "up": 2, "all": 1}


def test_what_is_referred_to_is_resolved_where_it_stands(resolved):
    assert resolved("a: {x: 1, b: '${.x}'}\nc: {x: 2, d: '${a.b}'}\n").get("c.d").plain() == 1


def test_layers_are_merged_before_so_that_each_sees_the_keys_of_the_others(made):
    config = made(
        {
            "base/parameters": "root: data\nraw: ${root}/raw.csv\n",
            "prod/parameters": "root: s3://b\n",
            "local/parameters": "mine: ${raw}.bak\n",
        }
    )
    assert config.parameters.get("mine").plain() == "s3://b/raw.csv.bak"


def test_a_resolved_value_stands_where_its_text_is_written(made):
    config = made({"base/parameters": "a: 1\nb: 2\n", "local/parameters": "b: ${a}\n"})
    value = config.parameters.get("b")
    assert (value.written, value.origin.line, value.overrode.data) == ("${a}", 1, 2)
    assert str(value.origin).endswith("local/parameters.yml:1:4")


def test_globals_are_shared_by_all_kinds_and_layered(made):
    config = made(
        {
            "base/globals": "bucket: data\nurl: ${bucket}/x\n",
            "prod/globals": "bucket: s3://b\n",
            "base/parameters": "a: ${globals:url}\nb: ${globals:no.such,7}\n",
            "base/catalog": "raw: {filepath: '${globals:url}/raw.csv'}\n",
        }
    )
    assert config.parameters.plain() == {"a": "s3://b/x", "b": 7}
    assert config.entry("raw", config.catalog.data["raw"]).plain() == {"filepath": "s3://b/x/raw.csv"}


def test_what_is_set_for_a_run_is_seen_by_runtime_params(made):
    files = {
        "base/parameters": "a: ${runtime_params:x,1}\n",
        "base/catalog": "r: '${runtime_params:x,d}.csv'\n",
    }
    config, over = made(files), made(files, params=["x=5"])
    assert (config.parameters.get("a").plain(), over.parameters.get("a").plain()) == (1, 5)
    assert over.entry("r", over.catalog.data["r"]).plain() == "5.csv"
    assert (config.runtime_names, config.catalog_takes_parameters) == ({"x"}, True)


def test_a_setting_for_a_run_may_have_interpolations_itself(made):
    assert made({"base/parameters": "a: 1\n"}, params=["b=${a}"]).parameters.get("b").plain() == 1


def test_keys_with_an_underscore_are_what_entries_of_the_catalog_share(made):
    config = made({"base/catalog": "_root: data\nraw: ${_root}/raw.csv\n", "prod/catalog": "_root: s3://b\n"})
    assert list(config.catalog.data) == ["raw"]
    assert config.entry("raw", config.catalog.data["raw"]).plain() == "s3://b/raw.csv"


def test_an_entry_that_is_not_asked_for_is_not_resolved(made):
    config = made({"base/catalog": "a: x.csv\nb: ${oc.env:NOT_THERE}.csv\n"})
    assert config.entry("a", config.catalog.data["a"]).plain() == "x.csv"
    with pytest.raises(ConfigError, match="environment variable 'NOT_THERE' is not set"):
        config.entry("b", config.catalog.data["b"])


def test_a_parameter_that_leads_nowhere_is_an_error_only_where_it_is_used(resolved):
    found = resolved("a: 1\nb: ${oc.env:NOT_THERE}\n")
    assert isinstance(found.get("b"), Unresolved)
    assert (found.get("a").plain(), found.shown()) == (1, {"a": 1, "b": "${oc.env:NOT_THERE}"})
    assert "'NOT_THERE' is not set" in refusal(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "alpha: 1\nc: ${alhpa}",
            ":2:4: '${alhpa}' finds nothing: there is no 'alhpa' among the parameters (did you mean 'alpha'?)",
        ),
        ("c: ${d}\nd: ${e}\ne: ${c}", ":1:4: interpolations lead in a circle: c -> d -> e -> c"),
        ("c: {a: '${c}'}", ":1:8: interpolations lead in a circle: c.a -> c.a"),
        ("c: ${oc.evn:X}", ":1:4: there is no resolver 'oc.evn' (did you mean 'oc.env'?)"),
        ("c: ${zzz:X}", "there is no resolver 'zzz' (those of a project are named in [tool.mlo.resolvers])"),
        (
            "c: ${oc.env:NOT_THERE_AT_ALL}",
            "is not set (set it, or write a default: ${oc.env:NOT_THERE_AT_ALL,DEFAULT})",
        ),
        ("c: ${oc.env:MLO_NAER}", "environment variable 'MLO_NAER' is not set (did you mean 'MLO_NEAR'?)"),
        ("c: ${globals:x}", ":1:4: there is no global 'x' (add it to conf/base/globals.yml)"),
        ("c: ${runtime_params:x}", "parameter 'x' is not given (give --params x=VALUE, or a default"),
        ("c: '${a'", ":1:4: '${a' is no interpolation: "),
        ("c: '${'", "(write \\${ where no interpolation is meant)"),
        ("c: ${....a}", ":1:4: '${....a}' leads above the top"),
        ("a: {b: 1}\nc: x${a}", ":2:4: 'x${a}' puts a mapping into a text"),
        ("c: ${oc.env:A,B,C}", "resolver 'oc.env' does not take 3 arguments"),
        ("c: ${oc.dict.keys:[1]}", "resolver 'oc.dict.keys' takes a mapping, or the key of one"),
        ("c: ${oc.decode:1}", "resolver 'oc.decode' takes one text"),
    ],
)
def test_what_leads_nowhere_is_told_with_its_place(resolved, monkeypatch, text, expected):
    monkeypatch.setenv("MLO_NEAR", "1")
    assert expected in refusal(resolved(text).get("c"))


def test_a_long_way_is_refused_and_a_reasonable_one_is_not(resolved):
    chain = "".join(f"k{at}: ${{k{at + 1}}}\n" for at in range(200))
    found = resolved(f"{chain}k200: 1\n")
    assert found.get("k180").plain() == 1
    assert "interpolations lead through more than 25 values" in refusal(found.get("k0"))


@pytest.mark.parametrize("item", ["['{0}', '{0}', '{0}', '{0}']", "'{0}{0}{0}{0}'"])
def test_some_lines_cannot_ask_for_more_than_memory_has(resolved, item):
    lines = "".join(f"k{at}: {item.format('${k' + str(at + 1) + '}')}\n" for at in range(20))
    assert "more than 1,000,000" in refusal(resolved(f"{lines}k20: xxxx\n").get("k0"))


def test_what_is_nested_beyond_sense_is_refused(resolved):
    assert "too long, or nested too deep" in refusal(resolved(f"c: '{'${a.' * 3000}'").get("c"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("${oc.env:PLANTED}", "env:PLANTED"),
        ("s3://${oc.env:PLANTED}/x", "s3://env:PLANTED/x"),
        ("${oc.decode:'[${oc.env:PLANTED}]'}", ["env:PLANTED"]),
        ("${oc.select:other}", "env:PLANTED"),
        ("${other}", "env:PLANTED"),
        ("${oc.dict.values:holder}", ["env:PLANTED"]),
        ("${oc.create:{a: '${oc.env:PLANTED}'}}", {"a": "env:PLANTED"}),
        ("${oc.env:NOT_THERE,plain}", "plain"),
    ],
)
def test_what_an_environment_variable_gave_is_not_shown(resolved, monkeypatch, text, shown):
    monkeypatch.setenv("PLANTED", "planted-value")
    rest = "other: ${oc.env:PLANTED}\nholder: {x: '${other}'}\n"
    value = resolved(f"{rest}c: {text!r}\n" if "'" not in text else f'{rest}c: "{text}"\n').get("c")
    assert value.shown() == shown
    assert "planted-value" not in repr(value.counted())


def test_what_is_not_shown_counts(resolved, monkeypatch):
    counted = []
    for value in ("one", "two", "one"):
        monkeypatch.setenv("PLANTED", value)
        counted.append(resolved("c: ${oc.env:PLANTED}").get("c").counted())
    assert counted[0] == counted[2] != counted[1]
    assert counted[0].startswith("env:PLANTED#")


def test_functions_of_the_project_are_resolvers(resolved, tmp_path, monkeypatch):
    (tmp_path / "own_resolvers.py").write_text(
        "def add(*numbers): return sum(numbers)\ndef fail(): raise KeyError('x')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = {"add": "own_resolvers:add", "fail": "own_resolvers:fail", "gone": "own_resolvers:gone"}
    found = resolved("a: 1\nb: ${add:${a},2}\nc: ${fail:}\nd: ${gone:}\n", resolvers=own)
    assert found.get("b").plain() == 3
    assert ":3:4: resolver 'fail' failed: KeyError: 'x' (it is 'own_resolvers:fail'" in refusal(
        found.get("c")
    )
    assert "resolver 'gone' is 'own_resolvers:gone', which is no function" in refusal(found.get("d"))


def test_threads_resolve_one_configuration(made):
    from concurrent.futures import ThreadPoolExecutor

    lines = "".join(f"k{at}: ${{k{at + 1}}}\n" for at in range(20))
    config = made({"base/parameters": f"{lines}k20: 1\n"})
    with ThreadPoolExecutor(8) as pool:
        assert {value.get("k0").plain() for value in pool.map(lambda _: config.parameters, range(16))} == {1}


def test_omegaconf_is_imported_only_where_a_text_has_an_interpolation(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "parameters.yml").write_text("a: 1\nb: $x {y}\n", encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from mlflow_tmpl.config import Config\n"
        "c = Config(Path(sys.argv[1]), ('base',)); c.parameters.plain(); c.catalog; c.credentials\n"
        "print('omegaconf' in sys.modules, 'pandas' in sys.modules, 'fsspec' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["False"] * 3


def test_plain_data_has_interpolations_too(made):
    config = made({"base/parameters": "a: 1\n"})
    over = config.with_parameters([located({"b": ["${a}"]}, Origin("params"))])
    assert over.parameters.get("b").plain() == [1]
