"""Which units do something when their module is imported, and to whom.

A *plain* unit only defines names; all others are effects. What an effect does to others is told by what it can reach:
who reads something that it may change depends on it, wherever it stands. What changes the state of Python, or of a
package that is not the project's, counts for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_tmpl.planning.code.pure import (
    is_silent,
    is_stateful,
    is_still,
    is_still_builtin,
    is_still_metaclass,
)
from mlflow_tmpl.planning.code.units import (
    CLASS,
    FUNCTION,
    IMPORT,
    METACLASS,
    OPERATED,
    SILENT,
    STATEMENT,
    SUBCLASS,
    VALUE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.planning.code.program import Found, Module, Program
    from mlflow_tmpl.planning.code.units import Calls, Unit

    IsForeign = Callable[[str], bool]

SUFFIXES = "()" + SUBCLASS + METACLASS + SILENT + OPERATED
_RECORDS = frozenset({"collections.namedtuple", "typing.NamedTuple", "typing.NewType", "typing.TypedDict"})


class Effects:
    """Tells plain units from effects.

    Args:
        program: the modules.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._plain: dict[tuple[str, int], bool] = {}
        self._still: dict[tuple[str, str], bool] = {}

    def is_plain(self, module: str, position: int, unit: Unit) -> bool:
        """Tell whether importing a unit does nothing but define names."""
        key = (module, position)
        if key not in self._plain:
            self._plain[key] = unit.kind == IMPORT or self._all_still(module, unit.runs)
        return self._plain[key]

    def _all_still(self, module: str, calls: Calls) -> bool:
        return calls is not None and all(self._is_still(module, path) for path in calls)

    def _is_still(self, module: str, path: str) -> bool:
        """Tell whether a call changes nothing; one that comes to itself again does not because of that."""
        key = (module, path)
        if key not in self._still:
            self._still[key] = True
            bare = path.rstrip(SUFFIXES)
            found = self._program.lookup(module, bare)
            suffix = path[len(bare) :]
            self._still[key] = bool(found) and all(self._leads_to_still(each, suffix) for each in found)
        return self._still[key]

    def _leads_to_still(self, found: Found, suffix: str) -> bool:
        if suffix == OPERATED and found.kind in {"builtin", "outside"}:
            return True
        if suffix == SILENT and found.kind in {"builtin", "outside"}:
            return is_silent(found.name)
        if found.kind == "builtin":
            return suffix == SUBCLASS or is_still_builtin(found.name)
        if found.kind == "outside":
            known = is_still_metaclass if suffix == METACLASS else is_still
            return known(found.name) and not is_stateful(f"{found.name}{suffix}")
        module = self._program.module(found.module)
        if found.kind != "name" or module is None:
            return False
        if suffix == OPERATED:
            return all(self._is_inert(module.name, unit) for _, unit in module.units(found.name))
        bound = [unit for _, unit in module.units(found.name) if not _is_imported(unit, found.name)]
        if found.name not in module.binders:
            return is_still_builtin(found.name) and (suffix != SILENT or is_silent(found.name))
        if found.rest and bound:
            return False
        return all(self._unit_is_still(module, unit, suffix) for unit in bound)

    def _unit_is_still(self, module: Module, unit: Unit, suffix: str) -> bool:
        """Tell whether calling what a unit of the project defines changes nothing."""
        if unit.kind == CLASS and suffix in {"", SUBCLASS}:
            return self._all_still(module.name, unit.called[suffix == SUBCLASS])
        if unit.kind == FUNCTION and suffix in {"", "()"}:
            undecorated = unit.runs is not None and all(
                self._is_outside(module.name, path) for path in unit.runs
            )
            return undecorated and self._all_still(module.name, unit.called[suffix == "()"])
        return unit.kind == VALUE and any(self._is_record(module.name, path) for path in unit.runs or ())

    def _is_inert(self, module: str, unit: Unit) -> bool:
        """Tell whether operators on what a unit defines run no code of the project."""
        return unit.kind in {FUNCTION, CLASS, IMPORT} or (
            unit.runs is not None and all(self._is_outside(module, path) for path in unit.runs)
        )

    def _is_outside(self, module: str, path: str) -> bool:
        found = self._program.lookup(module, path.rstrip(SUFFIXES))
        return bool(found) and not any(self._is_defined(each) for each in found)

    def _is_defined(self, found: Found) -> bool:
        """Tell whether a name of the project stands for something else than what it is imported as."""
        module = self._program.module(found.module) if found.kind == "name" else None
        return found.kind == "module" or (
            module is not None
            and not all(_is_imported(unit, found.name) for _, unit in module.units(found.name))
        )

    def _is_record(self, module: str, path: str) -> bool:
        return any(each.name in _RECORDS for each in self._program.lookup(module, path))

    def acts_outside(self, module: str, unit: Unit) -> bool:
        """Tell whether code, when it runs, may change the state of Python or of a package."""
        told = [*((path, False) for path in unit.acts), *((path, True) for path in unit.stores)]
        for path, stores in told:
            for found in self._program.lookup(module, path):
                if found.kind == "outside" and (stores or not is_still(found.name)):
                    return True
        return any(
            found.kind == "outside" and is_stateful(found.name)
            for path in unit.runs or ()
            for found in self._program.lookup(module, path.rstrip(SUFFIXES))
        )

    def runs_own_code(self, module: str, unit: Unit) -> bool:
        """Tell whether importing an effect calls code of the project that may do anything."""
        return (
            unit.kind == STATEMENT
            or unit.runs is None
            or any(
                not self._is_outside(module, path) and not self._is_still(module, path) for path in unit.runs
            )
        )


def _is_imported(unit: Unit, name: str) -> bool:
    return name not in unit.names


def effects_of(effects: Effects, module: Module) -> Iterator[int]:
    """Yield the positions of the units of a module that do more than define names."""
    for position, unit in enumerate(module.facts.units):
        if not effects.is_plain(module.name, position, unit):
            yield position
