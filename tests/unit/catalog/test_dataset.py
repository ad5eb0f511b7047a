from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlflow_tmpl.catalog import can_stream
from mlflow_tmpl.catalog.dataset import adapt
from mlflow_tmpl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Minimal:
    def __init__(self) -> None:
        self.data: Any = None

    def load(self) -> Any:
        return self.data

    def save(self, data: Any) -> None:
        self.data = data


class Full(Minimal):
    def exists(self) -> bool:
        return False

    def fingerprint(self) -> int:
        return 12

    def describe(self) -> dict[str, Any]:
        return {"type": "own", "token": "hush"}

    def save_stream(self, chunks: Iterator[Any]) -> None:
        self.data = list(chunks)


class Failing(Full):
    def load(self) -> Any:
        raise ValueError("two\nlines")

    def fingerprint(self) -> int:
        raise KeyError("a")


def test_load_and_save_are_enough() -> None:
    dataset = adapt("x", Minimal())
    dataset.save(3)
    assert dataset.load() == 3
    assert dataset.exists()
    assert dataset.fingerprint() is None
    assert dataset.describe()["type"].endswith("test_dataset.Minimal")
    assert not can_stream(dataset)


def test_what_the_object_can_do_itself_it_is_asked() -> None:
    dataset = adapt("x", Full())
    assert not dataset.exists()
    assert dataset.fingerprint() == "12"
    assert dataset.describe() == {"type": "own", "token": "***"}
    assert can_stream(dataset)
    dataset.save_stream(iter([1, 2]))  # type: ignore[attr-defined]
    assert dataset.load() == [1, 2]


def test_what_the_object_raises_is_told_in_one_line_with_the_name() -> None:
    dataset = adapt("x", Failing(), where="catalog.yml:4")
    with pytest.raises(
        DataError, match=r"^catalog.yml:4: dataset 'x' cannot be loaded: two lines$"
    ) as caught:
        dataset.load()
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(DataError, match="dataset 'x' cannot be fingerprinted: KeyError: 'a'"):
        dataset.fingerprint()


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_what_is_not_about_the_data_passes(error: type[BaseException]) -> None:
    class Full(Minimal):
        def load(self) -> Any:
            raise error

    with pytest.raises(error):
        adapt("x", Full()).load()
