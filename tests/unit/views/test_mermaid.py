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
            r"---|title: .*|flowchart TD|    \w+ (-->|-\.->) \w+|    classDef [\w ,:#-]+", line
        )
        assert label or known, line
        if label:
            rest = label[2].replace("<br/>", "")
            assert not set("<>`\\") & set(rest)
            assert not re.search(r"[#;](?!\w+;)", re.sub(r"#\w+;", "", rest))
