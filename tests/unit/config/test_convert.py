from __future__ import annotations

import collections.abc
import cProfile
import dataclasses
import datetime
import enum
import pstats
import subprocess
import sys
import typing
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
import msgspec
import pytest

from mlflow_tmpl.config import Origin, convert, located, merge, parameter_annotations, parse_yaml
from mlflow_tmpl.config.values import Unresolved
from mlflow_tmpl.errors import ConfigError

if typing.TYPE_CHECKING:
    from elsewhere import Frame


class Split(enum.Enum):
    GINI = "gini"
    ENTROPY = "entropy"


@dataclasses.dataclass(frozen=True)
class Layer:
    width: int
    kind: Literal["relu", "tanh"] = "relu"


@dataclasses.dataclass
class Train:
    alpha: float
    layers: list[Layer] = dataclasses.field(default_factory=list)
    named: dict[str, Layer] = dataclasses.field(default_factory=dict)
    folder: Path | None = None
    split: Split = Split.GINI


@dataclasses.dataclass
class Bounded:
    limit: int

    def __post_init__(self):
        if self.limit > 3:
            raise ValueError("Limit is at most 3")


class Window(typing.TypedDict):
    days: int


@attrs.define
class Scale:
    factor: float


class Model(msgspec.Struct):
    depth: int


class Tree(msgspec.Struct, tag="tree"):
    depth: int


class Linear(msgspec.Struct, tag="linear"):
    penalty: float


class Elsewhere:
    """A class that nothing converts to."""


class ModelError(ValueError):
    def __init__(self, *reasons):
        super().__init__("does not validate")
        self.reasons = reasons

    def errors(self):
        return list(self.reasons)


class Validated:
    """A model that speaks as those of pydantic do."""

    def __init__(self, plain):
        self.plain = plain

    @classmethod
    def model_validate(cls, plain):
        if "size" not in plain:
            raise ModelError({"loc": ("size",), "type": "missing", "msg": "Field required"})
        if not isinstance(plain["size"], int):
            raise ModelError(
                {"loc": ("size", "int"), "type": "int_type", "msg": "Input should be an integer"}
            )
        return cls(plain)


def given(text, annotation):
    value = parse_yaml(f"train: {text}", "p.yml").get("train")
    return convert(value, annotation, "parameter 'train'")


def refusal(text, annotation):
    with pytest.raises(ConfigError) as caught:
        given(text, annotation)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("{a: [1]}", Any, {"a": [1]}),
        ("5", object, 5),
        ("5", int, 5),
        ("5", float, 5.0),
        ("0.5", float, 0.5),
        ("true", bool, True),
        ("x", str, "x"),
        ("null", None, None),
        ("null", int | None, None),
        ("null", typing.Optional[int], None),  # noqa: UP045
        ("5", typing.Union[float, None], 5.0),  # noqa: UP007
        ("x", int | str, "x"),
        ("relu", Literal["relu", 1], "relu"),
        ("1", Literal["relu", 1], 1),
        ("entropy", Split, Split.ENTROPY),
        ("[1, 2]", list, [1, 2]),
        ("[1, 2]", list[float], [1.0, 2.0]),
        ("[1, x]", tuple[int, str], (1, "x")),
        ("[1, 1]", set[int], {1}),
        ("[a]", collections.abc.Sequence[str], ["a"]),
        ("{a: 1}", dict, {"a": 1}),
        ("{a: 1}", collections.abc.Mapping[str, float], {"a": 1.0}),
        ("{'1': x}", dict[int, str], {1: "x"}),
        ("a/b", Path, Path("a/b")),
        ("[a/b]", list[Path], [Path("a/b")]),
        ("a/b", str | Path, "a/b"),
        ("a/b", Path | int, Path("a/b")),
        ("2024-01-31", datetime.date, datetime.date(2024, 1, 31)),
        ("2024-01-31T12:30:00", datetime.datetime, datetime.datetime(2024, 1, 31, 12, 30)),
        ("{days: 3}", Window, {"days": 3}),
        ("{factor: 3}", Scale, Scale(3.0)),
        ("{depth: 3}", Model, Model(3)),
        ("{type: linear, penalty: 3}", Tree | Linear, Linear(3.0)),
        ("{width: 3}", Layer | Train, Layer(3)),
        ("{alpha: 3}", Layer | Train, Train(3.0)),
        ("[{width: 1}]", list[Layer] | None, [Layer(1)]),
        ("{limit: 3}", Bounded, Bounded(3)),
        ("{a: 1}", dict | Elsewhere, {"a": 1}),
        ("3", Annotated[int, msgspec.Meta(ge=0, title="count")], 3),
    ],
)
def test_a_value_is_converted_to_its_annotation(text, annotation, expected):
    found = given(text, annotation)
    assert (type(found), found) == (type(expected), expected)


def test_a_dataclass_is_filled_with_dataclasses():
    text = "{alpha: 1, layers: [{width: 2, kind: tanh}], named: {a: {width: 3}}, folder: x, split: gini}"
    assert given(text, Train) == Train(1.0, [Layer(2, "tanh")], {"a": Layer(3)}, Path("x"), Split.GINI)


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("high", float, "p.yml:1:8: parameter 'train' must be a float, but is text 'high'"),
        ("true", int, "p.yml:1:8: parameter 'train' must be an integer, but is true"),
        ("true", float, "p.yml:1:8: parameter 'train' must be a float, but is true"),
        ("1", bool, "p.yml:1:8: parameter 'train' must be true or false, but is integer 1"),
        ("5.0", int, "p.yml:1:8: parameter 'train' must be an integer, but is float 5.0"),
        ("'5'", int, "p.yml:1:8: parameter 'train' must be an integer, but is text '5'"),
        ("5", str, "p.yml:1:8: parameter 'train' must be text, but is integer 5"),
        ("null", int, "p.yml:1:8: parameter 'train' must be an integer, but is null"),
        ("x", int | None, "p.yml:1:8: parameter 'train' must be an integer or null, but is text 'x'"),
        ("x" * 99, int, f"must be an integer, but is text '{'x' * 59}..."),
        (
            "rely",
            Literal["relu", "tanh"],
            "must be 'relu' or 'tanh', but is text 'rely' (did you mean 'relu'?)",
        ),
        ("4", Literal["relu", 3], "must be 3 or 'relu', but is integer 4"),
        ("entropie", Split, "must be 'gini' or 'entropy', but is text 'entropie' (did you mean 'entropy'?)"),
        ("5", Split, "must be 'gini' or 'entropy', but is integer 5"),
        ("a", list[str], "parameter 'train' must be a list, but is text 'a'"),
        ("[1]", tuple[int, int], "must be a list of length 2, but is a list of 1"),
        ("[1, x]", set[int], "p.yml:1:12: parameter 'train[1]' must be an integer, but is text 'x'"),
        (
            "{a: 1, b: x}",
            dict[str, int],
            "p.yml:1:18: parameter 'train.b' must be an integer, but is text 'x'",
        ),
        ("{'1': x, q: z}", dict[int, str], "p.yml:1:17: key 'q' of parameter 'train' must be an integer"),
        (
            "[a, 5]",
            list[Path],
            "p.yml:1:12: parameter 'train[1]' must be the path of a file, but is integer 5",
        ),
        ("5", str | Path, "parameter 'train' fits no member of 'str | pathlib"),
        ("soon", datetime.date, "must be a date such as 2024-01-31, but is text 'soon'"),
        ("5", Train, "parameter 'train' must be a mapping, but is integer 5"),
        ("{}", Train, "p.yml:1:8: parameter 'train' lacks 'alpha' (add 'alpha: ...' to it)"),
        ("{alpha: high}", Train, "p.yml:1:16: parameter 'train.alpha' must be a float, but is text 'high'"),
        ("{alpa: 1}", Train, "p.yml:1:9: parameter 'train' takes no 'alpa' (did you mean 'alpha'?)"),
        (
            "{alpha: 1, q: 1}",
            Train,
            "p.yml:1:19: parameter 'train' takes no 'q' (it takes alpha, layers, named,",
        ),
        (
            "{alpha: 1, layers: [{width: 1}, {wdth: 2}]}",
            Train,
            "p.yml:1:41: parameter 'train.layers[1]' takes no",
        ),
        (
            "{alpha: 1, layers: [{kind: relu}]}",
            Train,
            "p.yml:1:28: parameter 'train.layers[0]' lacks 'width'",
        ),
        ("{alpha: 1, folder: 5}", Train, "p.yml:1:27: parameter 'train.folder' must be the path of a file"),
        ("{weeks: 1}", Window, "p.yml:1:9: parameter 'train' takes no 'weeks' (it takes days)"),
        ("{factr: 1}", Scale, "p.yml:1:9: parameter 'train' takes no 'factr' (did you mean 'factor'?)"),
        ("{dept: 1}", Model, "p.yml:1:9: parameter 'train' takes no 'dept' (did you mean 'depth'?)"),
        (
            "{type: tree, dept: 1}",
            Tree | Linear,
            "p.yml:1:21: parameter 'train' takes no 'dept' (did you mean 'depth'",
        ),
        (
            "{type: tre}",
            Tree | Linear,
            "p.yml:1:15: parameter 'train.type' cannot be taken: invalid value 'tre'",
        ),
        ("{width: q}", Layer | Train, "parameter 'train.width' must be an integer, but is text 'q'"),
        (
            "[{wdth: 1}]",
            list[Layer] | None,
            "p.yml:1:10: parameter 'train[0]' takes no 'wdth' (did you mean 'width'?)",
        ),
        ("{limit: 4}", Bounded, "p.yml:1:8: parameter 'train' cannot be taken: limit is at most 3"),
        ("-1", Annotated[int, msgspec.Meta(ge=0)], "must be an integer >= 0, but is integer -1"),
        (
            "{a: 1}",
            Elsewhere,
            "p.yml:1:8: parameter 'train' cannot be converted to its annotation 'Elsewhere'",
        ),
        ("x", collections.abc.Callable[[int], int], "cannot be converted to its annotation"),
        ("x", Elsewhere | None, "cannot be converted to its annotation"),
        ("[x]", list[typing.ForwardRef("Unknown")], "cannot be converted to its annotation"),
        ("{a: 1}", Elsewhere | int, "p.yml:1:8: parameter 'train' must be an integer, but is a mapping of 1"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(text, annotation, expected):
    assert expected in refusal(text, annotation)


Item = typing.TypeVar("Item")


@dataclasses.dataclass
class Box(typing.Generic[Item]):
    item: Item
    items: list[Item]


class Pair(typing.NamedTuple):
    low: int
    high: int


class Wide(typing.TypedDict, total=False):
    days: int
    layers: list[Layer]


class Row(msgspec.Struct, array_like=True):
    low: int
    high: int


WRONG = "{alpha: high, layer: 1, layers: [{width: x, kind: rely}, {}], named: {a: {wdth: 1}, b: 2}, split: q}"


def test_all_that_is_wrong_in_one_value_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        given(WRONG, Train | None)
    assert [(str(each).split()[0], each.message) for each in caught.value.each()] == [
        ("p.yml:1:22:", "parameter 'train' takes no 'layer'"),
        ("p.yml:1:16:", "parameter 'train.alpha' must be a float, but is text 'high'"),
        ("p.yml:1:49:", "parameter 'train.layers[0].width' must be an integer, but is text 'x'"),
        ("p.yml:1:58:", "parameter 'train.layers[0].kind' must be 'relu' or 'tanh', but is text 'rely'"),
        ("p.yml:1:65:", "parameter 'train.layers[1]' lacks 'width'"),
        ("p.yml:1:82:", "parameter 'train.named.a' takes no 'wdth'"),
        ("p.yml:1:81:", "parameter 'train.named.a' lacks 'width'"),
        ("p.yml:1:95:", "parameter 'train.named.b' must be a mapping, but is integer 2"),
        ("p.yml:1:106:", "parameter 'train.split' must be 'gini' or 'entropy', but is text 'q'"),
    ]
    assert str(caught.value).startswith("9 parameters are not as the nodes need them:\n  p.yml:1:22: ")


@pytest.mark.parametrize(
    ("text", "annotation", "count"),
    [
        ("[x, 1, z]", list[int], 2),
        ("[x, 1, z]", set[int], 2),
        ("[x, 1, z]", tuple[int, ...], 2),
        ("[x, z]", tuple[int, float], 2),
        ("[x, z]", Pair, 2),
        ("[x, z]", Row, 2),
        ("{a: x, q: z}", collections.abc.Mapping[str, int], 2),
        ("{a: 1, q: 2, '3': z}", dict[int, int], 3),
        ("{days: x, layers: [{width: z}]}", Wide, 2),
        ("{depth: x, more: 1}", Model, 2),
        ("{factor: x, more: 1}", Scale, 2),
        ("{type: linear, penalty: x, more: 1}", Tree | Linear, 2),
        ("{item: x, items: [1, z]}", Box[int], 2),
        ("[{limit: 4}, {limit: 5}]", list[Bounded], 2),
        ("[5, 6]", list[Path], 2),
        ("[{size: x}, {}]", list[Validated], 2),
        ("[{width: x}, {width: z}]", Annotated[list[Layer], msgspec.Meta(min_length=1)], 2),
        ("[{width: x}, {width: z}]", typing.NewType("Layers", list[Layer]), 2),
    ],
)
def test_each_part_of_any_collection_is_told(text, annotation, count):
    with pytest.raises(ConfigError) as caught:
        given(text, annotation)
    assert len(caught.value.each()) == count, caught.value


def test_all_that_a_model_of_pydantic_refuses_is_told():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Options", size=(int, ...), name=(str, ...), share=(float, ...))
    with pytest.raises(ConfigError) as caught:
        given("{size: x, name: 3}", model)
    told = [str(each) for each in caught.value.each()]
    assert [text.partition(" ")[0] for text in told] == ["p.yml:1:15:", "p.yml:1:24:", "p.yml:1:8:"]
    assert "lacks 'share'" in told[2]


def test_interpolations_that_lead_nowhere_are_told_with_the_rest():
    value = located({"alpha": "high", "layers": []}, Origin("p.yml"))
    lost = Unresolved(
        "${no.such}", Origin("p.yml", 3), error=ConfigError("there is no 'no.such'", where="p.yml:3")
    )
    value.data["folder"] = lost
    with pytest.raises(ConfigError) as caught:
        convert(value, Train, "parameter 'train'")
    assert [each.message for each in caught.value.each()] == [
        "parameter 'train.alpha' must be a float, but is text 'high'",
        "there is no 'no.such'",
    ]


def test_telling_all_is_linear_in_what_is_wrong():
    def calls(count):
        value = located([{"width": "x"}] * count, Origin("p.yml"))
        profile = cProfile.Profile()
        with pytest.raises(ConfigError) as caught:
            profile.runcall(convert, value, list[Layer], "parameter 'train'")
        assert len(caught.value.each()) == count
        return pstats.Stats(profile).total_calls

    calls(2)
    assert calls(400) < 5 * calls(100)


@pytest.mark.parametrize("count", [1, 2, 3, 50])
@pytest.mark.parametrize("where", [0, 1, -1])
def test_the_entry_that_does_not_fit_is_found_among_many(count, where):
    names = [f"k{index}" for index in range(count)]
    wrong = names[where % count]
    plain = {name: {"deep": {"a": {"width": "x" if name == wrong else 1}}} for name in names}
    with pytest.raises(ConfigError, match=rf"parameter 'train\.{wrong}\.deep\.a\.width' must be an integer"):
        convert(located(plain, Origin("p.yml")), dict[str, dict[str, dict[str, Layer]]], "parameter 'train'")


def test_a_merged_value_is_refused_in_the_layer_that_says_it():
    base = parse_yaml("train: {alpha: 1}", "base.yml")
    value = merge(base, parse_yaml("train:\n  alpha: high", "local.yml")).get("train")
    with pytest.raises(ConfigError, match=r"^local\.yml:2:10: parameter 'train\.alpha' must be a float"):
        convert(value, Train, "parameter 'train'")


def test_a_part_of_a_subject_without_quotes_is_named_before_it():
    value = parse_yaml("alpha: high", "p.yml")
    with pytest.raises(ConfigError, match="'alpha' of all parameters must be a float, but is text 'high'"):
        convert(value, Train, "all parameters")


def test_an_object_given_in_python_is_taken_where_its_class_is_asked_for():
    it = Elsewhere()
    assert convert(located(it, Origin("<python>")), Elsewhere, "parameter 'it'") is it
    assert convert(located(Path("x"), Origin("<python>")), Path, "parameter 'it'") == Path("x")


def test_a_model_validates_itself():
    assert given("{size: 3}", Validated).plain == {"size": 3}
    assert given("null", Validated | None) is None
    assert [model.plain for model in given("[{size: 1}]", list[Validated])] == [{"size": 1}]


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        (
            "{size: x}",
            Validated,
            "p.yml:1:15: parameter 'train.size' cannot be taken: input should be an integer",
        ),
        ("{}", Validated, "p.yml:1:8: parameter 'train' lacks 'size' (add 'size: ...' to it)"),
        ("[{size: 1}, {}]", list[Validated], "p.yml:1:20: parameter 'train[1]' lacks 'size'"),
        (
            "{a: {size: 1}, b: {size: x}}",
            dict[str, Validated],
            "p.yml:1:33: parameter 'train.b.size' cannot be taken",
        ),
    ],
)
def test_what_a_model_refuses_is_refused_at_its_place(text, annotation, expected):
    assert expected in refusal(text, annotation)


def test_a_model_of_pydantic_validates_itself():
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Options", size=(int, ...))
    assert given("{size: 3}", model).size == 3
    assert refusal("[{size: 1}, {size: x}]", list[model]).startswith(
        "p.yml:1:27: parameter 'train[1].size' cannot"
    )


def test_ordinary_values_need_no_conversion_library():
    code = (
        "import sys; from typing import Literal; from mlflow_tmpl.config import *;"
        "[convert(located(v, Origin('x')), a, 's') for v, a in"
        " ((1, int), ('x', str | None), (None, int | None), ('a', Literal['a']), ([1], list))];"
        "print(sorted({'msgspec', 'yaml', 'pandas'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_annotations_are_resolved():
    def fit(
        frame: Frame, count, *, alpha: float, split: Literal["a"] = "a", shape: list[Frame] = ()
    ) -> Frame: ...

    assert parameter_annotations(fit) == {"alpha": float, "split": Literal["a"]}


def test_a_function_without_annotations_has_none():
    assert parameter_annotations(lambda frame, *, alpha: frame) == {}


def test_what_annotations_add_is_kept():
    def fit(*, alpha: Annotated[float, "share"]): ...

    assert parameter_annotations(fit) == {"alpha": Annotated[float, "share"]}


def test_annotations_are_found_through_decorators_partials_and_objects():
    def fit(*, alpha: float, beta: Train): ...

    @wraps(fit)
    def wrapped(*args, **kwargs): ...

    class Fit:
        def __call__(self, *, alpha: float, beta: Train): ...

    expected = {"alpha": float, "beta": Train}
    for func in (wrapped, partial(fit, alpha=1), partial(wrapped), Fit(), Fit().__call__):
        assert parameter_annotations(func) == expected


def test_a_builtin_has_no_annotations():
    assert parameter_annotations(len) == {}
