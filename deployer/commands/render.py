"""deploy render: every file that the server would get."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, entries
from deployer.seen.releases import KNOWN, USUAL, named

if TYPE_CHECKING:
    from deployer.files import File, Files

AIM = "change"


@click.command(short_help="Print every file that the server would get.")
@click.argument("sites", nargs=-1, shell_complete=entries)
@config_option
@click.option(
    "--os",
    type=click.Choice(list(KNOWN)),
    default=named(*USUAL),
    show_default=True,
    help="The server's system.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write a tree of files here: a new or empty folder."
)
def command(sites: tuple[str, ...], config: Path, os: str, out: Path | None) -> None:
    """Print every file that the server would get, without asking it, as if all certificates were there.

    Of all sites, or only the files of those named. Secrets are left out.

    \b
    Example:
      deploy render www.example.org
      deploy render --out rendered
      deploy render --os debian-12 --out rendered
    """
    from deployer.config.loader import load
    from deployer.planning.stages import in_the_end
    from deployer.seen import manifest
    from deployer.seen.facts import Facts

    loaded = load(config)
    chosen = loaded.select(sites)
    name, _, release = os.partition("-")
    desired = in_the_end(loaded, Facts(name, release).having(openssl=KNOWN[os].openssl))
    files = {path: file for path, file in desired.files.items() if desired.site_of.get(path) in chosen}
    if not sites:
        listed = manifest.write({path: file.digest for path, file in desired.files.items()})
        files = {**desired.files, manifest.PATH: listed}
    if out:
        write(files, out)
        click.echo(f"Wrote {len(files)} files below {out}.", err=True)
    else:
        click.echo("\n".join(map(printed, files.items())), nl=False)


def printed(item: tuple[str, "File"]) -> str:
    """A file as it is printed: its path, mode and owner, then what is in it."""
    path, file = item
    heading = f"==> {path} {file.mode:04o} {file.owner}:{file.group} <==\n"
    text = shown(file).decode("utf-8", "backslashreplace")
    return heading + text + ("" if text.endswith("\n") or not text else "\n")


def shown(file: "File") -> bytes:
    """What may be seen of a file."""
    return b"(secret)\n" if file.secret else file.content


def write(files: "Files", folder: Path) -> None:
    """Write the files as a tree, with their modes, into a folder that is new or empty."""
    from deployer.errors import DeployError

    try:
        if folder.exists() and any(folder.iterdir()):
            raise DeployError(f"{folder} is not empty and stays as it is", "Name a new folder for --out.")
        for path, file in files.items():
            place = folder / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(shown(file))
            place.chmod(file.mode)
    except OSError as error:
        raise DeployError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
