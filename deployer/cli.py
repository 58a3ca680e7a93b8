"""The command line: finds the commands, and turns every failure into a message and an exit code."""

import atexit
import errno
import gc
import importlib
import os
import pkgutil
import sys
import threading
import traceback
from contextlib import AbstractContextManager, suppress
from functools import cache

import click

from deployer import commands
from deployer.commands._letters import print_any_letter
from deployer.errors import INTERRUPTED, TRACEBACK, DeployError, unexpected
from deployer.waiting import Waiting, show_by

AIMS = {
    "begin": "Begin",
    "change": "Change the server",
    "publish": "Publish",
    "services": "Services",
    "backups": "Backups",
    "safety": "Safety",
}
"""What one may want to do, in the order of --help: each command says as its AIM where it belongs."""


class Commands(click.Group):
    """The modules of the folder `commands`, each loaded when it is called or listed."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*_names()]

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments[0] not in self.list_commands(context) and not context.resilient_parsing:
            from deployer.config.suggestions import suggest

            hint = suggest(arguments[0], self.list_commands(context))
            context.fail(f"no command '{arguments[0]}'{hint}")
        return super().resolve_command(context, arguments)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = importlib.import_module(f"deployer.commands.{name}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command in a line, below what it is for."""
        names = self.list_commands(context)
        widest = max(map(len, names))
        of = {name: importlib.import_module(f"deployer.commands.{name}") for name in names}
        for aim, title in AIMS.items():
            with formatter.section(title):
                for name in (each for each in names if aim == of[each].AIM):
                    formatter.write(f"  {name:{widest}}  {of[name].command.get_short_help_str(200)}\n")


@cache
def _names() -> tuple[str, ...]:
    return tuple(
        sorted(m.name for m in pkgutil.iter_modules(commands.__path__) if not m.name.startswith("_"))
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vps-deployer", prog_name="deploy")
def deploy() -> None:
    """Run a whole VPS from one file, sites.yaml.

    \b
    Example:
      deploy plan                     what would change on the server
      deploy apply                    change it
      deploy push www.example.org     publish the site's newest revision
      deploy docs first-site          from an empty server to a live site
    """


def _shown(wait: Waiting) -> AbstractContextManager[None]:
    """Loaded when something takes its time: most of what is typed does not wait for anything."""
    from deployer.report.display import displayed

    return displayed(wait)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line (default: the process's arguments) and end the process with its exit code."""
    # What is loaded is no garbage: to look for some takes 20 ms at the start, and up to 50 at the end.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    if sys.stderr.isatty():
        show_by(_shown)
    threading.excepthook = lambda lost: last_resort(lost.exc_value)
    print_any_letter()
    try:
        sys.exit(deploy.main(arguments, standalone_mode=False) or 0)
    except (Exception, KeyboardInterrupt) as error:
        with suppress(OSError):  # there may be no room for these words either
            tell(error)
        sys.exit(code_of(error))


def tell(error: BaseException) -> None:
    """Say what has ended the command."""
    from deployer.report import complain

    match error:
        case DeployError():
            complain(error)
        case click.UsageError():
            from deployer.commands._usage import mistyped

            complain(mistyped(error))
        case click.ClickException():
            error.show()
        case click.Abort() | KeyboardInterrupt():
            click.echo("Interrupted.", err=True)
        case BrokenPipeError():
            sys.stderr.close()
        case OSError(errno=errno.ENOSPC, filename=None):
            complain(DeployError("what this prints could not be written: no space is left where it goes"))
        case _:
            last_resort(error)


def code_of(error: BaseException) -> int:
    """The exit code of a command that ended with this."""
    match error:
        case DeployError() | click.ClickException():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case _:
            return 1


def last_resort(error: BaseException | None) -> None:
    """One message for what nobody has thought of; with where it happened for whoever asks."""
    from deployer.report import complain

    if error and os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if error:
        complain(unexpected(error))
