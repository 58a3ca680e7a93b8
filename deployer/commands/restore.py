"""deploy restore: put a backup back."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployer.commands._options import config_option, saved, yes_option
from deployer.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.server.connection import Server


AIM = "backups"


@click.command(short_help="Put a backup back, onto the server or into a folder here.")
@click.argument("site", required=False, shell_complete=saved)
@config_option
@yes_option
@click.option("--all", "every", is_flag=True, help="Restore everything that has a backup, onto a new server.")
@click.option("--at", default=None, help="The date of the backup, or how it begins; without it, the newest.")
@click.option(
    "--from", "place", type=click.Choice(("vps", "home", "s3")), default=None, help="Where the archive is."
)
@click.option("--only", default="", metavar="PATH", help="Nothing but this path of it, and no database.")
@click.option("--as", "name", default="", metavar="NAME", help="What it comes back as, a name in sites.yaml.")
@click.option(
    "--archive-load",
    is_flag=True,
    help="Load the dump by the archive's own command, where sites.yaml has another; it runs as root.",
)
@click.option(
    "--to", "directory", type=click.Path(path_type=Path), help="Only unpack it into this folder, here."
)
def command(
    site: str | None,
    config: Path,
    yes: bool,
    every: bool,
    at: str | None,
    place: str | None,
    only: str,
    name: str,
    archive_load: bool,
    directory: Path | None,
) -> int:
    """Put a backup back: all of it and healthy, or what was there before.

    The archive is decrypted here, where the private key is, and streamed to the server. The service stops,
    what was there is put aside, the files come in, the database is loaded, and the service starts. If it is
    not well then, everything goes back to what it was.

    \b
    Example:
      deploy restore analytics.example.org
      deploy restore analytics.example.org --at 2026-11-20 --from home
      deploy restore analytics.example.org --to ./look
      deploy restore photos --only /srv/photos/2026
      deploy restore shop.example.org --as store.example.org
      deploy restore --all
    """
    from deployer.commands._restore import restore_one, unpack_here
    from deployer.commands._restore_all import restore_all
    from deployer.config.loader import load
    from deployer.home.plain import require_programs
    from deployer.tasks.restore import Wanted

    check(bool(site), every, bool(directory), bool(only or name))
    wanted = Wanted(date(at), archive_load, only, name)
    loaded = load(config)
    require_programs()
    with reached(loaded, not directory or place == "vps", bool(place)) as server:
        if directory:
            return unpack_here(loaded, server, site or "", wanted.at, place or "", directory)
        assert server, "reached has seen to it"
        if every:
            return restore_all(loaded, server, place or "", wanted, yes)
        return restore_one(loaded, server, site or "", place or "", wanted, yes)


def check(one: bool, every: bool, here: bool, part: bool) -> None:
    """Raise UsageError for what does not go together."""
    if one == every:
        raise UsageError("one site or service is restored, or --all", "Run: deploy restore --help")
    if every and here:
        raise UsageError("--to unpacks one archive, not all")
    if part and (every or here):
        raise UsageError("--only and --as are for one archive onto the server")


def date(written: str | None) -> str:
    """The date of an archive, or nothing; what is no date is refused before anything is asked."""
    from deployer.backups.archives import beginning

    if written is None:
        return ""
    beginning(written)
    return written


@contextmanager
def reached(config: "Config", needed: bool, elsewhere: bool = False) -> Iterator["Server | None"]:
    """The server; to unpack an archive here it may be gone, and is not asked for one that is elsewhere."""
    from deployer.report import say
    from deployer.tasks import server_of

    with ExitStack() as stack:
        try:
            server = (
                stack.enter_context(server_of(config))
                if config.server and (needed or not elsewhere)
                else None
            )
        except UnreachableError as error:
            if needed:
                raise
            say(f"! {error.message}: looking elsewhere", style="yellow")
            server = None
        if needed and server is None:
            raise UsageError("there is no server in sites.yaml", "Add it: server: {host: vps.example.org}")
        yield server
