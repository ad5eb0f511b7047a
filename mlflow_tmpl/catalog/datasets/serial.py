"""Python values: JSON, YAML, TOML, pickle and its kin."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.calls import function, reads, writes_with
from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PICKLE_PROTOCOL = 5
"""Fixed, so that every Python we support reads what another wrote."""


def _load_json(file: IO[bytes], **load_args: Any) -> Any:
    import json

    return json.loads(file.read(), **load_args)


def _save_json(data: Any, file: IO[bytes], **save_args: Any) -> None:
    """Write piece by piece: neither the text nor its bytes are ever there as a whole."""
    import json
    from io import TextIOWrapper

    text = TextIOWrapper(file, "utf-8", newline="\n")
    json.dump(data, text, **save_args)
    text.write("\n")
    text.detach()


def _load_lines(file: IO[bytes], **load_args: Any) -> list[Any]:
    import json

    return [json.loads(line, **load_args) for line in file if line.strip()]


def _lines_head(file: IO[bytes], rows: int, **load_args: Any) -> list[Any]:
    from itertools import islice

    return _load_lines(islice(file, rows), **load_args)  # type: ignore[arg-type]  # any lines will do


def _save_lines(data: Any, file: IO[bytes], **save_args: Any) -> None:
    _stream_lines(iter([data]), file, **save_args)


def _stream_lines(chunks: Iterator[Any], file: IO[bytes], **save_args: Any) -> None:
    """Write each value of each chunk on a line; a mapping is one value."""
    import json

    if save_args.get("indent") is not None:
        raise ValueError("'indent' would break the lines up")
    encode = json.JSONEncoder(**save_args).encode
    for chunk in chunks:
        if isinstance(chunk, (str, bytes)) or not hasattr(chunk, "__iter__"):
            raise TypeError(f"a list of values is needed, not {type(chunk).__name__}")
        for value in [chunk] if isinstance(chunk, dict) else chunk:
            file.write(encode(value).encode() + b"\n")


def _plain(value: Any) -> Any:
    """Return the plain number or list that a numpy value stands for: metrics are full of them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _load_yaml(file: IO[bytes], **load_args: Any) -> Any:
    import yaml

    return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader), **load_args)


def _save_yaml(data: Any, file: IO[bytes], **save_args: Any) -> None:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    yaml.dump(data, file, Dumper=dumper, encoding="utf-8", **save_args)


def _load_toml(file: IO[bytes], **load_args: Any) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(file.read().decode("utf-8-sig"), **load_args)


def _pickles(library: str) -> Callable[..., None]:
    """Return a `save` by a library that pickles, with one error for all that cannot be."""

    def save(data: Any, target: Any, **save_args: Any) -> None:
        import pickle

        dump = function(f"{library}.dump")
        try:
            dump(data, target, **save_args)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise _unpicklable(error) from error

    return save


def _unpicklable(error: Exception) -> TypeError:
    return TypeError(f"it holds what cannot be pickled, such as a lambda or an open file: {error}")


JSON = Format(
    name="json",
    value="dicts, lists, texts, numbers",
    aliases=("json.JSONDataset", "tracking.JSONDataset", "tracking.MetricsDataset"),
    suffixes=(".json",),
    opened=True,
    compressed=True,
    load=_load_json,
    save=_save_json,
    save_defaults={"indent": 2, "ensure_ascii": False, "default": _plain},
)

YAML = Format(
    name="yaml",
    value="dicts, lists, texts, numbers",
    library="yaml",
    aliases=("yaml.YAMLDataset",),
    suffixes=(".yaml", ".yml"),
    opened=True,
    compressed=True,
    load=_load_yaml,
    save=_save_yaml,
    save_defaults={"sort_keys": False, "allow_unicode": True, "default_flow_style": False},
)

LINES = Format(
    name="jsonl",
    value="list of dicts, lists, texts, numbers, one a line",
    suffixes=(".jsonl", ".ndjson"),
    opened=True,
    compressed=True,
    load=_load_lines,
    save=_save_lines,
    stream=_stream_lines,
    head=_lines_head,
    save_defaults={"ensure_ascii": False, "default": _plain},
)

TOML = Format(
    name="toml",
    value="dict of what TOML knows",
    aliases=("toml.TOMLDataset",),
    suffixes=(".toml",),
    opened=True,
    compressed=True,
    load=_load_toml,
    save=writes_with("tomli_w.dump"),
    package="tomli_w",
    extra="toml",
)

PICKLE = Format(
    name="pickle",
    value="any object that pickles",
    aliases=("pickle.PickleDataset",),
    suffixes=(".pkl", ".pickle"),
    opened=True,
    compressed=True,
    exact=True,
    load=reads("pickle.load"),
    save=_pickles("pickle"),
    save_defaults={"protocol": PICKLE_PROTOCOL},
    pickled=True,
)

CLOUDPICKLE = Format(
    name="cloudpickle",
    value="any object that pickles, lambdas and local classes too",
    suffixes=(".cpkl",),
    opened=True,
    compressed=True,
    load=reads("pickle.load"),
    save=_pickles("cloudpickle"),
    pickled=True,
    save_defaults={"protocol": PICKLE_PROTOCOL},
    package="cloudpickle",
    extra="cloudpickle",
)

JOBLIB = Format(
    name="joblib",
    value="any object that pickles, arrays efficiently",
    suffixes=(".joblib",),
    exact=True,
    load=reads("joblib.load"),
    save=_pickles("joblib"),
    package="joblib",
    extra="joblib",
    pickled=True,
)

SERIAL = (JSON, YAML, LINES, TOML, PICKLE, CLOUDPICKLE, JOBLIB)
