"""deploy secret: values that only the server knows."""

from pathlib import Path

import click

from deployer.commands._options import config_option, entries

AIM = "services"


@click.group()
def command() -> None:
    """Values that only the server knows.

    \b
    Example:
      deploy secret show analytics.example.org APP_SECRET
    """


@command.command()
@click.argument("name", shell_complete=entries)
@click.argument("variable")
@config_option
def show(name: str, variable: str, config: Path) -> None:
    """Print one value of a service's .env, as it is on the server, or the password of a site's user.

    \b
    Example:
      deploy secret show analytics.example.org APP_SECRET
      deploy secret show www.example.org me
    """
    from deployer.commands.services import compositions
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.tasks import server_of
    from deployer.tasks.push import ask_script

    loaded = load(config)
    entry = loaded.select([name])[name]
    of_previews = getattr(getattr(entry, "previews", None), "auth", None)
    if not entry.secrets() and not getattr(entry, "auth", None) and not of_previews:
        compositions(loaded, [name])
    with server_of(loaded) as server:
        data(ask_script(server, "secret", name, variable))
