"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path

import click

Completion = Callable[[click.Context, click.Parameter, str], list[str]]


def named(*sections: str) -> Completion:
    """Completes the names below these sections of sites.yaml that were not typed yet."""

    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        from deployer.config.outline import names

        before = context.params.get(parameter.name or "") or ()
        found = names(Path(context.params.get("config") or "sites.yaml"), *sections)
        return [name for name in found if name.startswith(typed) and name not in before]

    return complete


entries = named("sites", "services")
sites_alone = named("sites")
saved = named("sites", "services", "backups.folders")


def keep_file(context: click.Context, _: click.Parameter, file: Path) -> Path:
    """Keep the file that was typed, for the commands that messages suggest; the environment stays."""
    from deployer.suggested import keep

    typed = context.get_parameter_source("config") is click.core.ParameterSource.COMMANDLINE
    keep(str(file) if typed else "")
    return file


config_option = click.option(
    "-c",
    "--config",
    callback=keep_file,
    type=click.Path(path_type=Path),
    default=Path("sites.yaml"),
    envvar="DEPLOY_CONFIG",
    show_default=True,
    help="The file that describes the server.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
wait_option = click.option(
    "--wait", is_flag=True, help="Wait for another apply that is running instead of giving up."
)
