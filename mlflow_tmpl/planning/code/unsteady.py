"""What importing a project asks of the clock, of chance, or of the machine: no audit event tells of it.

Told by the names in the code that runs on import and in all that it leads to; rather too much than too little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.units import CLASS, FUNCTION, IMPORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_tmpl.planning.code.program import Found, Program
    from mlflow_tmpl.planning.code.units import Unit

_PACKAGES = frozenset({"random", "secrets", "time", "psutil"})
_INSIDE = ("numpy.random.", "sys.argv", "sys.orig_argv", "sys.modules", "os.urandom", "os.environb")
_LAST = frozenset(
    {"now", "today", "utcnow", "localtime", "uuid1", "uuid4", "getpid", "getppid", "cpu_count", "getloadavg"}
    | {"getlogin", "getuser", "node", "uname", "urandom", "disk_usage", "input", "id"}
)
_READING = re.compile(r"(read|scan|load|fetch|open)_\w+|urlopen|connect|create_engine")
"""Functions of packages that read data, perhaps in ways that Python does not see."""

_PATH = re.compile(r"@?[\w.]+")


def unsteady_imports(program: Program, called: Sequence[tuple[str, str]] = ()) -> Iterator[str]:
    """Yield, with its place, what may be different each time the modules of a program are imported.

    Args:
        program: the modules.
        called: functions that are called besides: module and name.
    """
    waiting = [(name, path) for name in program.members for path in _on_import(program, name)]
    waiting += [(module, name) for module, name in called if module in program.members]
    seen: set[tuple[str, str]] = set(waiting)
    while waiting:
        module, path = waiting.pop()
        for found in program.lookup(module, path):
            if _is_unsteady(program, found):
                yield f"{program.members[module].shown} asks for {found.name}() while it is imported"
            target = program.members.get(found.module) if found.kind == "name" else None
            for _, unit in target.units(found.name) if target else ():
                new = {(found.module, inner) for inner in _paths(unit.reads)} - seen
                seen |= new
                waiting += sorted(new)


def _on_import(program: Program, module: str) -> Iterator[str]:
    """Yield the paths that the code of a module uses while it is imported."""
    for unit in program.members[module].facts.units:
        if unit.kind in {FUNCTION, CLASS}:
            yield from _paths(unit.reads if unit.runs is None else unit.runs)
        elif unit.kind != IMPORT:
            yield from _paths(_all_of(unit))


def _all_of(unit: Unit) -> tuple[str, ...]:
    return (*unit.reads, *unit.stores, *unit.acts, *(unit.runs or ()))


def _paths(told: Sequence[str]) -> Iterator[str]:
    """Yield paths without what says how they are called."""
    for path in told:
        match = _PATH.match(path)
        if match:
            yield match.group().rstrip(".")


def _is_unsteady(program: Program, found: Found) -> bool:
    if found.kind == "builtin":
        return found.name in _LAST
    if found.kind != "outside":
        return False
    last = found.name.rpartition(".")[2]
    return (
        found.module in _PACKAGES
        or found.name.startswith(_INSIDE)
        or last in _LAST
        or (program.kind_of(found.module) == "package" and _READING.fullmatch(last) is not None)
    )
