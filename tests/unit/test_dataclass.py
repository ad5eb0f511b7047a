"""Our dataclasses behave as those of the standard library, of which each is compared with its like."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar

import pytest

import mlflow_tmpl
from mlflow_tmpl.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """Two numbers and more."""

    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)
    note: str = field(default="", repr=False, compare=False)
    unit: ClassVar[str] = "mm"

    @property
    def total(self) -> int:
        """Their sum."""
        return self.x + self.y


@dataclass(frozen=True, slots=True)
class Named(Point):
    """A point with a name."""

    name: str = "n"


@dataclass(slots=True)
class Box:
    """What can be changed."""

    size: int = 1

    def __post_init__(self) -> None:
        self.size *= 2


@dataclass(frozen=True)
class Open:
    """What has a place for more."""

    size: int = 3


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Own:
    """What makes itself."""

    size: int

    def __init__(self, half: int) -> None:
        object.__setattr__(self, "size", 2 * half)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7


def test_arguments_are_taken_by_place_and_name_with_defaults() -> None:
    assert (Point(1).y, Point(1, 3).y, Point(y=4, x=1).y, Point.unit) == (2, 3, 4, "mm")
    assert Point(1).names == []
    assert Point(1).names is not Point(1).names
    assert (Named(1, name="a").name, Named(1).total) == ("a", 3)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=1)  # type: ignore[call-arg]


def test_equal_fields_make_equal_objects_of_one_class_only() -> None:
    assert Point(1, note="a") == Point(1, note="b") != Point(2)
    assert Point(1, 2) != Named(1, 2)
    assert hash(Open()) == hash(Open(3))
    assert {Open(): 1}[Open(3)] == 1
    assert Own(1) == Own(2)
    assert hash(Own(1)) == 7


def test_what_can_be_changed_has_no_hash() -> None:
    box = Box(4)
    assert box.size == 8
    box.size = 5
    assert box == Box(5 / 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        hash(box)


@pytest.mark.parametrize("made", [Point(1), Named(1), Open(), Own(1)])
def test_frozen_fields_are_neither_set_nor_deleted(made: Any) -> None:
    name = dataclasses.fields(made)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(made, name, 5)
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(made, name)


@pytest.mark.parametrize("made", [Point(1, 2, ["a"], "b"), Named(1, name="z"), Box(3), Open(4), Own(1)])
def test_objects_come_back_from_pickles_and_copies(made: Any) -> None:
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert repr(again) == repr(made)


def test_the_text_names_what_is_to_be_shown() -> None:
    assert repr(Named(1, note="hidden")) == "Named(x=1, y=2, names=[], name='n')"


def test_the_library_looks_at_them_as_at_its_own() -> None:
    assert [each.name for each in dataclasses.fields(Named)] == ["x", "y", "names", "note", "name"]
    assert dataclasses.replace(Named(1), y=5) == Named(1, 5)
    assert dataclasses.asdict(Point(1, 2, ["a"])) == {"x": 1, "y": 2, "names": ["a"], "note": ""}
    assert str(inspect.signature(Open)) == "(size: 'int' = 3) -> None"
    match Named(4):
        case Named(x, y):
            assert (x, y) == (4, 2)


def test_a_class_of_the_library_may_derive_from_one() -> None:
    @dataclasses.dataclass(frozen=True)
    class Child(Point):
        deep: int = 9

    assert Child(1) == Child(1, 2, [], "", 9)
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):

        @dataclasses.dataclass
        class Wrong(Point):
            deep: int = 9


def test_what_is_not_done_is_refused() -> None:
    with pytest.raises(TypeError, match=r"field 'x' of .*Late must be an argument by place"):

        @dataclass(slots=True)
        class Late:
            x: int = field(default=1, kw_only=True)


def test_all_of_the_package_are_as_the_library_would_make_them() -> None:
    """A mutable default, or an argument without one after one that has one, would show late otherwise."""
    seen = 0
    for module in _modules():
        for cls in [
            each for each in vars(module).values() if "__own_fields__" in getattr(each, "__dict__", {})
        ]:
            told = dataclasses.fields(cls)
            assert tuple(each.name for each in told) == cls.__match_args__
            assert isinstance(cls.__dataclass_params__.frozen, bool)
            assert str(inspect.signature(cls))
            seen += 1
    assert seen > 100


def _modules() -> list[Any]:
    names = [each.name for each in pkgutil.walk_packages(mlflow_tmpl.__path__, "mlflow_tmpl.")]
    return [importlib.import_module(name) for name in names if _is_ours(name)]


def _is_ours(name: str) -> bool:
    return ".templates" not in name and not name.endswith("__main__")


def test_fields_of_mappings_are_not_shared() -> None:
    @dataclass(frozen=True, slots=True)
    class Holder:
        held: Mapping[str, int] = field(default_factory=dict)

    assert Holder().held is not Holder().held
