"""Hooks that emit OpenTelemetry spans: one for a run, one for each node that ran in it.

The ids are made from those of the ledger, so that a trace is found by its run, and a run that another process
closes has one: the trace has the run's UUID, the span of a node a hash of run and node.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.errors import ProjectError
from mlflow_tmpl.hashing import digest_parts
from mlflow_tmpl.hooks.packages import require
from mlflow_tmpl.hooks.specs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Link, SpanContext

    from mlflow_tmpl.hooks.told import NodeInfo, NodeOutcome, RunInfo
    from mlflow_tmpl.ledger.records import RunRecord

PATIENCE_S = 3
"""How long the end of a run waits for a collector where the environment does not say it: the SDK's own is 10 s."""

_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")

_QUEUE = 65_536
"""Spans that wait for the collector: of a run of many small nodes the SDK's own 2048 would lose some."""

_PROTOCOLS = {
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
}
_RAN = frozenset({"done", "failed", "cancelled", "timed_out", "retried"})


class OtelHooks:
    """Emits spans to where the standard variables say: ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``OTEL_SERVICE_NAME``, ..."""

    def __init__(self) -> None:
        require("opentelemetry.sdk", "otel")
        self._tracing: dict[str, _Tracing] = {}
        self._makers: dict[str, dict[str, int]] = {}

    @hookimpl
    def before_run(self, run: RunInfo) -> None:
        """Get ready to emit."""
        if _is_off():
            return
        self._makers[run.id] = {}
        self._tracing[run.id] = _Tracing(run)

    @hookimpl
    def after_node(self, run: RunInfo, node: NodeInfo, outcome: NodeOutcome) -> None:
        """Emit the span of a node that ran."""
        if run.id not in self._tracing or outcome.status not in _RAN or not outcome.duration_s:
            return
        makers = self._makers[run.id]
        needs = list(dict.fromkeys(makers[name] for name in node.inputs.values() if name in makers))
        if outcome.status == "done":
            makers.update(dict.fromkeys(node.outputs, _node_span(run.id, node.name, node.attempt)))
        attributes: dict[str, Any] = {
            "mlo.node.name": node.name,
            "mlo.node.status": outcome.status,
            "mlo.node.reasons": list(node.reasons),
            "mlo.node.inputs": list(node.inputs.values()),
            "mlo.node.outputs": list(node.outputs),
            "mlo.node.tags": sorted(node.tags),
            "mlo.node.attempt": node.attempt,
            "mlo.node.engine": node.engine,
            "code.location": node.where,
        }
        known = {"mlo.node.cpu_s": outcome.cpu_s, "mlo.node.peak_bytes": outcome.peak_bytes}
        attributes.update({key: value for key, value in known.items() if value is not None})
        began = outcome.ended_at - outcome.duration_s
        self._tracing[run.id].node(node, attributes, needs, began, outcome)

    @hookimpl
    def after_run(self, run: RunInfo, record: RunRecord) -> None:
        """Emit the span of the run, and hand on what was not handed on yet."""
        if _is_off():
            return
        self._makers.pop(run.id, None)
        tracing = self._tracing.pop(run.id, None) or _Tracing(run)
        tracing.run(record)


class _Tracing:
    """Emits the spans of one run.

    Args:
        run: the run.
    """

    def __init__(self, run: RunInfo) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import Decision

        self._run = run
        self._ids = _Ids()
        said = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": run.project}
        self._provider: TracerProvider = _provider(Resource.create(said), self._ids)
        for exporter in exporters():
            room = None if "OTEL_BSP_MAX_QUEUE_SIZE" in os.environ else _QUEUE
            self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=room))
        drawn = self._provider.sampler.should_sample(None, _trace(run.id), _name(run)).decision
        sampled = drawn is not Decision.DROP
        self._above = _context(run.id, _run_span(run.id), sampled=sampled)
        self._tracer = self._provider.get_tracer("mlflow_tmpl", version("mlflow-tmpl"))

    def node(
        self,
        node: NodeInfo,
        attributes: dict[str, Any],
        needs: Sequence[int],
        began: float,
        outcome: NodeOutcome,
    ) -> None:
        """Emit the span of a node, below that of the run, linked with those that made what it takes."""
        from opentelemetry.trace import Link, NonRecordingSpan, StatusCode, set_span_in_context

        above = set_span_in_context(NonRecordingSpan(self._above))
        self._ids.next_span = _node_span(self._run.id, node.name, node.attempt)
        error, ended = outcome.error, outcome.ended_at
        links = [Link(_context(self._run.id, need), {"mlo.link": "input"}) for need in needs]
        span = self._tracer.start_span(
            node.name, above, attributes=attributes, links=links, start_time=_ns(began)
        )
        if error is not None:
            told = {
                "exception.type": error.type,
                "exception.message": error.message,
                "exception.stacktrace": error.traceback,
            }
            span.add_event("exception", told, timestamp=_ns(ended))
            span.set_attribute("error.type", error.type)
            span.set_status(StatusCode.ERROR, error.message)
        elif outcome.status != "done":
            span.set_status(StatusCode.ERROR, outcome.status)
        span.end(_ns(ended))

    def run(self, record: RunRecord) -> None:
        """Emit the span of the run, and end."""
        from opentelemetry.context import Context
        from opentelemetry.trace import StatusCode

        run = self._run
        attributes: dict[str, Any] = {
            "mlo.run.id": run.id,
            "mlo.run.status": record.status,
            "mlo.run.pipelines": list(run.pipelines),
            "mlo.run.engine": record.engine,
            "mlo.run.cause": run.cause,
            "mlo.project": run.project,
            **{f"mlo.run.nodes.{status}": count for status, count in record.counts.items()},
            **{f"mlo.run.tags.{key}": value for key, value in run.tags.items()},
        }
        optional = {
            "mlo.environment": run.environment,
            "mlo.run.command": run.command,
            "vcs.ref.head.revision": record.git_commit,
        }
        attributes.update({key: value for key, value in optional.items() if value})
        self._ids.next_trace, self._ids.next_span = _trace(run.id), _run_span(run.id)
        links, began = list(_links(run)), record.started_at
        span = self._tracer.start_span(
            _name(run), Context(), attributes=attributes, links=links, start_time=_ns(began)
        )
        span.set_status(StatusCode.OK if record.status == "done" else StatusCode.ERROR)
        span.end(_ns(began + (record.duration_s or 0.0)))
        self._provider.shutdown()  # which hands on what waits


def exporters() -> Iterator[SpanExporter]:
    """Yield the exporters that ``OTEL_TRACES_EXPORTER`` names: ``otlp`` unless given, ``console``, ``none``.

    Raises:
        ProjectError: there is no such exporter, or no such protocol of it.
    """
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(","):
        if name.strip() == "console":
            yield ConsoleSpanExporter()
        elif name.strip() == "otlp":
            yield _otlp()
        elif name.strip() not in ("none", ""):
            raise ProjectError(
                f"there is no exporter {name.strip()!r} of spans",
                where="OTEL_TRACES_EXPORTER",
                hint="there are otlp, console, none",
            )


def _otlp() -> SpanExporter:
    from importlib import import_module

    common = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", common)
    if protocol not in _PROTOCOLS:
        hint = f"there are {', '.join(_PROTOCOLS)}"
        raise ProjectError(
            f"there is no protocol {protocol!r}", where="OTEL_EXPORTER_OTLP_PROTOCOL", hint=hint
        )
    module = _PROTOCOLS[protocol]
    require(module.rpartition(".")[0], "otel")
    patient = any(name in os.environ for name in _TIMEOUTS)
    made: SpanExporter = import_module(module).OTLPSpanExporter(
        **({} if patient else {"timeout": PATIENCE_S})
    )
    return made


class _Ids:
    """Gives the ids that were set; an `IdGenerator` of the SDK."""

    next_trace = 0
    next_span = 0

    def generate_span_id(self) -> int:
        return self.next_span

    def generate_trace_id(self) -> int:
        return self.next_trace

    def is_trace_id_random(self) -> bool:
        return False


def _provider(resource: Any, ids: _Ids) -> TracerProvider:
    from opentelemetry.sdk.trace import TracerProvider

    return TracerProvider(resource=resource, id_generator=ids)  # type: ignore[arg-type]  # it has the methods


def _links(run: RunInfo) -> Iterator[Link]:
    """Yield links to the run that this one goes on with or repeats, and to whoever started the process."""
    from opentelemetry.trace import Link, get_current_span
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if run.parent:
        yield Link(_context(run.parent, _run_span(run.parent)), {"mlo.link": run.cause})
    carried = {
        "traceparent": os.environ.get("TRACEPARENT", ""),
        "tracestate": os.environ.get("TRACESTATE", ""),
    }
    outer = get_current_span(TraceContextTextMapPropagator().extract(carried)).get_span_context()
    if outer.is_valid:
        yield Link(outer, {"mlo.link": "started by"})


def _context(run: str, span: int, *, sampled: bool = True) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags

    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return SpanContext(_trace(run), span, is_remote=True, trace_flags=flags)


def _name(run: RunInfo) -> str:
    return f"mlo run {' '.join(run.pipelines)}"


def _trace(run: str) -> int:
    return int(run.replace("-", ""), 16)


def _run_span(run: str) -> int:
    return int(digest_parts(["otel", run])[:16], 16) or 1


def _node_span(run: str, node: str, attempt: int) -> int:
    return int(digest_parts(["otel", run, node, str(attempt)])[:16], 16) or 1


def _is_off() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
