"""deploy init: a sites.yaml to begin with."""

from pathlib import Path

import click

from deployer.commands._options import config_option

AIM = "begin"


@click.command(short_help="Write a short sites.yaml with comments to begin with.")
@config_option
@click.option("--host", default="", help="Your server, by name or IP address; it is asked for its host key.")
@click.option("--user", default="", help="Who logs in there: root, or a user with sudo.")
@click.option("--port", type=click.IntRange(1, 65535), default=22, show_default=True, help="Its SSH port.")
@click.option("--key", type=click.Path(path_type=Path), help="Private key to log in with; else SSH's choice.")
@click.option("--fingerprint", default="", metavar="SHA256:…", help="What its host key must have; else ask.")
def command(config: Path, host: str, user: str, port: int, key: Path | None, fingerprint: str) -> None:
    """Write a short sites.yaml with comments to begin with. An existing file is never overwritten.

    With --host the server is in it, and its host key, once you have compared that. What NGINX and Docker
    Compose serve there already is proposed, as comments; nothing is changed on the server.

    Beside it comes a .gitignore, unless there is one, that keeps private keys, values and dumps out of Git.

    \b
    Example:
      deploy init
      deploy init --host vps.example.org
      deploy init --host vps.example.org --fingerprint SHA256:…
      deploy init -c other.yaml
    """
    from deployer.config.starter import starter
    from deployer.errors import DeployError
    from deployer.report import ask, next_step

    if config.exists():
        raise already_there(config)
    if not host:
        host = ask("Your server, by name or IP address (empty: later):", "")
    text = starter()
    if host:
        from deployer.commands._meeting import meet

        again = command_line(host, user, port, key)
        text = meet(host, user or who_logs_in(), port, key, fingerprint, again)
    try:
        with config.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise already_there(config) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeployError(f"{config} cannot be written: {reason}") from error
    what = "your sites" if host else "your server and your sites"
    click.echo(f"Wrote {config}.")
    ignore_secrets(config.parent)
    next_step(f"put {what} in, then: deploy check")


def who_logs_in() -> str:
    """The name that is typed; an answer to the question that comes later is none."""
    from deployer.report import ask, say

    while (name := ask("Who logs in there, by name?", "root")).lower() in ("y", "yes", "n", "no"):
        say(f"'{name}' is no name: root, or the user with sudo that your provider made.")
    return name


def command_line(host: str, user: str, port: int, key: Path | None) -> str:
    """The same command once more, for the message that asks for a fingerprint."""
    import shlex

    from deployer.suggested import file_option

    given = [f" --user {shlex.quote(user)}"] if user else []
    given += [f" --port {port}"] if port != 22 else []
    given += [f" --key {shlex.quote(str(key))}"] if key else []
    return f"deploy init{file_option()} --host {shlex.quote(host)}{''.join(given)}"


def already_there(config: Path) -> Exception:
    """Why nothing is written."""
    from deployer.errors import DeployError

    advice = "Edit it, or name another file: deploy init -c FILE"
    return DeployError(f"{config} is already there and stays as it is", advice)


def ignore_secrets(folder: Path) -> None:
    """Write the .gitignore, unless there is one or it cannot be."""
    from deployer.config.beside import GITIGNORE

    try:
        with (folder / ".gitignore").open("x", encoding="utf-8") as file:
            file.write(GITIGNORE)
    except FileExistsError:
        return
    except OSError as error:
        click.echo(f"! {folder / '.gitignore'} cannot be written: {error.strerror}", err=True)
