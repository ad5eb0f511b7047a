"""Pipelines to draw, written as ``node: the nodes that it needs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl import Node, Pipeline
from mlflow_tmpl.views.graph import LastRun, build_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_tmpl.views.graph import GraphView

TEN = {
    "load": "",
    "clean": "load",
    "describe": "clean",
    "split": "clean",
    "train_tree": "split",
    "train_forest": "split",
    "train_linear": "split",
    "compare": "train_tree train_forest train_linear",
    "plot": "compare split",
    "report": "plot describe compare",
}
TEN_LAST = {
    "load": LastRun("reused", 0.012),
    "clean": LastRun("reused", 0.03),
    "describe": LastRun("done", 0.2),
    "split": LastRun("done", 0.044),
    "train_tree": LastRun("done", 1.2),
    "train_forest": LastRun("done", 83),
    "train_linear": LastRun("failed", 0.4, error="ValueError: input contains NaN\nmore of it"),
    "compare": LastRun("blocked"),
    "plot": LastRun("blocked"),
    "report": LastRun("blocked"),
}
REGIONS = ("north", "south", "east", "west", "centre", "coast", "isles", "hills", "lakes")


def take(*values: object) -> object:
    """Return the values that a node of these pipelines is given."""
    return values


def pipeline(needs: Mapping[str, str], parameters: Mapping[str, str] | None = None) -> Pipeline:
    """Make a pipeline; a node that needs nothing takes ``raw_<name>``, and each gives ``<name>_out``."""
    return Pipeline([_node(name, wanted.split(), parameters or {}) for name, wanted in needs.items()])


def _node(name: str, wanted: list[str], parameters: Mapping[str, str]) -> Node:
    inputs = [f"{need}_out" for need in wanted] or [f"raw_{name}"]
    if name in parameters:
        inputs.append(f"params:{parameters[name]}")
    space, _, own = name.rpartition(".")
    return Node(take, inputs, f"{name}_out", name=own, namespace=space or None)


def view(
    needs: Mapping[str, str],
    last: Mapping[str, LastRun] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> GraphView:
    """Return the model of such a pipeline."""
    return build_graph(pipeline(needs, parameters), title="demo", last=last, parameters={"alpha": 0.1})


def sixty() -> dict[str, str]:
    """Return sixty nodes: six for each of nine regions, and six that bring them together."""
    needs: dict[str, str] = {"calendar": ""}
    for region in REGIONS:
        needs |= {
            f"{region}.load_sales": "",
            f"{region}.clean": f"{region}.load_sales",
            f"{region}.features": f"{region}.clean calendar",
            f"{region}.train": f"{region}.features",
            f"{region}.plot_residuals": f"{region}.train",
            f"{region}.forecast": f"{region}.train {region}.features",
        }
    forecasts = " ".join(f"{region}.forecast" for region in REGIONS)
    return needs | {
        "join": forecasts,
        "reconcile": "join calendar",
        "plot_totals": "reconcile",
        "publish": "reconcile",
        "report": "plot_totals publish",
    }
