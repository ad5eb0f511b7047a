from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.errors import CatalogError, PipelineError
from mlflow_tmpl.pipeline import Node, Pipeline
from mlflow_tmpl.planning.wiring import check_wiring

if TYPE_CHECKING:
    from pathlib import Path


def take(x: Any) -> Any:
    return x


def stream(x: Any) -> Iterator[Any]:
    yield x


def catalog(root: Path, **entries: Any) -> Catalog:
    return Catalog.of(entries, root=root)


def test_an_input_in_the_catalog_is_enough(tmp_path: Path) -> None:
    (tmp_path / "raw.json").write_text("1", encoding="utf-8")
    check_wiring(Pipeline([Node(take, "raw", "y")]), catalog(tmp_path, raw="raw.json"))


def test_an_input_that_is_given_is_enough(tmp_path: Path) -> None:
    check_wiring(Pipeline([Node(take, "raw", "y")]), catalog(tmp_path), given={"raw"})


def test_an_input_that_nothing_makes_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    node = Node(take, "penguinz", "y")
    with pytest.raises(CatalogError) as refused:
        check_wiring(Pipeline([node]), catalog(tmp_path, penguins="p.csv"))
    assert (
        refused.value.message
        == "dataset 'penguinz' of node 'take' is made by no node and is not in the catalog"
    )
    assert refused.value.where == node.where
    assert refused.value.hint == "did you mean 'penguins'?"


def test_an_input_that_nothing_is_near_to_is_told_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as refused:
        check_wiring(Pipeline([Node(take, "alpha", "y")]), catalog(tmp_path))
    assert refused.value.hint == (
        "add it to conf/base/catalog.yml; an argument that is a parameter stands after *"
    )


def test_a_slice_that_lacks_a_value_in_memory_says_who_makes_it(tmp_path: Path) -> None:
    whole = Pipeline([Node(take, "raw", "mid", name="first"), Node(take, "mid", "end", name="last")])
    with pytest.raises(CatalogError) as refused:
        check_wiring(Pipeline([whole["last"]]), catalog(tmp_path), elsewhere=lambda: whole)
    assert refused.value.message == (
        "dataset 'mid' of node 'last' is kept in memory only, and what was asked for does not make it"
    )
    assert refused.value.hint == "run node 'first' too, or give 'mid' a file in conf/base/catalog.yml"


def test_the_whole_is_asked_for_only_to_explain(tmp_path: Path) -> None:
    check_wiring(Pipeline([Node(take, "raw", "y")]), catalog(tmp_path), {"raw"}, pytest.fail)


def test_a_missing_file_that_another_node_makes_is_told_with_the_way_to_make_it(tmp_path: Path) -> None:
    whole = Pipeline([Node(take, "raw", "mid", name="first"), Node(take, "mid", "end", name="last")])
    with pytest.raises(CatalogError) as refused:
        check_wiring(Pipeline([whole["last"]]), catalog(tmp_path, mid="mid.json"), elsewhere=lambda: whole)
    assert refused.value.message == "dataset 'mid': mid.json does not exist"
    assert refused.value.hint == "node 'first' makes it: mlo run --to-outputs=mid"


def test_a_missing_file_that_nothing_makes_keeps_its_own_hint(tmp_path: Path) -> None:
    (tmp_path / "raw.json").write_text("1", encoding="utf-8")
    whole = Pipeline([Node(take, "rav", "y")])
    with pytest.raises(CatalogError) as refused:
        check_wiring(whole, catalog(tmp_path, rav="rav.json"), elsewhere=lambda: whole)
    assert refused.value.hint == "did you mean 'raw.json'?"


@pytest.mark.parametrize(
    ("outputs", "declared", "hint"),
    [
        (None, "no output", "return instead of yielding"),
        (["y", "z"], "2 outputs", "declare the one output that the chunks are for"),
        (["y"], "a list of outputs", "declare the one output that the chunks are for"),
    ],
)
def test_a_stream_without_one_place_for_its_chunks_is_refused(
    tmp_path: Path, outputs: Any, declared: str, hint: str
) -> None:
    node = Node(stream, "raw", outputs)
    with pytest.raises(PipelineError) as refused:
        check_wiring(Pipeline([node]), catalog(tmp_path, y="y.csv", z="z.csv"), {"raw"})
    assert refused.value.message == (
        f"node 'stream' yields, which gives the chunks of one output, and it declares {declared}"
    )
    assert refused.value.where == node.where
    assert refused.value.hint == hint


@pytest.mark.parametrize("entry", [None, "y.json"])
def test_a_stream_into_what_cannot_append_is_refused(tmp_path: Path, entry: str | None) -> None:
    node = Node(stream, "raw", "y")
    with pytest.raises(CatalogError) as refused:
        check_wiring(Pipeline([node]), catalog(tmp_path, **({"y": entry} if entry else {})), {"raw"})
    assert refused.value.message == (
        "node 'stream' yields its output in chunks, and dataset 'y' cannot append them"
    )
    assert refused.value.where == node.where
    assert refused.value.hint == "save it as csv or text, or return one value"


def test_a_stream_into_a_csv_is_let_through(tmp_path: Path) -> None:
    check_wiring(Pipeline([Node(stream, "raw", "y")]), catalog(tmp_path, y="y.csv"), {"raw"})


def test_types_that_contradict_are_refused_only_in_memory(tmp_path: Path) -> None:
    def give(raw: Any) -> str: ...

    def count(y: int) -> None: ...

    pipeline = Pipeline([Node(give, None, "y"), Node(count)])
    with pytest.raises(PipelineError, match="node 'give' gives 'y' as str, and node 'count' takes it as int"):
        check_wiring(pipeline, catalog(tmp_path), {"raw"})
    check_wiring(pipeline, catalog(tmp_path, y="y.json"), {"raw"})


def test_a_free_input_that_only_the_catch_all_fits_is_refused_with_the_nearest_name(
    tmp_path: Path,
) -> None:
    catalog = Catalog.of({"penguins": "data/penguins.csv", "{default}": "data/{default}.csv"}, root=tmp_path)
    pipeline = Pipeline([Node(lambda x: x, "penguinz", "out", name="clean")])
    with pytest.raises(CatalogError) as caught:
        check_wiring(pipeline, catalog)
    assert caught.value.message == (
        "dataset 'penguinz' of node 'clean' is made by no node and is not in the catalog: "
        "only '{default}' fits, and data/penguinz.csv does not exist"
    )
    assert caught.value.hint == "did you mean 'penguins'?"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "penguinz.csv").write_text("a\n1\n")
    check_wiring(pipeline, catalog)


def test_views_of_which_one_is_saved_and_the_other_in_memory_are_refused(tmp_path: Path) -> None:
    pipeline = Pipeline(
        [Node(lambda: 1, None, "x@pandas", name="make"), Node(take, "x@polars", "y", name="take")]
    )
    with pytest.raises(CatalogError, match="'x@pandas' is saved, and its view 'x@polars' is kept in memory"):
        check_wiring(pipeline, Catalog.of({"x@pandas": "x.json"}, root=tmp_path))
    check_wiring(pipeline, Catalog.of({"x@pandas": "x.json", "x@polars": "x.json"}, root=tmp_path))
    check_wiring(pipeline, Catalog.of({}, root=tmp_path))
