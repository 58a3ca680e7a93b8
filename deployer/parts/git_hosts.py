"""What the server has to know of the Git servers that it fetches from; pure."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.kinds.base import is_from_repository
from deployer.parts.rendering import system
from deployer.parts.sshd import chosen_ports
from deployer.seen.facts import Facts
from deployer.shares.share import Share
from deployer.values.repository import HERE, address_of

if TYPE_CHECKING:
    from deployer.config.model import Config


GIT_HOSTS = "/etc/deploy/git_hosts"
SECTIONS = ((re.escape(GIT_HOSTS), "git_hosts"),)


def share(config: "Config", facts: Facts) -> Share:
    """The host keys that sites.yaml has, and what a person should know of the ways on which sites come."""
    return Share(files=repository_files(config), remarks=tuple(repository_remarks(config, facts)))


def repository_files(config: "Config") -> dict[str, File]:
    """The host keys of Git servers, for the push script."""
    hosts = config.git_hosts
    return {GIT_HOSTS: system("git_hosts", hosts=hosts)} if hosts else {}


def repository_remarks(config: "Config", facts: Facts) -> Iterator[tuple[str, str]]:
    """What a person should know of the ways on which sites come, with the names of the sites."""
    for domain, site in config.sites.items():
        url = address_of(site.repository) if is_from_repository(site) and not site.is_local else None
        if url and url.scheme == "http" and url.hostname not in HERE:
            what = "is fetched over http://: whoever is on the way can change what is published"
            yield domain, f"{domain} {what}"
        if (
            url
            and url.scheme == "ssh"
            and (new := _new_port(config, facts, url.hostname or "", url.port or 22))
        ):
            place = f"{url.hostname}:{new}"
            yield (
                domain,
                f"{domain} is fetched from this very server, by SSH on port {url.port or 22}, which it "
                f"leaves: write `repository: ssh://{url.username or 'git'}@{place}/…`, and below "
                f"`git_hosts:` `{place}` (deploy docs security)",
            )
    yield from _host_remarks(config, facts)


def _host_remarks(config: "Config", facts: Facts) -> Iterator[tuple[str, str]]:
    """Of Git servers that are known by the old port of this one alone, as for submodules."""
    for filed in config.git_hosts:
        found = re.fullmatch(r"\[(.+)\]:([0-9]+)", filed)
        host, port = (found[1], int(found[2])) if found else (filed, 22)
        new = _new_port(config, facts, host, port)
        if new and f"[{host}]:{new}" not in config.git_hosts:
            what = f"`git_hosts:` has {host} on port {port}, which SSH leaves on this very server"
            yield "", f"{what}: write `{host}:{new}` there, too"


def _new_port(config: "Config", facts: Facts, host: str, port: int) -> int | None:
    """The port that sshd of this server has instead of this one, which it leaves or has left."""
    ssh, server = config.security.ssh, config.server
    if not ssh or not ssh.port or ssh.port == port:
        return None
    names = {*HERE, *config.sites, *([server.host] if server else [])}
    names.update(alias for site in config.sites.values() for alias in site.aliases)
    public = {each for entry in config.compositions.values() for each in entry.public_ports()}
    left = {22, *facts.ssh_ports, *chosen_ports(config, facts)}
    return ssh.port if host in names and port in left and f"{port}/tcp" not in public else None
