"""The secrets that a CI job needs to push a site."""

from typing import Literal

from deployer.config.model import Config
from deployer.config.server import Server
from deployer.errors import UsageError

Right = Literal["push", "send"]
"""The list of a key in sites.yaml that lets it do what the workflow does."""


def secrets_of(
    config: Config,
    site: str,
    private: str,
    public: str,
    known_hosts: str,
    address: str = "",
    right: Right = "push",
) -> dict[str, str]:
    """The value of each secret, by its name.

    `private` is a private key and `public` its other half. Raises UsageError unless sites.yaml lets that key
    push the site, or send its files, and nothing more, so that no other one gets into a forge by mistake.
    """
    if not any(site in getattr(key, right) and key.public == public for key in config.keys.values()):
        raise UsageError(
            f"this key is not one that may {right} {site}",
            f"A forge gets a restricted key only: deploy key add ci --{right} {site}",
        )
    if config.server is None or not known_hosts:
        raise UsageError("the server's host key is not known here", "Pin it in sites.yaml: server.host_key")
    return {**where(config.server, address), "SSH_KNOWN_HOSTS": known_hosts, "SSH_PRIVATE_KEY": private}


def where(server: Server, address: str = "") -> dict[str, str]:
    """The secrets that say where to log in: at this address, if `server.host` is a word of ~/.ssh/config.

    The user of every restricted key and the usual port are left out: a forge stars out a secret wherever it
    stands in a log, and "deploy" and 22 stand in many a line.
    """
    port = {} if server.port == 22 else {"SSH_PORT": str(server.port)}
    return {"SSH_HOST": address or server.host, **port}
