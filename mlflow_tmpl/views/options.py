"""How a node is run, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_tmpl.pipeline import NodeOptions
    from mlflow_tmpl.pipeline.options import Resources, Retries

_SIZES = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def options_in_words(options: NodeOptions) -> str:
    """Return what is not as it is by default.

    Example:
        >>> from mlflow_tmpl.pipeline import NodeOptions
        >>> options_in_words(NodeOptions(reuse=False, retries=3, timeout_s=60, resources={"memory": "2GB"}))
        'no reuse, 3 retries, at most 60 s, takes 2 GB'
    """
    return ", ".join(_words(options))


def _words(options: NodeOptions) -> Iterator[str]:
    if not options.reuse:
        yield "no reuse"
    if options.keep != "auto":
        yield f"{options.keep} kept"
    if options.retries.count:
        yield _retries(options.retries)
    if options.timeout_s is not None:
        yield f"at most {options.timeout_s:g} s"
    if options.resources:
        yield f"takes {' and '.join(_resources(options.resources))}"
    if options.priority:
        yield f"priority {options.priority}"
    if options.engine is not None:
        yield f"engine {options.engine}"


def _retries(retries: Retries) -> str:
    many = "1 retry" if retries.count == 1 else f"{retries.count} retries"
    return f"{many} on {' or '.join(retries.retry_on)}" if retries.retry_on else many


def _resources(resources: Resources) -> Iterator[str]:
    if resources.cpus:
        yield _many(resources.cpus, "cpu")
    if resources.gpus:
        yield _many(resources.gpus, "gpu")
    if resources.memory_bytes:
        unit, name = next(((unit, name) for unit, name in _SIZES if resources.memory_bytes >= unit), (1, "B"))
        yield f"{resources.memory_bytes / unit:.3g} {name}"


def _many(amount: float, what: str) -> str:
    return f"{amount:g} {what}{'' if amount == 1 else 's'}"
