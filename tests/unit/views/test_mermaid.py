from __future__ import annotations

import re

from mlflow_tmpl.views.mermaid import to_mermaid

from .pipelines import view


def test_each_kind_of_vertex_has_its_shape():
    lines = to_mermaid(view({"a": "", "end": "a"}, parameters={"a": "alpha"})).splitlines()
    assert lines[:14] == [
        "---",
        'title: "demo"',
        "---",
        "flowchart TD",
        '    n0["a"]:::none',
        '    n1["end"]:::none',
        '    d0(["raw_a"]):::data',
        '    d1(["a_out"]):::data',
        '    d2(["end_out"]):::data',
        '    p0{{"alpha = 0.1"}}:::param',
        "    d0 --> n0",
        "    p0 -.-> n0",
        "    n0 --> d1",
        "    d1 --> n1",
    ]


def test_a_status_stands_under_the_name(ten):
    assert 'n5["train_forest<br/>done · 1m 23s"]:::good' in to_mermaid(ten)


def test_no_text_can_end_its_label(hostile):
    text = to_mermaid(hostile)
    for line in text.splitlines():
        label = re.fullmatch(r'    [ndp]\d+(\[|\(\[|\[\(|\{\{)"([^"]*)"(\]|\]\)|\)\]|\}\}):::\w+', line)
        known = re.fullmatch(
            r"---|title: .*|flowchart TD|    \w+ (-->|-\.->) \w+|    classDef [\w ,:#-]+",
            line,
        )
        assert label or known, line
        if label:
            rest = label[2].replace("<br/>", "")
            assert not set("<>`%\\") & set(rest)
            assert not re.search(r"[#;](?!\w+;)", re.sub(r"#\w+;", "", rest))


def test_boxes_are_subgraphs_and_what_lies_in_them_goes_by_its_short_name():
    lines = to_mermaid(view({"load": "", "prep.clean": "load", "prep.deep.split": "prep.clean"})).splitlines()
    assert lines[4:15] == [
        '    n0["load"]:::none',
        '    subgraph b0["prep"]',
        '        n1["clean"]:::none',
        '        subgraph b1["deep"]',
        '            n2["split"]:::none',
        '            d3(["prep.deep.split_out"]):::data',
        "        end",
        '        d2(["prep.clean_out"]):::data',
        "    end",
        '    d0(["raw_load"]):::data',
        '    d1(["load_out"]):::data',
    ]


def test_a_large_graph_has_its_boxes_closed_unless_asked_otherwise():
    made = view({f"box{at % 4}.n{at}": "" for at in range(150)})
    assert '    b0[["box0<br/>38 nodes"]]:::none' in to_mermaid(made)
    assert "[[" not in to_mermaid(made, expand=True)


def test_more_edges_than_mermaid_draws_by_itself_are_spoken_of():
    text = to_mermaid(view({f"n{at}": "" for at in range(251)}))
    assert "%% 502 edges: drawn only where maxEdges is more than 500" in text
