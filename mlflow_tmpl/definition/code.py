"""Fingerprints of code as they were when the project was loaded; what has none is left to loading it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.definition.definitions import NotRemembered, code_key
from mlflow_tmpl.planning.code import FILE, CodeFingerprint, CodeReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_tmpl.definition.definitions import Definition
    from mlflow_tmpl.planning.code import Definition as SourceOf


class RememberedCode(CodeReader):
    """Gives the fingerprints of a definition.

    Args:
        definition: where they stand.
        reading: arguments of `CodeReader`, to tell what a part of a fingerprint is.

    Raises:
        NotRemembered: the files that the code names are not those that count any more.
    """

    def __init__(self, definition: Definition, *reading: Any) -> None:
        super().__init__(*reading)
        self._definition = definition
        document = definition.document
        named = document.conditions["named"]
        if [path for path in named if Path(path).resolve() in self.apart] != document.apart:
            raise NotRemembered("outputs that the code names")

    def fingerprint(self, func: Callable[..., Any], packages: tuple[str, ...] = ()) -> CodeFingerprint:
        """Return the fingerprint of a function, given what packages its data belongs to."""
        return self._made_again(self._definition.document.codes.get(code_key(func.number, packages)))  # type: ignore[attr-defined]

    def fingerprint_of_path(self, dotted: str) -> CodeFingerprint:
        """Return the fingerprint of what a dotted path names."""
        return self._made_again(self._definition.document.paths.get(dotted))

    def fingerprint_of_objects(self, path: Path | None, content: str) -> CodeFingerprint | None:  # noqa: ARG002
        """Return the fingerprint of the classes that pickled objects are of."""
        key, known = f"objects {content}", self._definition.document.paths
        if key in known and known[key] is None:
            return None
        return self._made_again(known.get(key))

    def _made_again(self, told: list[Any] | None) -> CodeFingerprint:
        if told is None:
            raise NotRemembered("code")
        return CodeFingerprint(told[0], tuple(told[1]), _Rows(self._definition))

    def known(self) -> Mapping[str, Mapping[str, str]]:
        """Return what each fingerprint is made of."""
        return self._definition.rows

    def files(self) -> frozenset[str]:
        """Return the files that count."""
        return super().files() if f'"{FILE}' in self._definition.document.rows else frozenset()

    def definition(self, part: str) -> SourceOf | None:
        """Return where a part of a fingerprint stands now: read off the sources, which are as they were."""
        self.include(self._definition.document.conditions["modules"])
        return super().definition(part)


class _Rows(Mapping[str, Mapping[str, str]]):
    """The rows of a definition, taken out of it when the first is asked for."""

    def __init__(self, definition: Definition) -> None:
        self._of = definition

    def __getitem__(self, name: str) -> Mapping[str, str]:
        return self._of.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of.rows)

    def __len__(self) -> int:
        return len(self._of.rows)
