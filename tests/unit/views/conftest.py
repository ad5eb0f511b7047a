from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_tmpl.views.graph import LastRun

from .pipelines import TEN, TEN_LAST, view

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    "\"]end; %% --> ` # &lt; ]]> javascript:alert(1) \\ ' \u2028 \x00 \x1b"
)


@pytest.fixture
def ten():
    return view(TEN, TEN_LAST, {"train_linear": "alpha", "split": "alpha"})


@pytest.fixture
def hostile(ten):
    """The same graph with all texts written by an enemy."""
    text = HOSTILE
    nodes = [
        replace(
            each, name=text, short_name=text, namespace=text, doc=text, code=text, signature=text, where=text,
            error=text, tags=(text,), pipelines=(text,), reasons=(text,), status=text,
        )
        for each in ten.nodes
    ]  # fmt: skip
    datasets = [replace(each, name=text, type=text, path=text, details={text: text}) for each in ten.datasets]
    parameters = [replace(each, key=text, value=text) for each in ten.parameters]
    return replace(
        ten, title=text, nodes=tuple(nodes), datasets=tuple(datasets), parameters=tuple(parameters)
    )


@pytest.fixture
def large():
    """A thousand nodes."""
    needs = {
        f"node_{at}": " ".join(f"node_{need}" for need in {at - 1 - at % 7, at // 2} if 0 <= need < at)
        for at in range(1000)
    }
    return view(needs, {name: LastRun("done", 0.1) for name in needs}, {"node_5": "alpha"})
