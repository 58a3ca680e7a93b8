"""fail2ban: who fails to log in, or looks for holes, is shut out for a while."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import Side
from deployer.parts.certbot import able
from deployer.parts.rendering import rendered
from deployer.parts.sshd import ssh_ports
from deployer.shares.handler import Handler, Stage
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

JAILS = "/etc/fail2ban/jail.d/deploy.local"
HANDLERS = (
    Handler(
        "/etc/fail2ban/*",
        Stage.JAILS,
        check=f"check_jails {JAILS}",
        live=f"set_jails {JAILS}",
        says="set fail2ban",
    ),
)
REMOVABLE = (JAILS,)
SECTIONS = ((re.escape(JAILS), "security.fail2ban"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The jails of SSH and of the sites that NGINX serves, where fail2ban is on."""
    fail2ban = config.security.fail2ban
    if not fail2ban:
        return Share()
    jails = rendered(
        "system/fail2ban.conf",
        fail2ban=fail2ban,
        ssh_ports=ssh_ports(config, facts),
        domains=list(able(config, facts)),
    )
    return Share(
        files={JAILS: jails},
        packages=frozenset({"fail2ban", "nftables", "python3-systemd"}),
        units=frozenset({"fail2ban.service"}),
    )


def consequences(path: str, before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    """That nobody is shut out any more."""
    if path == JAILS and after is None:
        yield "fail2ban stops: nobody is shut out any more, however many passwords they try"
