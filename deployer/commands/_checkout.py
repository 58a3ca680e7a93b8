"""The checkout that a command is called in, and whether it is that of a site's repository."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import SplitResult

from deployer.config.model import Config
from deployer.errors import UsageError
from deployer.server.repository import checkout_of
from deployer.server.way import way_to
from deployer.values.forges import ForgeRepository, on_a_forge
from deployer.values.forges import whereabouts as to_checkout
from deployer.values.repository import address_of


def whereabouts(
    config: Config, repository: str, gitea: str | None
) -> tuple[Path | None, ForgeRepository | None, str]:
    """The checkout of the repository that we are in, else why not, and the repository on a forge."""
    folder = os.path.isdir(repository)
    checkout, remotes = checkout_of(Path(repository) if folder else Path())
    own = {config.server.host} if config.server else set()
    hosts = leading(
        [*own, *(spelled(url) for url in map(address_of, remotes) if url and url.scheme == "ssh")]
    )
    server = {name.lower() for name in own} | {hosts[name.lower()] for name in own}
    found = to_checkout("" if folder else repository, remotes, server, hosts)
    if gitea and not (re.match(r"https?://[^/]", gitea) and on_a_forge(f"{gitea}/owner/name")):
        raise UsageError("--gitea wants an address such as https://git.example.org")
    there = replace(found.there, address=gitea.rstrip("/")) if found.there and gitea else found.there
    if checkout and found.own:
        return checkout, there, ""
    return None, there, not_its_own(repository or "a repository", checkout, remotes)


def spelled(url: SplitResult) -> str:
    """The host as it is written: OpenSSH tells `Host Forge` and `Host forge` apart, urllib does not."""
    netloc = url.netloc.rpartition("@")[2]
    return netloc[1:].partition("]")[0] if netloc.startswith("[") else netloc.partition(":")[0]


def leading(names: Iterable[str]) -> dict[str, str]:
    """Where SSH goes by these names, which are in lower case here, as in addresses that were taken apart."""
    found = {}
    for name in names:
        try:
            found[name.lower()] = way_to(name).host
        except UsageError:
            found[name.lower()] = name.lower()
    return found


def not_its_own(repository: str, checkout: Path | None, remotes: Sequence[str]) -> str:
    """Why a folder is no checkout of the repository; passwords in addresses stay unsaid."""
    if checkout is None:
        return f"This is no checkout of {repository}"
    if not remotes:
        return f"{checkout} has no remote that tells whether it is a checkout of {repository}"
    told = ", ".join(re.sub(r"^(https?://)[^/]*@", r"\1", each) for each in remotes)
    return f"{checkout} is no checkout of {repository}: its remotes are {told}"
