"""Groups of commands that say which name is near to one that they do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_tmpl.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


class Group(click.Group):
    """A group of commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed, or say which one is near."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, known) or f"{ctx.command_path} --help lists the commands"
            raise UsageError(f"there is no command {name!r}", hint=hint)
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group whose commands live in modules of the same name, each with a `command`; none is imported to list them.

    Args:
        package: dotted name of the package that the modules lie in.
        listed: name and one-line help of each command.
        options: as for any group.
    """

    def __init__(self, *, package: str, listed: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._package = package
        self._listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands."""
        return list(self._listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command."""
        if cmd_name not in self._listed:
            return None
        from importlib import import_module

        command = import_module(f"{self._package}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._listed.items()))


def told(error: click.UsageError) -> UsageError:
    """Return what click found wrong as an error like all others: a line, and the way out."""
    text = error.format_message().strip().rstrip(".")
    hint = f"{error.ctx.command_path if error.ctx else 'mlo'} --help shows how"
    if isinstance(error, click.NoSuchOption):
        text = f"there is no option {error.option_name!r}"
        known = [name for each in error.ctx.command.params for name in each.opts] if error.ctx else ()
        hint = did_you_mean(error.option_name, known, 0.75) or hint
    return UsageError(text[:1].lower() + text[1:], hint=hint)
