"""Lineage as OpenLineage events (https://openlineage.io/spec): what a catalog of a whole company takes in."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from mlflow_tmpl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_tmpl.history.lineage import Lineage, Made, Version

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
_TIMEOUT_S = 30.0


def events(lineage: Lineage, namespace: str, producer: str) -> Iterator[dict[str, Any]]:
    """Yield an event for each result of a lineage, in the order in which they were made.

    Args:
        lineage: what is told.
        namespace: of jobs and datasets: the project.
        producer: address of what tells.
    """
    for made in lineage.results.values():
        yield _event(made, namespace, producer)


def _event(made: Made, namespace: str, producer: str) -> dict[str, Any]:
    moment = datetime.fromtimestamp(made.made_at, timezone.utc).isoformat(timespec="milliseconds")
    facets: dict[str, Any] = {}
    if made.run:
        facets["parent"] = {
            **_facet(producer, "1-1-0/ParentRunFacet.json#/$defs/ParentRunFacet"),
            "run": {"runId": made.run},
            "job": {"namespace": namespace, "name": namespace},
        }
    return {
        "eventType": "COMPLETE",
        "eventTime": moment,
        "producer": producer,
        "schemaURL": SCHEMA,
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"mlo:{made.run}/{made.result}")), "facets": facets},
        "job": {"namespace": namespace, "name": made.node, "facets": {}},
        "inputs": [_dataset(each, namespace, producer) for each in made.inputs],
        "outputs": [_dataset(each, namespace, producer) for each in made.outputs],
    }


def _dataset(version: Version, namespace: str, producer: str) -> dict[str, Any]:
    facet = _facet(producer, "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet")
    return {
        "namespace": namespace,
        "name": version.dataset,
        "facets": {"version": {**facet, "datasetVersion": version.fingerprint}},
    }


def _facet(producer: str, path: str) -> dict[str, str]:
    return {"_producer": producer, "_schemaURL": f"{_FACETS}/{path}"}


def deliver(told: Iterable[dict[str, Any]], target: str) -> int:
    """Write events to a file, a line each, or post them to a URL; return how many.

    Raises:
        UsageError: they cannot be written or sent.
    """
    lines = [json.dumps(event) for event in told]
    if target.startswith(("http://", "https://")):
        for line in lines:
            _post(line, target)
        return len(lines)
    try:
        with open(target, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise UsageError(
            f"{target!r} cannot be written: {error.strerror or error}",
            hint="give --openlineage another place",
        ) from error
    return len(lines)


def _post(line: str, url: str) -> None:
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    from mlflow_tmpl.catalog.secrets import mask_urls

    request = Request(url, line.encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=_TIMEOUT_S):
            return
    except (URLError, OSError, ValueError) as error:
        raise UsageError(
            f"{mask_urls(url)!r} does not take events: {error}",
            hint="the address of an OpenLineage receiver ends in /api/v1/lineage",
        ) from error
