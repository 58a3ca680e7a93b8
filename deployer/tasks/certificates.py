"""Have certificates issued on a server."""

from collections.abc import Callable, Sequence

from deployer.config.model import Acme
from deployer.planning.plan import Order
from deployer.server.connection import Server, script_command
from deployer.tasks import script
from deployer.waiting import waiting

ACME_CA = "/etc/deploy/acme-ca.pem"


def issue(
    server: Server, orders: Sequence[Order], acme: Acme, email: str | None, line: Callable[[str], None]
) -> bool:
    """Ask the authority for each certificate; whether all names of all of them are covered now."""
    ask = script("certificates.sh")
    ca = ACME_CA if acme.ca_certificate else ""
    orders_text = "".join(f"{order.name}\t{order.how}\t{' '.join(order.names)}\n" for order in orders)
    command = script_command(ask, acme.directory, email or "", ca)
    with waiting(f"{server.host} is at work"):
        return server.follow(command, line, ask + orders_text.encode()) == 0
