"""Have certificates issued on a server."""

from collections.abc import Callable, Iterable, Sequence

from deployer.config.model import Config
from deployer.planning.plan import Order
from deployer.server.connection import Server, script_command
from deployer.tasks import script
from deployer.waiting import waiting

ACME_CA = "/etc/deploy/acme-ca.pem"


def issue(
    server: Server,
    orders: Sequence[Order],
    config: Config,
    line: Callable[[str], None],
    fresh: Iterable[str] = (),
) -> bool:
    """Ask the authority for each certificate; whether all names of all of them are covered now.

    Names that are `fresh` lead here in a moment: their records have just been written.
    """
    ask, acme, email = script("certificates.sh"), config.acme, config.email
    ca = ACME_CA if acme.ca_certificate else ""
    orders_text = "".join(f"{order.name}\t{order.how}\t{' '.join(order.names)}\n" for order in orders)
    command = script_command(ask, acme.directory, email or "", ca, " ".join(sorted(fresh)))
    with waiting(f"{server.host} is at work"):
        return server.follow(command, line, ask + orders_text.encode()) == 0
