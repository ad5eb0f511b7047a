"""`nodes.yml`: which rule counts for which node, and what no rule can be."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from mlflow_tmpl import Node, NodeOptions, Pipeline
from mlflow_tmpl.config import Config
from mlflow_tmpl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_tmpl.config.node_rules import NodeRules


OPTIONS = "write options and their values below it, such as 'retries: 3'"
KEYS = "write the name of a node, a pattern such as 'load_*', or 'tag:' and a tag"


def _nothing() -> None: ...


def made(name: str, *tags: str, options: NodeOptions | None = None) -> Node:
    return Node(_nothing, name=name, tags=tags, options=options or NodeOptions())


def rules(folder: Path, base: str, local: str = "") -> NodeRules:
    for layer, text in (("base", base), ("local", local)):
        (folder / layer).mkdir()
        (folder / layer / "nodes.yml").write_text(dedent(text), encoding="utf-8")
    found = Config(folder, ("base", "local")).node_rules
    assert found is not None
    return found


def refusal(folder: Path, text: str, nodes: Pipeline | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        rules(folder, text).check([nodes] if nodes is not None else [])
    return str(caught.value).replace(f"{folder}/", "")


NODES = Pipeline(
    [made("load_a", "io"), made("load_all", "io", "slow"), made("fit", options=NodeOptions(priority=9))]
)


def test_a_name_weighs_more_than_a_pattern_and_a_pattern_more_than_a_tag(tmp_path: Path) -> None:
    found = rules(
        tmp_path,
        """
        load_a: {priority: 4}
        load_al*: {priority: 3}
        load_*: {priority: 2, timeout_s: 5}
        "*": {priority: 0, retries: 9, keep: never}
        "tag:io": {priority: 1, timeout_s: 1, retries: 1}
        """,
    ).apply(NODES)
    told = {
        node.name: (node.options.priority, node.options.timeout_s, node.options.retries.count)
        for node in found
    }
    assert told == {"load_a": (4, 5, 1), "load_all": (3, 5, 1), "fit": (0, None, 9)}


def test_of_two_tags_the_later_one_counts(tmp_path: Path) -> None:
    found = rules(tmp_path, "'tag:slow': {priority: 1}\n'tag:io': {priority: 2}\n").apply(NODES)
    assert [node.options.priority for node in found] == [2, 2, 9]


def test_layers_are_merged_and_code_stands_where_no_rule_says_anything(tmp_path: Path) -> None:
    base = "fit: {retries: {count: 3, delay_s: 2}, engine: threads}\n"
    (node,) = [
        node
        for node in rules(tmp_path, base, "fit: {retries: {count: 5}}\n").apply(NODES)
        if node.name == "fit"
    ]
    assert (node.options.retries.count, node.options.retries.delay_s) == (5, 2)
    assert (node.options.engine, node.options.priority) == ("threads", 9)


def test_nodes_that_shared_their_options_go_on_sharing_them(tmp_path: Path) -> None:
    found = rules(tmp_path, "'*': {retries: 1}\n").apply(
        Pipeline([Node(_nothing, name=each) for each in "abc"])
    )
    assert len({id(node.options) for node in found}) == 1
    assert found["a"].options.retries.count == 1


def test_all_that_is_wrong_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    told = refusal(
        tmp_path,
        """\
        fit:
          retries: {cout: 3, delay_s: -1}
          engin: dask
        load: 3
        "tag:*": {priority: 1}
        """,
    )
    assert told.splitlines() == [
        "5 options of nodes are not as they can be:",
        "  base/nodes.yml:2:13: node 'fit': 'retries' has no key 'cout' (did you mean 'count'?)",
        "  base/nodes.yml:2:22: node 'fit': option 'retries.delay_s' cannot be -1 (it is a number, at least 0)",
        "  base/nodes.yml:3:3: node 'fit': there is no option 'engin' (did you mean 'engine'?)",
        f"  base/nodes.yml:4:1: node 'load' has no options ({OPTIONS})",
        f"  base/nodes.yml:5:1: 'tag:*' means no node ({KEYS})",
    ]


def test_rules_that_mean_no_node_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    told = refusal(tmp_path, "fitt: {priority: 1}\n'x*': {priority: 1}\n'tag:slwo': {priority: 1}\n", NODES)
    assert told.splitlines() == [
        "3 rules for nodes match none:",
        "  base/nodes.yml:1:1: no node is named 'fitt' (did you mean 'fit'?)",
        "  base/nodes.yml:2:1: no node is named like 'x*' (there are fit, load_a, load_all)",
        "  base/nodes.yml:3:1: no node has the tag 'slwo' (did you mean 'slow'?)",
    ]


def test_without_the_file_there_are_no_rules(tmp_path: Path) -> None:
    assert Config(tmp_path, ("base",)).node_rules is None


def test_a_condition_of_the_most_exact_rule_takes_the_place_of_that_in_the_code(tmp_path: Path) -> None:
    nodes = Pipeline([Node(_nothing, name=name, tags="io", when="params:code") for name in ("a", "b")])
    found = rules(
        tmp_path,
        """
        "tag:io": {when: "not params:all"}
        b: {when: params:b, priority: 3}
        """,
    ).apply(nodes)
    assert [str(node.when) for node in found] == ["not all", "b"]
    assert found["b"].options.priority == 3
    assert found.parameters == ("params:all", "params:b")


def test_what_is_no_condition_is_refused_at_its_place(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a: {when: a b}").startswith(
        "base/nodes.yml:1:11: node 'a': 'a b' is no condition"
    )
