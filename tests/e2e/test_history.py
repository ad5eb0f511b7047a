"""The past through the command: tags and names, logs, comparisons, versions, lineage."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import MadeProject

SCHEMAS = Path(__file__).parents[2] / "docs" / "reference" / "schemas"


def check(document: Any, schema: str) -> Any:
    jsonschema.validate(document, json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))
    return document


@pytest.fixture
def scored(make_project: Callable[..., MadeProject]) -> MadeProject:
    """A project that measures something, with three runs: the second reuses the measuring, the third does not."""
    project = make_project(
        nodes="""
            @node(outputs="model")
            def train(raw: list, *, factor: float) -> dict:
                print("training with", factor)
                return {"weight": factor * sum(raw)}

            @node(outputs="scores")
            def measure(model: dict) -> dict:
                return {"accuracy": model["weight"] / 100, "test": {"loss": [0.5, model["weight"] / 1000]}}

            @node(outputs="note")
            def tell(scores: dict, *, word: str) -> str:
                return f"{word}: {scores['accuracy']}"
            """,
        catalog="""\
            raw: data/raw.json
            model: {filepath: data/model.json, role: model}
            scores: {filepath: data/scores.json, role: metrics}
            note: data/note.txt
            """,
        parameters="factor: 1.0\nword: first\n",
        files={"data/raw.json": "[10, 20]"},
    )
    opened = project.open()
    opened.run()
    opened.run(params={"word": "second"})
    opened.run(params={"factor": 2.0}, tag={"who": "ada"})
    opened.ledger.close()
    return project


def test_a_leaderboard_sorts_runs_by_a_metric_also_those_that_reused_it(scored: MadeProject) -> None:
    runs = check(scored.json("runs", "list", "--sort", "accuracy"), "runs")
    assert [run["metrics"]["accuracy"] for run in runs] == [0.6, 0.3, 0.3]
    assert runs[0]["metrics"]["test.loss"] == 0.06
    head, first, *_ = scored.mlo("runs", "list", "--sort", "test.loss", "--asc").stdout.splitlines()
    assert head.split()[:3] == ["run", "when", "test.loss"]
    assert "0.03" in first
    refused = scored.mlo("runs", "list", "--sort", "acuracy")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "did you mean 'accuracy'?" in refused.stderr


def test_what_people_say_of_runs_is_told_in_documents(scored: MadeProject) -> None:
    last = check(scored.json("runs", "tag", "last", "who=eve"), "runs-tag")
    assert last["tags"] == {"who": "eve"}
    scored.mlo("runs", "alias", "live", "model:last")
    named = check(scored.json("runs", "alias", "best", "last"), "runs-alias")
    assert (named["runs"], list(named["versions"]["model"])) == ({"best": last["id"]}, ["live"])
    assert check(scored.json("runs", "pin", "last"), "runs-pin") == {"id": last["id"], "pinned": True}
    gone = check(scored.json("runs", "delete", "last~1"), "runs-delete")
    assert check(scored.json("runs", "delete", gone["deleted"][0], "--undo"), "runs-delete") == {
        "undone": gone["deleted"]
    }


def test_a_result_has_the_metrics_of_its_run(scored: MadeProject) -> None:
    project = scored.open()
    assert project.run().metrics["accuracy"] == 0.3
    assert [run.metrics["accuracy"] for run in project.runs(2, sort="accuracy")] == [0.6, 0.3]
    assert [run.tags for run in project.runs(tags=["who=ada"])] == [{"who": "ada"}]


def test_a_role_that_is_given_later_counts_for_what_is_reused(two_steps: MadeProject) -> None:
    two_steps.write("conf/base/catalog.yml", "number: data/number.txt\nresult: data/result.json\n")
    flow = two_steps.root / "src" / two_steps.package / "nodes" / "flow.py"
    text = flow.read_text().replace(
        "return str(int(doubled) + amount)", "return {'sum': int(doubled) + amount}"
    )
    flow.write_text(text.replace("amount: int) -> str", "amount: int) -> dict"))
    two_steps.mlo("run")
    two_steps.write(
        "conf/base/catalog.yml",
        "number: data/number.txt\nresult: {filepath: data/result.json, role: metrics}\n",
    )
    assert two_steps.statuses()["add"] == "reused"
    assert two_steps.json("runs", "list", "--metrics")[0]["metrics"] == {"sum": 41}


def test_runs_are_tagged_named_pinned_and_deleted(scored: MadeProject) -> None:
    assert scored.json("runs", "tag", "last", "for=paper")["tags"] == {"for": "paper", "who": "ada"}
    assert scored.mlo("runs", "tag", "last", "--remove", "who").stdout == "for=paper\n"
    scored.mlo("runs", "alias", "best", "last")
    assert "alias 'best'" in scored.mlo("runs", "delete", "best").stderr
    best = check(scored.json("runs", "show", "best"), "run-record")
    assert (best["aliases"], best["tags"]) == (["best"], {"for": "paper"})
    assert scored.json("runs", "show", "for=paper")["id"] == best["id"]
    gone = scored.json("runs", "list")[1]["id"]
    assert scored.mlo("runs", "delete", "last~1").returncode == 0
    assert gone not in [run["id"] for run in scored.json("runs", "list")]
    assert f"run {gone[:13]!r} was deleted by " in scored.mlo("runs", "show", gone).stderr
    assert scored.mlo("runs", "delete", "--undo", gone).returncode == 0
    assert gone in [run["id"] for run in scored.json("runs", "list")]
    scored.mlo("runs", "pin", gone)
    assert "a pin" in scored.mlo("runs", "delete", gone).stderr


def test_a_log_tells_in_order_what_happened_and_what_was_printed(scored: MadeProject) -> None:
    scored.mlo("runs", "tag", "last~2", "seen=yes")
    log = check(scored.json("runs", "log", "last~2"), "log")
    assert [(entry["kind"], entry["node"]) for entry in log][:5] == [
        ("run", ""), ("started", "train"), ("out", "train"), ("ended", "train"), ("started", "measure"),
    ]  # fmt: skip
    assert log[2]["text"] == "training with 1.0\n"
    assert log[-1]["text"].startswith("tag seen=yes by ")
    only = scored.mlo("runs", "log", "last~2", "--nodes", "train").stdout
    assert "| training with 1.0" in only
    assert "measure" not in only


def test_a_comparison_is_a_document_with_a_value_a_run(scored: MadeProject) -> None:
    document = check(scored.json("runs", "diff", "last~2", "last~1", "last"), "comparison")
    ids = [run["id"] for run in document["runs"]]
    assert document["parameters"]["factor"] == dict(zip(ids, [1.0, 1.0, 2.0], strict=True))
    assert document["metrics"]["accuracy"] == dict(zip(ids, [0.3, 0.3, 0.6], strict=True))
    assert set(document["parameters"]) == {"factor", "word"}
    for width in (80, 200):
        lines = scored.mlo("runs", "diff", env={"COLUMNS": str(width)}).stdout.splitlines()
        assert max(map(len, lines)) <= width


def test_versions_are_listed_compared_and_brought_back(scored: MadeProject) -> None:
    versions = check(scored.json("catalog", "history", "model"), "versions")
    assert [(each["present"], each["stored"], each["runs"]) for each in versions] == [
        (True, True, 1),
        (False, True, 2),
    ]
    told = check(scored.json("catalog", "diff", "model", "last~1"), "difference")
    assert told["changes"] == [{"kind": "changed", "where": "weight", "before": "30.0", "after": "60.0"}]
    (scored.root / "data/model.json").write_text('{"weight": "by hand"}')
    back = check(scored.json("catalog", "restore", "model", "last~1"), "restored")
    assert json.loads((scored.root / "data/model.json").read_text()) == {"weight": 30.0}
    again = scored.mlo("catalog", "restore", "model", back["replaced"])
    assert again.returncode == 0, again.stderr
    assert "by hand" in (scored.root / "data/model.json").read_text()
    assert scored.mlo("catalog", "diff", "model", "last", back["replaced"][:8]).returncode == 0


def test_a_version_has_a_name_that_moves(scored: MadeProject) -> None:
    scored.mlo("runs", "alias", "live", "model:last~1")
    assert scored.json("catalog", "history", "model")[1]["aliases"] == ["live"]
    assert scored.mlo("catalog", "restore", "model", "live").returncode == 0
    assert json.loads((scored.root / "data/model.json").read_text()) == {"weight": 30.0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history", "modle"), "did you mean 'model'?"),
        (("restore", "model", "nowhere"), "dataset 'model' has no version 'nowhere'"),
        (("diff", "model", "now", "nowhere"), "mlo catalog history model shows what there is"),
        (("restore", "model", "now"), "model:now is what lies there already"),
        (("diff", "word", "last"), "no run has made or taken a dataset 'word'"),
    ],
)  # fmt: skip
def test_a_version_that_is_not_there_is_told(
    scored: MadeProject, arguments: tuple[str, ...], said: str
) -> None:
    done = scored.mlo("catalog", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_damaged_version_is_never_brought_back(scored: MadeProject) -> None:
    version = scored.json("catalog", "history", "model")[1]["fingerprint"]
    path = scored.open().shelf.store.path(version)
    assert path is not None
    path.chmod(0o600)
    path.write_bytes(b"{}")
    before = (scored.root / "data/model.json").read_bytes()
    done = scored.mlo("catalog", "restore", "model", version)
    assert done.returncode != 0
    assert "damaged" in done.stderr
    assert (scored.root / "data/model.json").read_bytes() == before


def test_lineage_crosses_runs_up_and_down(scored: MadeProject) -> None:
    document = check(scored.json("lineage", "scores:last~1"), "lineage")
    assert [(each["node"], [one["dataset"] for one in each["outputs"]]) for each in document["results"]] == [
        ("train", ["model"]), ("measure", ["scores"]), ("tell", ["note"]), ("tell", ["note"]),
    ]  # fmt: skip
    assert document["results"][0]["parameters"] == {"factor": 1.0}
    first, *rest = scored.mlo("lineage", "note", "--up").stdout.splitlines()
    assert first.startswith("note:")
    assert [line.split()[1] for line in rest[1:]] == ["tell", "measure", "train"]
    assert scored.open().lineage("raw", up=False).down
    assert "'scores:' is no version" in scored.mlo("lineage", "scores:").stderr


def test_lineage_is_told_in_events_that_openlineage_takes(scored: MadeProject, tmp_path: Path) -> None:
    client = pytest.importorskip("openlineage.client")
    target = tmp_path / "events.jsonl"
    done = scored.mlo("lineage", "note", "--openlineage", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"3 events to {target}\n")
    events = [json.loads(line) for line in target.read_text().splitlines()]
    for told in events:
        read = openlineage_event(told)
        assert json.loads(client.serde.Serde.to_json(read))["job"] == {"facets": {}, **told["job"]}
    assert [event["job"]["name"] for event in events] == ["train", "measure", "tell"]
    taken, given = events[1]["inputs"][0]["facets"]["version"], events[0]["outputs"][0]["facets"]["version"]
    assert taken["datasetVersion"] == given["datasetVersion"]


def openlineage_event(told: dict[str, Any]) -> Any:
    """Return an event as the published models hold it: they refuse what the schema does not allow."""
    from openlineage.client import event_v2
    from openlineage.client.generated import datasource_dataset  # noqa: F401 (fails where the models are not there)
    from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
    from openlineage.client.generated.parent_run import Job, ParentRunFacet, Run

    def dataset(kind: Any, one: dict[str, Any]) -> Any:
        version = DatasetVersionDatasetFacet(one["facets"]["version"]["datasetVersion"])
        return kind(one["namespace"], one["name"], facets={"version": version})

    parent = told["run"]["facets"]["parent"]
    facets = {"parent": ParentRunFacet(run=Run(parent["run"]["runId"]), job=Job(**parent["job"]))}
    return event_v2.RunEvent(
        eventType=getattr(event_v2.RunState, told["eventType"]),
        eventTime=told["eventTime"],
        run=event_v2.Run(told["run"]["runId"], facets=facets),
        job=event_v2.Job(told["job"]["namespace"], told["job"]["name"], told["job"]["facets"]),
        producer=told["producer"],
        inputs=[dataset(event_v2.InputDataset, one) for one in told["inputs"]],
        outputs=[dataset(event_v2.OutputDataset, one) for one in told["outputs"]],
    )


def test_events_are_posted_to_a_receiver(scored: MadeProject) -> None:
    got: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
    done = scored.mlo("lineage", "note", "--up", "--openlineage", url)
    server.shutdown()
    server.server_close()
    assert (done.returncode, len(got)) == (0, 3), done.stderr
    refused = scored.mlo("lineage", "note", "--openlineage", url)
    assert refused.returncode == 2
    assert "does not take events" in refused.stderr
