"""Python values: JSON, YAML, pickle and joblib."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from mlflow_tmpl.catalog.datasets.format import Format

if TYPE_CHECKING:
    from pathlib import Path

PICKLE_PROTOCOL = 5
"""Fixed, so that every Python we support reads what another wrote."""


def _load_json(file: IO[bytes], **load_args: Any) -> Any:
    import json

    return json.loads(file.read(), **load_args)


def _save_json(data: Any, file: IO[bytes], **save_args: Any) -> None:
    import json

    file.write((json.dumps(data, **save_args) + "\n").encode())


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


def _load_pickle(file: IO[bytes], **load_args: Any) -> Any:
    import pickle

    return pickle.load(file, **load_args)


def _save_pickle(data: Any, file: IO[bytes], **save_args: Any) -> None:
    import pickle

    try:
        pickle.dump(data, file, **save_args)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _unpicklable(error) from error


def _load_joblib(source: Any, **load_args: Any) -> Any:
    import joblib

    return joblib.load(source, **load_args)


def _save_joblib(data: Any, target: Path, **save_args: Any) -> None:
    import pickle

    import joblib

    try:
        joblib.dump(data, target, **save_args)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise _unpicklable(error) from error


def _unpicklable(error: Exception) -> TypeError:
    return TypeError(f"it holds what cannot be pickled, such as a lambda or an open file: {error}")


JSON = Format(
    name="json",
    aliases=("json.JSONDataset",),
    suffixes=(".json",),
    opened=True,
    compressed=True,
    load=_load_json,
    save=_save_json,
    save_defaults={"indent": 2, "ensure_ascii": False, "default": _plain},
)

YAML = Format(
    name="yaml",
    aliases=("yaml.YAMLDataset",),
    suffixes=(".yaml", ".yml"),
    opened=True,
    compressed=True,
    load=_load_yaml,
    save=_save_yaml,
    save_defaults={"sort_keys": False, "allow_unicode": True, "default_flow_style": False},
)

PICKLE = Format(
    name="pickle",
    aliases=("pickle.PickleDataset",),
    suffixes=(".pkl", ".pickle"),
    opened=True,
    compressed=True,
    load=_load_pickle,
    save=_save_pickle,
    save_defaults={"protocol": PICKLE_PROTOCOL},
)

JOBLIB = Format(
    name="joblib",
    suffixes=(".joblib",),
    load=_load_joblib,
    save=_save_joblib,
    package="joblib",
    extra="joblib",
)
