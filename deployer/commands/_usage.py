"""What was typed wrong, told as every other failure is."""

import click

from deployer.errors import UsageError


def mistyped(error: click.UsageError) -> UsageError:
    """The error of a command line that click cannot read."""
    if not error.ctx:
        return UsageError(_words(error))
    usage = error.ctx.get_usage().removeprefix("Usage: ")
    return UsageError(_words(error), f"It is called so: {usage} ({error.ctx.command_path} --help tells more)")


def _words(error: click.UsageError) -> str:
    match error:
        case click.MissingParameter(param=click.Argument() as argument):
            return f"{(argument.name or '').upper()} is missing"
        case click.MissingParameter(param=click.Parameter() as option):
            return f"{option.opts[0]} is missing"
        case click.NoSuchOption(option_name=name, possibilities=[nearest, *_]):
            return f"no option '{name}' (did you mean '{nearest}'?)"
        case click.NoSuchOption(option_name=name):
            return f"no option '{name}'"
        case click.BadParameter(param=click.Parameter() as wrong):
            name = wrong.opts[-1] if isinstance(wrong, click.Option) else (wrong.name or "").upper()
            return f"{name}: {error.message}"
        case click.BadOptionUsage(option_name=name) if "requires" in error.message:
            return f"{name} wants a value"
    words = error.message.removeprefix("Got ")
    return words[:1].lower() + words[1:]
