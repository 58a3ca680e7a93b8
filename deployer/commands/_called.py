"""A command that is run on the server where an entry runs: its words stand behind a `--`."""

import shlex
import sys
from pathlib import Path

import click

words_argument = click.argument(
    "words", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED
)


class Behind(click.Command):
    """Everything behind `--` is the command; without it, an option of that would be taken for one of ours."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        asked = {"--help", "-h"} & set(arguments)
        if "--" not in arguments and not asked and not context.resilient_parsing:
            raise click.UsageError("-- is missing, and behind it the command that shall run", context)
        return super().parse_args(context, arguments)

    def collect_usage_pieces(self, context: click.Context) -> list[str]:
        *before, last = super().collect_usage_pieces(context)
        return [*before, "--", last]


def call(program: str, name: str, service: str | None, words: tuple[str, ...], file: Path) -> int:
    """Run the command by that program of the server, and return its exit code; raises DeployError."""
    from deployer.commands._interrupted import telling
    from deployer.commands.services import compositions, running
    from deployer.config.loader import load
    from deployer.errors import DeployError
    from deployer.server.attached import attach, has_terminal
    from deployer.tasks import server_of
    from deployer.tasks.push import PROGRAMS, Pushed

    loaded = load(file)
    (running if program == "exec" else compositions)(loaded, [name])
    terminal = has_terminal()
    options = [*(["--service", service] if service else []), *(["--terminal"] if terminal else [])]
    path = f"{PROGRAMS}/{program}"
    typed = shlex.join([path, name, *options, "--", *words])
    lacks = f"[ -e {path} ] || exit {Pushed.NO_SCRIPT}"
    with server_of(loaded) as server:
        sys.stdout.flush()
        with telling(lambda: f"{name}: {server.host} ends the command: nobody is there any more"):
            code = attach(server, f"{lacks}; {typed}", terminal)
        if code == Pushed.NO_SCRIPT and server.ask(lacks).status:  # the command's own may be the same
            raise DeployError(f"{server.host} has no program `{program}` yet", "Run: deploy apply")
        return code
