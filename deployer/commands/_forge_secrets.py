"""The secrets of a workflow: which they are, and setting them where the repository is."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.ci_secrets import Right
    from deployer.config.model import Config
    from deployer.values.forges import ForgeRepository


def install(
    config: "Config", site: str, there: "ForgeRepository | None", key: Path | None, right: "Right" = "push"
) -> None:
    """Set the secrets in the site's repository."""
    from deployer.config.ci_secrets import secrets_of
    from deployer.config.credentials import OPTIONAL
    from deployer.errors import UsageError
    from deployer.report import say
    from deployer.server.forge import set_secrets
    from deployer.server.hostkeys import line_of
    from deployer.server.privatekeys import read_private_key
    from deployer.server.way import way_to

    token = os.environ.get("GITEA_TOKEN", "")
    if there is None:
        raise UsageError(f"{site} comes from no repository on a forge", "Set the secrets by hand.")
    if there.github:
        raise UsageError("GitHub wants its secrets encrypted", "Set them there: gh secret set SSH_HOST")
    require_private(there)
    if not token:
        raise UsageError(
            "GITEA_TOKEN is not set",
            f"Make a token with the scope write:repository ({there.address}/user/settings/applications), "
            "and put it into the environment.",
        )
    server = config.server
    known = line_of(server.host, server.port, server.host_key) if server else ""
    private = read_private_key(key or Path.home() / ".ssh" / f"deploy-{pusher(config, site, right)}")
    address = way_to(server.host, server.port).host if server else ""
    secrets = secrets_of(config, site, private.text, private.public, known, address, right)
    set_secrets(there, token, secrets, [name for name in OPTIONAL if name not in secrets])
    say(f"Set {', '.join(secrets)} in {there.owner}/{there.name} on {there.address}.")


def require_private(there: "ForgeRepository") -> None:
    """Raise UsageError for a forge to which secrets would be sent for anybody to read."""
    from urllib.parse import urlsplit

    from deployer.errors import UsageError

    if there.private:
        return
    port = urlsplit(there.address).port or 80
    raise UsageError(
        f"{there.address} is no https://: the token and the private key would cross the network unencrypted",
        f"Go through SSH to its machine: ssh -L {port}:localhost:{port} {there.host}\n"
        f"and meanwhile: --gitea http://localhost:{port}. Or set the secrets by hand; without "
        "--install-secrets it says which.",
    )


def holders(config: "Config", site: str, right: "Right") -> list[str]:
    """The names of the keys that may push the site, or send its files."""
    return [name for name, key in config.keys.items() if site in (key.send if right == "send" else key.push)]


def pusher(config: "Config", site: str, right: "Right" = "push") -> str:
    """The name of the first key that may push the site, or send its files; raises UsageError without one."""
    from deployer.errors import UsageError

    names = holders(config, site, right)
    if not names:
        raise UsageError(
            f"no key in sites.yaml may {right} {site}", f"Make one: deploy key add ci --{right} {site}"
        )
    return names[0]


def tell_secrets(config: "Config", site: str, set_already: bool, right: "Right" = "push") -> None:
    """Say which secrets the workflow needs, and what belongs into them."""
    from deployer.config.ci_secrets import where
    from deployer.report import say
    from deployer.server.hostkeys import line_of
    from deployer.server.way import way_to

    names = holders(config, site, right)
    if not names:
        say(
            f"! no key in sites.yaml may {right} {site} yet: deploy key add ci --{right} {site}",
            style="yellow",
        )
    if set_already or not config.server:
        return
    server = config.server
    known = line_of(server.host, server.port, server.host_key)
    say("Its secrets (settings of the repository: Actions, Secrets), or all at once with --install-secrets:")
    for name, value in where(server, way_to(server.host, server.port).host).items():
        say(f"  {name:<16} {value}")
    say(f"  SSH_KNOWN_HOSTS  {known or 'the line of ~/.ssh/known_hosts for this server'}")
    say(f"  SSH_PRIVATE_KEY  the private half of the key {names[0] if names else 'ci'}, the whole file")
