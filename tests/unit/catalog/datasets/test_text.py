from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_tmpl.catalog import Catalog


@pytest.mark.parametrize("name", ["x.txt", "x.md", "x.html", "x.txt.gz"])
@pytest.mark.parametrize("text", ["", "ä\n", "a\r\nb\n"])
def test_text_comes_back_to_the_letter(catalog_of: Callable[..., Catalog], name: str, text: str) -> None:
    catalog = catalog_of(x=name)
    catalog.save("x", text)
    assert catalog.load("x") == text


def test_a_byte_order_mark_is_not_part_of_a_text(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"\xef\xbb\xbfhi")
    assert catalog_of(x="x.txt").load("x") == "hi"


def test_an_encoding_can_be_told(catalog_of: Callable[..., Catalog], tmp_path: Path) -> None:
    arguments = {"encoding": "latin-1"}
    catalog = catalog_of(x={"filepath": "x.txt", "load_args": arguments, "save_args": arguments})
    catalog.save("x", "ä")
    assert (tmp_path / "x.txt").read_bytes() == b"\xe4"
    assert catalog.load("x") == "ä"


def test_bytes_come_back(catalog_of: Callable[..., Catalog]) -> None:
    catalog = catalog_of(x={"type": "bytes", "filepath": "x.png"})
    catalog.save("x", b"\0\xff")
    assert catalog.load("x") == b"\0\xff"
