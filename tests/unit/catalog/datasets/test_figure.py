from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from matplotlib.figure import Figure

from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog


def drawn() -> Figure:
    figure = Figure()
    figure.subplots().plot([1, 2], label="line")
    return figure


@pytest.mark.parametrize(("name", "start"), [("x.png", b"\x89PNG"), ("x.svg", b"<?xml"), ("x.pdf", b"%PDF")])
def test_a_figure_is_saved_and_equal_figures_give_equal_bytes(
    catalog_of: Callable[..., Catalog],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    start: bytes,
) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", drawn())
    before = (tmp_path / name).read_bytes()
    assert before.startswith(start)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    catalog.save("x", drawn())
    assert (tmp_path / name).read_bytes() == before


def test_axes_stand_for_their_figure(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog_of(x="x.png").save("x", Figure().subplots())
    assert (tmp_path / "x.png").stat().st_size > 0


def test_arguments_are_passed_on(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    catalog = catalog_of(
        x="x.png", y={"filepath": "y.png", "save_args": {"dpi": 20, "metadata": {"Author": "me"}}}
    )
    for name in ("x", "y"):
        catalog.save(name, drawn())
    assert (tmp_path / "y.png").stat().st_size < (tmp_path / "x.png").stat().st_size
    assert b"Author" in (tmp_path / "y.png").read_bytes()


def test_a_figure_cannot_be_loaded_but_its_image_can(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(plot="x.png", image={"type": "bytes", "filepath": "x.png"})
    catalog.save("plot", drawn())
    with pytest.raises(DataError) as caught:
        catalog.load("plot")
    assert str(caught.value) == (
        "<python>: dataset 'plot' cannot be loaded from x.png "
        "(figures are only saved; declare another entry of type image or bytes for this filepath to load it)"
    )
    assert catalog.load("image").startswith(b"\x89PNG")


def test_an_image_comes_back_and_an_array_becomes_one(catalog_of: Callable[..., Catalog]) -> None:
    import numpy as np

    catalog = catalog_of(x={"type": "image", "filepath": "x.png"})
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    catalog.save("x", pixels)
    image = catalog.load("x")
    assert image.size == (4, 2)
    assert np.array_equal(np.asarray(image), pixels)
    catalog.save("x", image)
    assert catalog.load("x").tobytes() == pixels.tobytes()


def test_a_plotly_figure_is_a_page_by_its_suffix(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    objects = pytest.importorskip("plotly.graph_objects")
    catalog = catalog_of(x={"type": "plotly.HTMLDataset", "filepath": "x.html"})
    saved = []
    for _ in range(2):
        catalog.save("x", objects.Figure({"data": [{"type": "bar", "y": [1, 2]}]}))
        saved.append((tmp_path / "x.html").read_bytes())
    assert b"<html>" in saved[0]
    assert saved[0] == saved[1]
