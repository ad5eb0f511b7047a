"""What is known of code that is not the project's: which calls change nothing that others could notice."""

from __future__ import annotations

import builtins
from functools import lru_cache

_BUILTINS = frozenset(
    {
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "bool",
        "bytearray",
        "bytes",
        "callable",
        "chr",
        "classmethod",
        "complex",
    }
    | {
        "dict",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "hasattr",
        "hash",
        "hex",
    }
    | {
        "id",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "memoryview",
        "min",
        "object",
    }
    | {
        "oct",
        "ord",
        "pow",
        "print",
        "property",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "slice",
        "sorted",
    }
    | {"staticmethod", "str", "sum", "super", "tuple", "type", "zip"}
)

_STILL = (
    *("abc", "array", "base64", "bisect", "calendar", "collections", "colorsys", "contextlib", "copy", "csv"),
    *(
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "enum",
        "fractions",
        "functools",
        "hashlib",
        "hmac",
        "html",
    ),
    *(
        "importlib.metadata",
        "importlib.resources",
        "inspect",
        "io",
        "ipaddress",
        "itertools",
        "json",
        "keyword",
    ),
    *(
        "logging",
        "math",
        "numbers",
        "operator",
        "os.environ",
        "os.getenv",
        "os.path",
        "pathlib",
        "platform",
        "pprint",
    ),
    *(
        "queue",
        "random.Random",
        "re",
        "statistics",
        "string",
        "struct",
        "tempfile",
        "textwrap",
        "threading",
        "time",
    ),
    *("types", "typing", "typing_extensions", "unicodedata", "urllib.parse", "uuid", "warnings", "weakref"),
    *("zoneinfo", "concurrent.futures", "os.cpu_count", "sys.intern", "os.fspath"),
    *(
        "attr",
        "attrs",
        "jax",
        "joblib.Memory",
        "joblib.delayed",
        "mlflow_tmpl",
        "msgspec",
        "numba",
        "numpy",
        "pandas",
    ),
    *(
        "pandera",
        "polars",
        "pyarrow",
        "pydantic",
        "scipy",
        "sklearn",
        "tenacity",
        "torch",
        "tqdm",
        "beartype",
    ),
    *("typeguard", "lightgbm", "xgboost", "catboost", "networkx", "shapely", "omegaconf", "yaml.safe_load"),
)
"""Modules, classes and functions that can be called without changing anything."""

_STATEFUL = (
    *(
        "functools.singledispatch()",
        "gc",
        "locale.setlocale",
        "os.chdir",
        "os.putenv",
        "os.umask",
        "os.unsetenv",
    ),
    *("random.seed", "random.setstate", "socket.setdefaulttimeout", "sys.setrecursionlimit", "time.tzset"),
    *("decimal.getcontext", "decimal.setcontext", "atexit.register", "importlib.reload", "signal.signal"),
    *(
        "numpy.random.seed",
        "numpy.random.set_state",
        "numpy.seterr",
        "numpy.seterrcall",
        "numpy.set_printoptions",
    ),
    *("numpy.setbufsize", "pandas.set_option", "pandas.reset_option", "pandas.options", "pandas.plotting"),
    *("pandas.api.extensions", "pandas.tseries", "polars.Config", "polars.api", "polars.enable_string_cache"),
    *("polars.set_random_seed", "torch.manual_seed", "torch.cuda.manual_seed", "torch.set_default_dtype"),
    *("torch.set_default_device", "torch.set_num_threads", "torch.use_deterministic_algorithms"),
    *("torch.backends", "torch.random", "torch.set_grad_enabled", "sklearn.set_config", "sklearn.random"),
    *("jax.config", "numba.config", "numba.set_num_threads", "xgboost.set_config", "pyarrow.set_cpu_count"),
    *("pyarrow.register_extension_type", "copyreg", "csv.register_dialect"),
    *("os.environ.update", "os.environ.setdefault", "os.environ.pop", "os.environ.clear", "sys.path"),
)
"""Those that change the state of a process, or of a package, for everyone in it."""

_METACLASSES = ("abc.ABCMeta", "enum.EnumMeta", "enum.EnumType", "type")


def _is_below(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


@lru_cache(maxsize=8192)
def is_stateful(name: str) -> bool:
    """Tell whether a call is known to change what others see."""
    return _is_below(name, _STATEFUL)


@lru_cache(maxsize=8192)
def is_still(name: str) -> bool:
    """Tell whether a call of what has a dotted name outside of the project changes nothing."""
    return _is_below(name, _STILL) and not is_stateful(name)


def is_silent(name: str) -> bool:
    """Tell whether a call that is made for its effect alone has none on what is computed."""
    return name == "print" or _is_below(name, ("logging", "warnings"))


def is_still_builtin(name: str) -> bool:
    """Tell whether a call of one of Python's own names changes nothing; exceptions and warnings do not."""
    known = getattr(builtins, name, None)
    return name in _BUILTINS or (isinstance(known, type) and issubclass(known, BaseException))


def is_still_metaclass(name: str) -> bool:
    """Tell whether classes of a metaclass are made without changing anything."""
    return _is_below(name, _METACLASSES)
