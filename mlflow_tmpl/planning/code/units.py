"""What is known of a module's source: one unit for each thing that stands at its top level.

Units are plain tuples of plain values, so that `marshal` keeps them on disk and a warm start parses nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

FUNCTION, CLASS, VALUE, IMPORT, STATEMENT = "function", "class", "value", "import", "statement"
"""Kinds of unit. A statement is all that is none of the others: it is there for what it does."""

FORMAT = 2
"""Number of the form of `ModuleFacts`; to be raised whenever what is read off a source changes."""

Calls = tuple[str, ...] | None
"""Paths of what is called, or ``None`` where something happens that cannot be told from outside.

A path is ``name.attribute`` as the module sees it, or ``@module.attribute`` for what an import inside a function
names; ``()`` at its end stands for calling what the call gave.
"""


SUBCLASS = "[]"
"""Ends the path of a class that another one is derived from."""

METACLASS = "{}"
"""Ends the path of a class that is the class of another one."""

SILENT = "!"
"""Ends the path of what is called for its effect alone."""

OPERATED = "+"
"""Ends the path of what an operator or a subscript is applied to."""

CLASSES, DOCSTRINGS, SOURCES = "classes", "docstrings", "sources"
"""What a piece of code can see of a whole program without naming it."""


class Unit(NamedTuple):
    """One definition or statement at the top level of a module.

    Attributes:
        kind: what it is.
        names: module-level names that it binds.
        digest: of its syntax tree without comments, docstrings, formatting and names of local variables.
        line: where it stands, for those who read it.
        first: its first line, decorators included.
        last: its last line.
        reads: paths of what it can reach.
        stores: paths of what it assigns into, or changes through a method known to change things.
        aliased: paths of what it may change by way of a variable of its own.
        acts: paths of what it calls for the effect: the value is not used.
        runs: what is called when the module is imported.
        called: for a function or class what is called when it is called, and when its result is called.
        origins: name to what an import binds it to, in pairs.
        fixed: whether its value can never change by itself: a number, a text, a function without state.
        wholes: modules that it takes as values.
        dynamic: whether it can see all names of its module: ``globals()`` and the like.
        sees: what it can see of the whole program: classes that nothing names (it unpickles, or asks for
            subclasses), docstrings, the text of sources.
        patches: whether it assigns attributes of what it was given or has under another name.
        environment: names of environment variables that it reads.
        texts: text constants that may be paths of files, as relative paths in one notation.
        doubts: ``(line, what)`` that cannot be followed.
    """

    kind: str
    names: tuple[str, ...]
    digest: str
    line: int
    first: int
    last: int
    reads: tuple[str, ...]
    stores: tuple[str, ...]
    aliased: tuple[str, ...]
    acts: tuple[str, ...]
    runs: Calls
    called: tuple[Calls, Calls]
    origins: tuple[tuple[str, str], ...]
    fixed: bool
    wholes: tuple[str, ...]
    dynamic: bool
    sees: tuple[str, ...]
    patches: bool
    environment: tuple[str, ...]
    texts: tuple[str, ...]
    doubts: tuple[tuple[int, str], ...]


class ModuleFacts(NamedTuple):
    """What one source file says.

    Attributes:
        units: in the order in which they stand.
        imports: dotted names of all modules that it may import, wherever the imports stand, as absolute names.
        stars: modules that it imports all names of.
        docstrings: hash of all docstrings in it.
    """

    units: tuple[Unit, ...]
    imports: tuple[str, ...]
    stars: tuple[str, ...]
    docstrings: str = ""

    def to_plain(self) -> tuple[Any, ...]:
        """Return the facts as tuples that `marshal` takes."""
        return (tuple(tuple(unit) for unit in self.units), self.imports, self.stars, self.docstrings)

    @classmethod
    def of_plain(
        cls, plain: tuple[tuple[tuple[object, ...], ...], tuple[str, ...], tuple[str, ...], str]
    ) -> ModuleFacts:
        """Return facts from what `to_plain` gave."""
        return cls(tuple([Unit._make(unit) for unit in plain[0]]), *plain[1:])
