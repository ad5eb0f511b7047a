"""Jinja without the way from a template to Python: what a template that is not trusted is rendered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

if TYPE_CHECKING:
    from jinja2 import Environment

SANDBOX = f"{__name__}.Sandbox"


class Sandbox(Extension):
    """Turns the environment that it is loaded into into a sandboxed one.

    Cookiecutter makes its environments itself; extensions are the one thing that it lets others put in. A
    plain environment lets ``{{ cycler.__init__.__globals__ }}`` reach every module, hooks or none.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        plain = type(environment)
        environment.__class__ = type(f"Sandboxed{plain.__name__}", (ImmutableSandboxedEnvironment, plain), {})
        # What the sandbox's own __init__ would set, which ran for no instance of the new class.
        environment.globals["range"] = safe_range
        environment.binop_table = dict(ImmutableSandboxedEnvironment.default_binop_table)  # type: ignore[attr-defined]
        environment.unop_table = dict(ImmutableSandboxedEnvironment.default_unop_table)  # type: ignore[attr-defined]
