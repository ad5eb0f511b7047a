"""Runs over data that is more than one local file: stores, folders, databases, streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.catalog.servers import s3, s3_server  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from tests.unit.catalog.servers import Store

    from .incremental import Lab

COUNT = """
    from mlflow_tmpl import node

    @node(outputs="total")
    def count(lines):
        return {"rows": len(lines)}
"""


@pytest.mark.network
def test_an_input_on_s3_is_reused_until_it_changes(lab: Lab, s3: Store) -> None:  # noqa: F811
    import fsspec

    system = fsspec.filesystem("s3", **s3.options)
    system.pipe(f"{s3.url}/raw.jsonl", b"1\n2\n")
    lab.write(
        {
            "src/proj/nodes/count.py": COUNT,
            "conf/base/catalog.yml": f"""
                lines: {{filepath: "{s3.url}/raw.jsonl", credentials: lake}}
                total: {{filepath: "{s3.url}/total.json", credentials: lake}}
            """,
            "conf/local/credentials.yml": json.dumps({"lake": s3.options}),
        }
    )
    assert lab.run().done == {"count"}
    assert lab.run().done == set()
    system.pipe(f"{s3.url}/raw.jsonl", b"1\n2\n3\n")
    assert lab.run().done == {"count"}
    assert json.loads(system.cat(f"{s3.url}/total.json")) == {"rows": 3}
    system.pipe(f"{s3.url}/total.json", b'{"rows": 0}')
    assert lab.run().done == {"count"}, "the output was edited by someone else"
    recorded = b"".join(path.read_bytes() for path in (lab.root / ".mlo").rglob("*") if path.is_file())
    assert s3.options["secret"].encode() not in recorded


INCREMENTAL = {
    "src/proj/nodes/sums.py": """
        from mlflow_tmpl import node

        @node(outputs="sums")
        def add(days):
            return {"of_" + name: sum(load()) for name, load in days.items()}

        @node(outputs="seen")
        def look(sums, *, fail: bool):
            if fail:
                raise RuntimeError("as asked")
            return sorted(sums)
    """,
    "conf/base/parameters.yml": "fail: false\n",
    "conf/base/catalog.yml": """
        days: {type: incremental, filepath: data/days, dataset: json}
        sums:
          type: partitions.PartitionedDataset
          path: data/sums
          dataset: {type: json.JSONDataset}
          filename_suffix: .json
        seen: data/seen.json
    """,
}


def test_each_new_partition_is_taken_by_one_good_run(lab: Lab) -> None:
    lab.write({**INCREMENTAL, "data/days/monday.json": "[1, 2]"})
    assert lab.run().done == {"add", "look"}
    assert lab.run().done == set(), "nothing new"
    lab.write({"data/days/tuesday.json": "[3]"})
    failed = lab.try_run("--params", "fail=true")
    assert failed.code == 1
    assert "look" in lab.run().done
    lab.write({"data/days/wednesday.json": "[5]"})
    assert "add" in lab.run().done
    sums = {path.stem: json.loads(path.read_text()) for path in (lab.root / "data" / "sums").iterdir()}
    assert sums == {"of_monday": 3, "of_tuesday": 3, "of_wednesday": 5}
    assert lab.run().done == set()


STREAMED: dict[str, Any] = {
    "parquet": "data/x.parquet",
    "jsonl": "{type: pandas.jsonl, filepath: data/x.jsonl.gz}",
    "sql": '{type: sql.table, table: rows, con: "sqlite:///data/x.db"}',
    "delta": "{type: delta, filepath: data/delta}",
}


@pytest.mark.parametrize("entry", STREAMED.values(), ids=STREAMED)
def test_a_generator_node_saves_its_chunks(lab: Lab, entry: str) -> None:
    lab.write(
        {
            "src/proj/nodes/stream.py": """
                import pandas as pd
                from mlflow_tmpl import node

                @node(outputs="rows")
                def make():
                    for start in range(0, 30, 10):
                        yield pd.DataFrame({"a": range(start, start + 10)})

                @node(outputs="total")
                def add(rows):
                    return {"sum": int(rows["a"].sum())}
            """,
            "conf/base/catalog.yml": f"rows: {entry}\ntotal: data/total.json\n",
        }
    )
    assert lab.run().done == {"make", "add"}
    assert json.loads((lab.root / "data" / "total.json").read_text()) == {"sum": 435}


def test_what_can_only_be_read_is_refused_as_an_output_before_anything_runs(lab: Lab) -> None:
    lab.write(
        {
            "src/proj/nodes/x.py": """
                from mlflow_tmpl import node

                @node(outputs="answer")
                def make():
                    return 1
            """,
            "conf/base/catalog.yml": "answer: {type: api, url: 'http://127.0.0.1:1/x'}\n",
        }
    )
    ran = lab.try_run()
    assert ran.code == 2
    assert "conf/base/catalog.yml:1:9: dataset 'answer' cannot be saved: it is only read" in ran.err
    assert ran.out == ""
