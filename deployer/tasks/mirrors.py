"""Ask a server about the mirrors of its Gitea, or have them pushed now."""

from collections.abc import Iterable

from deployer.seen.mirrors import Mirror, read_mirrors
from deployer.server.connection import Server
from deployer.tasks.push import ask_script
from deployer.waiting import waiting


def mirrors(server: Server, sites: Iterable[str], check: bool) -> list[Mirror]:
    """All mirrors of these sites, after a push of each, unless they are only to be checked."""
    doing = "comparing" if check else "pushing"
    with waiting(f"{doing} the mirrors on {server.host}"):
        return read_mirrors(ask_script(server, "mirrors", "compare" if check else "sync", *sites))
