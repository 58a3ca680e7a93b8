"""Prints docs/commands.md, the reference of every command and option, from the commands themselves."""

import re
from collections.abc import Iterator
from inspect import cleandoc

import click

from deployer.cli import deploy

HEAD = """\
# Commands

Every command and option, made from the commands themselves by `scripts/reference`; `deploy COMMAND --help`
says the same. The environment variable `DEPLOY_CONFIG` stands for `--config`. There is no colour when the
output is piped, or `NO_COLOR` is set. Exit codes: [troubleshooting.md](troubleshooting.md#exit-codes).
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(name, command) for name, command in commands(deploy, "deploy"))])


def commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name; of a group, the commands in it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


def section(name: str, command: click.Command) -> str:
    """What one command does, an example, and its options."""
    text, _, example = cleandoc(command.help).partition("\b\nExample:\n")
    arguments = [usage(p) for p in command.params if isinstance(p, click.Argument)]
    parts = [f"## {' '.join([name, *arguments])}\n", text.strip()]
    parts.append("\n```\n" + re.sub("^  ", "", example.rstrip(), flags=re.MULTILINE) + "\n```\n")
    options = [row(p) for p in command.params if isinstance(p, click.Option)]
    if options:
        parts += ["| Option | Meaning |", "|---|---|", *options, ""]
    return "\n".join(parts)


def usage(argument: click.Argument) -> str:
    """An argument as it is written."""
    name = argument.name.upper().removesuffix("S")
    many = f"{name}…" if argument.nargs < 0 else name
    return many if argument.required else f"[{many}]"


def row(option: click.Option) -> str:
    """An option and what it does."""
    value = ""
    if isinstance(option.type, click.Choice):
        value = " " + " or ".join(f"`{choice}`" for choice in option.type.choices)
    elif not option.is_flag:
        value = f" {option.metavar or option.type.name.upper()}"
    default = f" Default: `{option.default}`." if option.show_default else ""
    spelt = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    return f"| {spelt}{value} | {option.help}{default} |"


if __name__ == "__main__":
    print(reference(), end="")
