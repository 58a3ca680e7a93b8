"""Options that several commands share."""

from pathlib import Path

import click

config_option = click.option(
    "-c",
    "--config",
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
