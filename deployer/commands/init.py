"""deploy init: a sites.yaml to begin with."""

from pathlib import Path

import click

from deployer.commands._options import config_option


@click.command(short_help="Write a short sites.yaml with comments to begin with.")
@config_option
def command(config: Path) -> None:
    """Write a short sites.yaml with comments to begin with. An existing file is never overwritten.

    \b
    Example:
      deploy init
      deploy init -c other.yaml
    """
    from deployer import config as package
    from deployer.errors import DeployError

    starter = Path(package.__file__).with_name("starter.yaml").read_text("utf-8")
    try:
        with config.open("x", encoding="utf-8") as file:
            file.write(starter)
    except FileExistsError as error:
        advice = "Edit it, or name another file: deploy init -c FILE"
        raise DeployError(f"{config} is already there and stays as it is", advice) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DeployError(f"{config} cannot be written: {reason}") from error
    click.echo(f"Wrote {config}. Put your server and your site in, then: deploy check")
