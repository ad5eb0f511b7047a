from __future__ import annotations

import builtins
import struct
from pathlib import Path

import pytest

from mlflow_tmpl.errors import UsageError
from mlflow_tmpl.views import png
from mlflow_tmpl.views.png import to_png
from mlflow_tmpl.views.svg import draw_svg

from .pipelines import view

matplotlib = pytest.importorskip("matplotlib")
resvg_py = pytest.importorskip("resvg_py")


def size(picture):
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


def test_a_picture_has_twice_the_pixels_of_the_drawing(ten):
    drawing = draw_svg(ten)
    assert size(to_png(ten)) == pytest.approx((2 * drawing.width, 2 * drawing.height), abs=2)


def test_names_are_painted():
    assert to_png(view({"one": ""})) != to_png(view({"two": ""}))


def test_a_hostile_graph_is_painted_too(hostile):
    assert min(size(to_png(hostile))) > 0


def test_a_picture_is_no_larger_than_programs_can_open(ten, monkeypatch):
    monkeypatch.setattr(png, "LARGEST", 300)
    assert max(size(png.to_png(ten))) == pytest.approx(300, abs=1)


def test_without_the_package_an_error_names_it_and_the_way_out(ten, monkeypatch):
    found = builtins.__import__

    def missing(name, *rest):
        if name == "resvg_py":
            raise ModuleNotFoundError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(
        UsageError, match=r"a \.png needs the package 'resvg-py', which is not installed"
    ) as caught:
        to_png(ten)
    assert caught.value.hint == "pip install 'mlflow-tmpl[png]', or write .svg, which needs nothing"


@pytest.fixture
def no_fonts(monkeypatch):
    """Make the system one without fonts, but for those that are named."""
    painted = resvg_py.svg_to_bytes
    own: list[str] = []
    monkeypatch.setattr(
        resvg_py,
        "svg_to_bytes",
        lambda **how: painted(**{"font_files": own or None, **how}, skip_system_fonts=True),
    )
    return own


def test_fonts_that_the_system_does_not_call_sans_serif_are_found_by_name(ten, no_fonts):
    no_fonts.append(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"))
    assert png._fonts(resvg_py.svg_to_bytes) == {
        "sans_serif_family": "DejaVu Sans",
        "monospace_family": "DejaVu Sans",
    }


def test_where_there_are_no_fonts_those_of_matplotlib_do(ten, no_fonts):
    assert png._fonts(resvg_py.svg_to_bytes)["font_dirs"] == [
        str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    ]
    assert png.to_png(view({"one": ""})) != png.to_png(view({"two": ""}))


def test_without_any_fonts_an_error_says_so(ten, no_fonts, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"a \.png needs fonts, and none was found") as caught:
        to_png(ten)
    assert "or write .svg" in caught.value.hint


def test_a_picture_has_no_more_pixels_than_memory_holds(ten, monkeypatch):
    monkeypatch.setattr(png, "MOST", 10_000)
    width, height = size(png.to_png(ten))
    assert width * height <= 10_400
