"""Groups of commands that say which name is near to one that they do not have."""

from __future__ import annotations

import click

from mlflow_tmpl.errors import UsageError, did_you_mean


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


def told(error: click.UsageError) -> UsageError:
    """Return what click found wrong as an error like all others: a line, and the way out."""
    text = error.format_message().strip().rstrip(".")
    hint = f"{error.ctx.command_path if error.ctx else 'mlo'} --help shows how"
    if isinstance(error, click.NoSuchOption):
        text = f"there is no option {error.option_name!r}"
        hint = did_you_mean(error.option_name, error.possibilities or ()) or hint
    return UsageError(text[:1].lower() + text[1:], hint=hint)
