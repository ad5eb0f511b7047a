"""What can be known of a pipeline and its catalog before anything runs: that each input will be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.catalog import can_stream
from mlflow_tmpl.errors import CatalogError, MloError, PipelineError, did_you_mean
from mlflow_tmpl.pipeline.annotations import check_types
from mlflow_tmpl.pipeline.names import base_name, is_parameter
from mlflow_tmpl.pipeline.signature import is_generator_function

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.pipeline import Node, Pipeline


def check_wiring(
    pipeline: Pipeline,
    catalog: Catalog,
    given: Container[str] = (),
    elsewhere: Callable[[], Pipeline] | None = None,
    check: Callable[[Pipeline, Catalog], None] | None = None,
) -> None:
    """Check that every input of a pipeline is given, made by a node or in the catalog, and every output can be saved.

    Args:
        pipeline: what is to run.
        catalog: the datasets.
        given: names of values that are provided.
        elsewhere: gives all nodes there are, to say where a missing value is made.
        check: checks what functions say of themselves, if not `check_functions`.

    Raises:
        CatalogError: an input that nothing provides, or an entry in use that cannot be used.
        PipelineError: a generator whose chunks have nowhere to go, or a value in memory whose giver and taker
            declare types that contradict each other.
    """
    catalog.check()
    loaded: dict[str, None] = {}
    saved: dict[str, None] = {}
    for node in pipeline.nodes:
        for name in node.takes:
            base = base_name(name) if "@" in name else name
            if base not in pipeline.producers and name not in given and not is_parameter(name):
                if catalog.is_memory(name) or (catalog.is_caught(name) and not catalog.exists(name)):
                    raise _nothing_makes(node, name, catalog, elsewhere() if elsewhere else pipeline)
                loaded[name] = None
        saved.update((name, None) for name in node.outputs if not catalog.is_memory(name))
    for name in loaded:
        try:
            catalog.check_use([name], ())
        except CatalogError as error:
            raise _made_elsewhere(error, name, catalog, elsewhere) from error
    if saved:
        catalog.check_use((), saved)
    _check_views(pipeline, catalog)
    (check or check_functions)(pipeline, catalog)


def check_functions(pipeline: Pipeline, catalog: Catalog) -> None:
    """Check that chunks have somewhere to go, and that no two types along an edge contradict each other.

    Raises:
        CatalogError: a dataset that chunks cannot be appended to.
        PipelineError: a generator without one output, or types that contradict each other.
    """
    for node in pipeline.nodes:
        if is_generator_function(node.func):
            _check_stream(node, catalog)
    check_types(pipeline, catalog.is_memory)


def _nothing_makes(node: Node, name: str, catalog: Catalog, whole: Pipeline) -> CatalogError:
    if base_name(name) in whole.producers:
        maker = whole.nodes[whole.producers[base_name(name)]].name
        return CatalogError(
            f"dataset {name!r} of node {node.name!r} is kept in memory only, and what was asked for does not make it",
            where=node.where,
            hint=f"run node {maker!r} too, or give {name!r} a file in conf/base/catalog.yml",
        )
    known = [*catalog, *whole.producers]
    caught = ""
    if catalog.is_caught(name) and not catalog.is_memory(name):
        pattern, place = catalog.resolve(name).pattern, catalog.describe(name).get("filepath")
        caught = (
            f": only {pattern.text if pattern else ''!r} fits, and {place or 'what it names'} does not exist"
        )
    return CatalogError(
        f"dataset {name!r} of node {node.name!r} is made by no node and is not in the catalog{caught}",
        where=node.where,
        hint=did_you_mean(name, known)
        or "add it to conf/base/catalog.yml; an argument that is a parameter stands after *",
    )


def _made_elsewhere(
    error: CatalogError, name: str, catalog: Catalog, elsewhere: Callable[[], Pipeline] | None
) -> CatalogError:
    """Return the error about an input, with the way to make it if it is not there and another node gives it."""
    try:
        whole = elsewhere() if elsewhere and not catalog.exists(name) else None
    except MloError:
        return error
    if whole is None or base_name(name) not in whole.producers:
        return error
    maker = whole.producers[base_name(name)]
    made = next(output for output in whole.nodes[maker].outputs if base_name(output) == base_name(name))
    hint = f"node {whole.nodes[maker].name!r} makes it: mlo run --to-outputs={made}"
    return CatalogError(error.message, where=error.where, hint=hint)


def _check_views(pipeline: Pipeline, catalog: Catalog) -> None:
    """Refuse a dataset that one view has in a file and another in memory: what the one saves the other never sees."""
    makers = {
        base_name(name): (node, name) for node in pipeline.nodes for name in node.outputs if "@" in name
    }
    for node in pipeline.nodes if makers else ():
        for name in node.takes:
            maker, made = makers.get(base_name(name), (None, name))
            if maker is not None and catalog.is_memory(made) != catalog.is_memory(name):
                saved, kept = sorted((made, name), key=catalog.is_memory)
                raise CatalogError(
                    f"dataset {saved!r} is saved, and its view {kept!r} is kept in memory",
                    where=node.where,
                    hint=f"add {kept!r} to conf/base/catalog.yml, with the same filepath",
                )


def _check_stream(node: Node, catalog: Catalog) -> None:
    if len(node.outputs) != 1 or node.several:
        declared = f"{len(node.outputs)} outputs" if node.outputs else "no output"
        if len(node.outputs) == 1:
            declared = "a list of outputs"
        raise PipelineError(
            f"node {node.name!r} yields, which gives the chunks of one output, and it declares {declared}",
            where=node.where,
            hint="declare the one output that the chunks are for"
            if node.outputs
            else "return instead of yielding",
        )
    for name in node.outputs:
        if catalog.is_memory(name) or not can_stream(catalog.dataset(name)):
            raise CatalogError(
                f"node {node.name!r} yields its output in chunks, and dataset {name!r} cannot append them",
                where=node.where,
                hint="save it as csv or text, or return one value",
            )
