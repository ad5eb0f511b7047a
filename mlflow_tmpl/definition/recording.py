"""What a loaded project leaves behind: its nodes, its code, and all that loading it depended on."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.definition.conditions import (
    Conditions,
    found_files,
    importable_names,
    look_of,
    names_in,
    states_of,
    variable_hash,
)
from mlflow_tmpl.definition.definitions import Document, Untraceable, code_key
from mlflow_tmpl.definition.nodes import NotPlain, tell_function, tell_node
from mlflow_tmpl.hashing import digest
from mlflow_tmpl.planning.packages import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow_tmpl.definition.definitions import Definitions
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning.code import CodeFingerprint, CodeReader

_STARTED = frozenset({"__main__", "__mp_main__"})
_ENVIRONMENT = "environment "


def recorded(
    definitions: Definitions,
    pipeline: Pipeline,
    names: Sequence[str],
    members: dict[str, list[str]] | None,
    code: CodeReader,
    passed: Sequence[str],
    parameters: str,
    called: Sequence[tuple[str, str]],
) -> Document:
    """Return the definition of pipelines that were just loaded.

    Args:
        definitions: has listened while they were loaded.
        pipeline: what was asked for.
        names: of all pipelines.
        members: pipeline to its nodes, if all are known.
        code: has read their code.
        passed: checks that they have passed.
        parameters: hash of the parameters that they were made from; empty if they were not.
        called: functions that were called to make them: module and name.

    Raises:
        Untraceable: loading them again may give something else, although nothing that is known has changed.
    """
    doubt = next(untraceable(definitions, code, called), "")
    if doubt:
        raise Untraceable(doubt)
    functions = {id(node.func): node.func for node in pipeline.nodes}
    numbers = {each: number for number, each in enumerate(functions)}
    try:
        told = [tell_function(func) for func in functions.values()]
        nodes = [tell_node(node, numbers[id(node.func)]) for node in pipeline.nodes]
    except NotPlain as error:
        raise Untraceable(str(error)) from error
    given, paths = code.given()
    codes = {
        code_key(numbers[id(func)], packages): _answer(each)
        for func, packages, each in given
        if id(func) in numbers
    }
    rows = _rows(given, paths)
    return Document(
        asdict(_conditions(definitions, code, rows, parameters)),
        list(names),
        members,
        told,
        nodes,
        codes,
        {key: None if each is None else _answer(each) for key, each in paths.items()},
        list(passed),
        apart_of(code),
        json.JSONEncoder(separators=(",", ":")).encode(rows),
    )


def untraceable(
    definitions: Definitions, code: CodeReader, called: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Yield why a project that was just loaded has to be loaded each time."""
    yield from definitions.tracing.doubts
    for name, module in code.members().items():
        if name in definitions.tracing.modules:
            yield f"module {name!r} was imported before the pipelines were"
        yield from module.doubts
    yield from code.unsteady(called)


def apart_of(code: CodeReader) -> list[str]:
    """Return the files that code names, and that do not count."""
    texts, starts = code.naming()
    return [path for path in found_files(sorted(texts), starts) if Path(path).resolve() in code.apart]


def _answer(code: CodeFingerprint) -> list[Any]:
    return [code.id, list(code.doubts)]


def _rows(
    given: Sequence[tuple[Any, tuple[str, ...], CodeFingerprint]], paths: Mapping[str, CodeFingerprint | None]
) -> dict[str, Mapping[str, str]]:
    """Return what each hash is made of; most fingerprints share one table."""
    tables = {id(each.rows): each.rows for each in (*(code for _, _, code in given), *paths.values()) if each}
    return {name: row for table in tables.values() for name, row in table.items()}


def _conditions(
    definitions: Definitions, code: CodeReader, rows: Mapping[str, Mapping[str, str]], parameters: str
) -> Conditions:
    tracing = definitions.tracing
    texts, starts = code.naming()
    named = found_files(sorted(texts), starts)
    loaded = dict(_loaded(tracing.modules))
    members = code.members()
    sources = {
        str(each.file): digest(each.source) for each in members.values() if each.source or not each.opaque
    }
    apart = set(apart_of(code))
    files = {*loaded.values(), *map(str, (each.file for each in members.values())), *tracing.files}
    states = states_of(sorted({*files, *named} - apart), sources, definitions.started_ns)
    if states is None:
        raise Untraceable("a file was changed while the project was loaded")
    variables = {
        *tracing.variables,
        *(
            part[len(_ENVIRONMENT) :]
            for row in rows.values()
            for part in row
            if part.startswith(_ENVIRONMENT)
        ),
    }
    return Conditions(
        states,
        {folder: names_in(folder) for folder in tracing.folders},
        {folder: importable_names(folder) for folder in dict.fromkeys([*sys.path, *_folders(files)])},
        {path: look_of(path) for path in tracing.looks},
        {name: variable_hash(tracing.environment.get(name)) for name in sorted(variables)},
        sorted(texts),
        starts,
        named,
        sorted({*loaded, *members}),
        parameters,
    )


def _folders(files: set[str]) -> list[str]:
    return sorted({str(Path(file).parent) for file in files if file.endswith(".py")})


def _loaded(before: set[str]) -> Iterator[tuple[str, str]]:
    """Yield name and file of the modules that were loaded from what people edit."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        own = name.partition(".")[0] == __name__.partition(".")[0] or name in _STARTED
        if file and name not in before and not own and not is_installed(file):
            yield name, file
