import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_tmpl.config import Origin, Value, layers, located, merge, parse_assignment
from mlflow_tmpl.config.sources import Folder, layer_files
from mlflow_tmpl.config.values import Whole
from mlflow_tmpl.errors import ConfigError

BASE, PROD, LOCAL = (Origin(f"conf/{layer}/parameters.yml", 1, 1) for layer in ("base", "prod", "local"))


@pytest.fixture
def layer(tmp_path):
    """Write files of a layer, by path."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path = path.with_name(f"{path.name}.yml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def read_layer(folder, stem, **options):
    return layers.read_layer(Folder(folder.parent).files(folder.name, stem), **options)


def test_mappings_are_merged_and_all_else_is_replaced():
    base = located({"a": {"b": 1, "c": [1, 2]}, "d": 5}, BASE)
    over = located({"a": {"c": [3]}, "e": {"f": 6}}, LOCAL)
    assert merge(base, over).plain() == {"a": {"b": 1, "c": [3]}, "d": 5, "e": {"f": 6}}


def test_a_merged_leaf_keeps_its_place_and_what_it_overrode():
    merged = merge(located({"a": 1, "b": 2}, BASE), located({"a": 3}, LOCAL))
    leaf = merged.get("a")
    assert (leaf.origin, leaf.overrode.data, leaf.overrode.origin) == (LOCAL, 1, BASE)
    assert (merged.get("b").origin, merged.get("b").overrode) == (BASE, None)


def test_what_was_overridden_goes_down_through_all_layers():
    merged = merge(merge(located({"a": 1}, BASE), located({"a": 2}, PROD)), located({"a": 3}, LOCAL))
    assert merged.get("a").overrode.overrode.data == 1


def test_null_replaces_a_mapping():
    assert merge(located({"a": {"b": 1}}, BASE), located({"a": None}, LOCAL)).plain() == {"a": None}


def test_an_empty_layer_changes_nothing():
    base = located({"a": {"b": 1}}, BASE)
    assert merge(base, located({}, LOCAL)) == base
    assert merge(located({}, LOCAL), base) == base


def test_merging_leaves_both_sides_as_they_were():
    base, over = located({"a": {"b": 1}}, BASE), located({"a": {"c": 2}}, LOCAL)
    merge(base, over)
    assert (base.plain(), over.plain()) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_a_mapping_that_replaced_a_scalar_hides_the_mapping_below_it():
    merged = merge(
        merge(located({"a": {"x": 1}}, BASE), located({"a": 5}, PROD)), located({"a": {"y": 2}}, LOCAL)
    )
    assert merged.plain() == {"a": {"y": 2}}


origins = st.builds(Origin, st.sampled_from("pqr"), st.integers(1, 9))
values = st.recursive(
    st.builds(Value, st.integers(0, 9), origins),
    lambda inner: st.builds(
        lambda kind, data, origin: kind(data, origin),
        st.sampled_from([Value, Value, Whole]),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
        origins,
    ),
    max_leaves=8,
)


@given(values, values, values)
def test_merging_is_associative_in_data_places_and_memory(first, second, third):
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


def test_a_layer_is_all_files_that_begin_with_its_name_and_all_in_the_folder_of_its_name(layer):
    folder = layer(
        parameters="a: 1",
        parameters_train="b: 2",
        parameters__deep__x="c: 3",
        parameters__y="d: 4",
        catalog="e: 5",
    )
    assert read_layer(folder, "parameters").plain() == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_both_suffixes_of_yaml_are_read_and_no_others(tmp_path):
    for name in (
        "parameters.yml",
        "parameters_a.yaml",
        "parameters_b.YML",
        "parameters.yml.bak",
        "parameters.json",
    ):
        (tmp_path / name).touch()
    assert [path.name for path in layer_files(tmp_path, "parameters")] == [
        "parameters.yml",
        "parameters_a.yaml",
        "parameters_b.YML",
    ]


def test_what_editors_and_notebooks_leave_behind_is_not_read(layer):
    folder = layer(parameters="a: 1", parameters__x="b: 2")
    layer(**{"parameters__.ipynb_checkpoints__x": "b: 9", "parameters__.#x": "b: 9"})
    assert read_layer(folder, "parameters").plain() == {"a": 1, "b": 2}


def test_files_are_read_in_one_order_everywhere(layer):
    folder = layer(parameters_b="b: 1", parameters_a="a: 1", parameters__c="c: 1")
    assert list(read_layer(folder, "parameters").data) == ["c", "a", "b"]


def test_a_missing_layer_is_empty(tmp_path):
    assert read_layer(tmp_path / "gone", "parameters").plain() == {}


def test_two_files_may_add_different_keys_below_one_mapping(layer):
    folder = layer(
        parameters_a="train: {alpha: 1, deep: {x: 1}}", parameters_b="train: {beta: 2, deep: {z: 2}}"
    )
    assert read_layer(folder, "parameters").plain() == {
        "train": {"alpha": 1, "deep": {"x": 1, "z": 2}, "beta": 2}
    }


@pytest.mark.parametrize(
    ("first", "second", "key", "places"),
    [
        ("a: 1", "b: 1\na: 1", "a", ("b.yml:2:1", "a.yml:1:1")),
        ("train:\n  alpha: 1", "train:\n  alpha: 2", "train.alpha", ("b.yml:2:3", "a.yml:2:3")),
        ("train: 5", "train: {alpha: 2}", "train", ("b.yml:1:1", "a.yml:1:1")),
    ],
)
def test_a_key_in_two_files_of_a_layer_is_refused_with_both_places(layer, first, second, key, places):
    folder = layer(parameters_a=first, parameters_b=second)
    with pytest.raises(ConfigError, match=f"key '{key}' is given twice in one layer, first at") as caught:
        read_layer(folder, "parameters")
    assert caught.value.where.endswith(places[0])
    assert caught.value.message.endswith(places[1])


def test_an_entry_is_a_whole_that_no_second_file_adds_to(layer):
    folder = layer(catalog_a="raw: {type: csv}", catalog_b="raw: {filepath: x.csv}")
    with pytest.raises(
        ConfigError, match=r"key 'raw' is given twice in one layer, first at .*catalog_a\.yml:1:1"
    ):
        read_layer(folder, "catalog", entries=True)


def test_keys_that_hold_anchors_may_be_in_every_file(layer):
    folder = layer(catalog_a="_c: &c {type: csv}\nx: {<<: *c}", catalog_b="_c: &c {type: json}\nz: {<<: *c}")
    assert read_layer(folder, "catalog", entries=True).plain() == {
        "_c": {"type": "json"},
        "x": {"type": "csv"},
        "z": {"type": "json"},
    }


@pytest.mark.parametrize("text", ["- a", "5", "text"])
def test_a_file_that_is_no_mapping_is_refused(layer, text):
    with pytest.raises(
        ConfigError, match=r"parameters\.yml:1:1: file is no mapping \(write 'key: value' lines\)"
    ):
        read_layer(layer(parameters=text), "parameters")


def test_a_link_that_leads_nowhere_is_not_passed_over(tmp_path):
    try:
        (tmp_path / "parameters.yml").symlink_to(tmp_path / "gone.yml")
    except OSError:
        pytest.skip("this account may not make links")
    with pytest.raises(ConfigError, match=r"parameters\.yml: file cannot be read"):
        read_layer(tmp_path, "parameters")


def test_a_folder_that_is_called_like_a_file_is_no_file(tmp_path):
    (tmp_path / "parameters.yml").mkdir()
    assert read_layer(tmp_path, "parameters").plain() == {}


def test_a_folder_that_cannot_be_listed_says_so(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(ConfigError, match="folder cannot be read: Permission denied"):
        read_layer(tmp_path, "parameters")


def test_a_marked_mapping_takes_the_place_of_the_lower_one(layer):
    base = read_layer(layer(parameters="train: {alpha: 1, deep: {x: 1}}\nseed: 1"), "parameters")
    over = read_layer(layer(parameters="train: {_replace_: true, beta: 2}"), "parameters")
    merged = merge(base, over)
    assert merged.plain() == {"train": {"beta": 2}, "seed": 1}
    assert merged.get("train").overrode.plain() == {"alpha": 1, "deep": {"x": 1}}


def test_a_mark_at_the_top_of_a_file_holds_for_each_of_its_keys(layer):
    base = read_layer(layer(parameters="train: {alpha: 1}\nsplit: {share: 1}\nseed: 1"), "parameters")
    over = read_layer(
        layer(parameters="split: {test: 2}", parameters_b="_replace_: true\ntrain: {beta: 2}"), "parameters"
    )
    assert merge(base, over).plain() == {"train": {"beta": 2}, "split": {"share": 1, "test": 2}, "seed": 1}


def test_a_mark_that_says_no_changes_nothing_and_another_value_is_refused(layer):
    over = read_layer(layer(parameters="train: {_replace_: false, beta: 2}"), "parameters")
    assert merge(located({"train": {"alpha": 1}}, BASE), over).plain() == {"train": {"alpha": 1, "beta": 2}}
    with pytest.raises(ConfigError, match=r"parameters\.yml:1:20: key '_replace_' must be true or false"):
        read_layer(layer(parameters="train: {_replace_: maybe}"), "parameters")


def test_a_mark_works_from_the_command_line_and_from_python():
    base = located({"train": {"alpha": 1}}, BASE)
    assert merge(base, parse_assignment("train={_replace_: true, beta: 2}")).plain() == {"train": {"beta": 2}}
    over = located({"train": {"_replace_": True, "beta": 2}}, LOCAL)
    assert merge(base, over).plain() == {"train": {"beta": 2}}


def leaves_of(value, path=()):
    if value.is_mapping:
        for key, inner in value.data.items():
            yield from leaves_of(inner, (*path, key))
    else:
        yield path, value


@given(st.lists(values, min_size=1, max_size=4))
def test_the_origin_of_every_leaf_is_that_of_the_last_layer_that_says_it(layers):
    named = [located_anew(value, Origin(f"layer{at}")) for at, value in enumerate(layers)]
    merged = named[0]
    for each in named[1:]:
        merged = merge(merged, each)
    for path, leaf in leaves_of(merged):
        found = [at_path(each, path) for each in named]
        said = [value for value in found if value is not None]
        assert leaf.origin == said[-1].origin
        assert leaf.plain() == said[-1].plain()


def located_anew(value, origin):
    return located(value.plain(), origin)


def at_path(value, path):
    for key in path:
        value = value.data.get(key) if value.is_mapping else None
        if value is None:
            return None
    return value
