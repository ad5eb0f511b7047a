"""Spans of runs, as a collector receives them by OTLP over HTTP."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.engine import NodeFailure
from mlflow_tmpl.errors import ProjectError
from mlflow_tmpl.hooks.otel import exporters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import MadeProject


class Collector:
    """Receives spans."""

    def __init__(self) -> None:
        collector = self
        self.requests: list[Any] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
                    ExportTraceServiceRequest,
                )

                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    import gzip

                    body = gzip.decompress(body)
                collector.requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *told: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def spans(self) -> dict[str, Any]:
        """Return name to span of all that was received."""
        return {
            span.name: span
            for _, request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{made.server.server_port}")
    yield made
    made.close()


@pytest.fixture
def traced(make_project: Callable[..., MadeProject]) -> MadeProject:
    """Three nodes, the second of which takes two outputs of others."""
    return make_project(
        """
        @node(outputs="one")
        def first() -> str:
            return "1"

        @node(outputs="two", tags=["late"])
        def second(one: str, raw: str) -> str:
            return str(1 / int(raw))
        """,
        catalog="one: data/one.txt\ntwo: data/two.txt\nraw: data/raw.txt\n",
        files={"data/raw.txt": "4"},
        settings='hooks = ["otel"]\n',
    )


def attributes(span: Any) -> dict[str, Any]:
    def value(each: Any) -> Any:
        kind = each.WhichOneof("value")
        return (
            [value(one) for one in each.array_value.values] if kind == "array_value" else getattr(each, kind)
        )

    return {pair.key: value(pair.value) for pair in span.attributes}


def test_a_run_and_its_nodes_are_spans_of_the_trace_that_has_the_run_s_id(
    traced: MadeProject, collector: Collector
) -> None:
    result = traced.open().run()
    spans = collector.spans()
    assert set(spans) == {"mlo run __default__", "first", "second"}
    run = spans["mlo run __default__"]
    assert {span.trace_id.hex() for span in spans.values()} == {result.id.replace("-", "")}
    assert {spans["first"].parent_span_id, spans["second"].parent_span_id} == {run.span_id}
    assert run.parent_span_id == b""
    assert [link.span_id for link in spans["second"].links] == [spans["first"].span_id]
    assert run.start_time_unix_nano <= spans["first"].start_time_unix_nano
    assert spans["first"].end_time_unix_nano <= spans["second"].end_time_unix_nano
    assert spans["second"].end_time_unix_nano <= run.end_time_unix_nano + 5_000_000
    told = attributes(spans["second"])
    assert told["mlo.node.reasons"] == ["never run before"]
    assert told["mlo.node.tags"] == ["late"]
    assert attributes(run)["mlo.run.nodes.done"] == 2
    path, request = collector.requests[0]
    assert path == "/v1/traces"
    assert attributes(request.resource_spans[0].resource)["service.name"] == "project"


def test_a_failure_is_an_error_of_its_span_with_the_traceback(
    traced: MadeProject, collector: Collector
) -> None:
    (traced.root / "data/raw.txt").write_text("0")
    with pytest.raises(NodeFailure):
        traced.open().run()
    spans = collector.spans()
    assert spans["second"].status.code == 2
    assert "ZeroDivisionError" in spans["second"].status.message
    (event,) = spans["second"].events
    assert attributes(event)["exception.type"] == "ZeroDivisionError"
    assert "1 / int(raw)" in attributes(event)["exception.stacktrace"]
    assert spans["mlo run __default__"].status.code == 2
    assert spans["first"].status.code == 0


def test_each_attempt_at_a_node_is_a_span_of_its_own(traced: MadeProject, collector: Collector) -> None:
    traced.write(
        "nodes/flow.py",
        """
        from mlflow_tmpl import node

        calls = []

        @node(outputs="one", retries=1, reuse=False)
        def shaky() -> str:
            calls.append(1)
            return str(1 / (len(calls) - 1))

        @node(outputs="two")
        def after(one: str) -> str:
            return one
        """,
    )
    traced.open().run()
    spans = [
        span for _, request in collector.requests for span in request.resource_spans[0].scope_spans[0].spans
    ]
    attempts = {attributes(span)["mlo.node.attempt"]: span for span in spans if span.name == "shaky"}
    assert {number: span.status.code for number, span in attempts.items()} == {1: 2, 2: 0}
    (link,) = next(span for span in spans if span.name == "after").links
    assert link.span_id == attempts[2].span_id != attempts[1].span_id


def test_what_is_reused_has_no_span_and_a_resumed_run_links_to_the_one_before(
    traced: MadeProject, collector: Collector
) -> None:
    project = traced.open()
    first = project.run()
    collector.requests.clear()
    second = project.resume()
    (run,) = collector.spans().values()
    assert run.trace_id.hex() == second.id.replace("-", "")
    assert [link.trace_id.hex() for link in run.links] == [first.id.replace("-", "")]


def test_a_run_that_a_traced_process_starts_links_to_it(
    traced: MadeProject, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{'ab' * 16}-{'cd' * 8}-01")
    traced.open().run()
    assert [link.trace_id.hex() for link in collector.spans()["mlo run __default__"].links] == ["ab" * 16]


def test_a_switch_turns_it_off(
    traced: MadeProject, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    traced.open().run()
    assert collector.requests == []


def test_a_collector_that_is_not_there_fails_nothing(
    traced: MadeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    assert traced.open().run().status == "done"


def test_an_exporter_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console,zipkin")
    with pytest.raises(ProjectError, match="OTEL_TRACES_EXPORTER: there is no exporter 'zipkin' of spans"):
        list(exporters())
