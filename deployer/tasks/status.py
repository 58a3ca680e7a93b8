"""Ask a server how it is."""

from collections.abc import Mapping

from deployer.errors import DeployError
from deployer.kinds.base import Site
from deployer.seen.health import Health, read_health
from deployer.server.connection import Server, script_command
from deployer.tasks import script


def status(server: Server, sites: Mapping[str, Site]) -> Health:
    """The server's health and that of the sites, in one round trip."""
    ask = script("status.sh")
    lines = (
        f"{name}\t{'https' if site.https else 'http'}\t{site.probe(domain) if name == domain else '/'}\n"
        for domain, site in sites.items()
        for name in site.names(domain)
    )
    answer = server.ask(script_command(ask), ask + "".join(lines).encode())
    if answer.status:
        raise DeployError(f"{server.host} does not tell how it is: {answer.errors.strip() or answer.status}")
    with server.understanding():
        return read_health(
            answer.output.decode(errors="replace"),
            {domain: site.names(domain)[1:] for domain, site in sites.items()},
        )
