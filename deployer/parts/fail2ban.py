"""fail2ban: who fails to log in, or looks for holes, is shut out for a while."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.files import Side
from deployer.parts.certbot import able
from deployer.parts.rendering import rendered, system
from deployer.parts.shield import ranges, with_shieldable
from deployer.parts.sshd import ssh_ports
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.config.security import Fail2ban
    from deployer.seen.facts import Facts

JAILS = "/etc/fail2ban/jail.d/deploy.local"
HANDLERS = (
    Handler(
        "/etc/fail2ban/*",
        Stage.JAILS,
        check=f"check_jails {JAILS}",
        who="fail2ban",
        live=f"set_jails {JAILS}",
        says="set fail2ban",
    ),
)
ACTION = "/etc/fail2ban/action.d/deploy-nginx.conf"
REMOVABLE = (JAILS, ACTION)
BY_HAND = "/etc/fail2ban/jail.local"
KEYS = ("bantime", "findtime", "maxretry", "ignoreip")
QUESTIONS = tuple(Question("setting", f"{key} {BY_HAND}") for key in KEYS)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LINES = {JAILS: re.compile(r" +/var/log/nginx/(?P<key>(?P<name>.+))\.access\.log")}
SECTIONS = ((re.escape(JAILS), "security.fail2ban"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The jails of SSH and of the sites that NGINX serves, where fail2ban is on."""
    fail2ban = config.security.fail2ban
    if not fail2ban:
        return Share()
    behind = bool(with_shieldable(config, facts).shieldable)
    jails = rendered(
        "system/fail2ban.conf",
        fail2ban=fail2ban,
        ssh_ports=ssh_ports(config, facts),
        domains=list(able(config, facts)),
        cloudflare=ranges()[1] if behind else (),
    )
    return Share(
        files={JAILS: jails, **({ACTION: system("fail2ban-nginx.conf")} if behind else {})},
        packages=frozenset({"fail2ban", "nftables", "python3-systemd"}),
        units=frozenset({"fail2ban.service"}),
        notes=tuple(jail_notes(fail2ban, facts)),
    )


def consequences(path: str, before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    """That nobody is shut out any more."""
    if path == JAILS and after is None:
        yield "fail2ban stops: nobody is shut out any more, however many passwords they try"


def jail_notes(fail2ban: "Fail2ban", facts: "Facts") -> Iterator[str]:
    """What a person has set for all jails, or for that of SSH, and counts no more."""
    then = "and deploy's jails, which are read after it"
    ours = {"bantime": fail2ban.ban, "maxretry": fail2ban.attempts, "findtime": 600}
    known = {"", "127.0.0.0/8", "127.0.0.1/8", "127.0.0.1", "::1", *map(str, fail2ban.ignore)}
    for file, section, key, value in facts.settings:
        if file != BY_HAND or section not in ("DEFAULT", "sshd"):
            continue
        lost = sorted({*re.split(r"[\s,]+", value)} - known) if key == "ignoreip" else []
        if lost:
            yield f"{file} never shuts out {' '.join(lost)}, {then}, do: write security.fail2ban.ignore"
        elif key in ours and seconds(value) != ours[key]:
            yield f"{file} says {key} = {value}, {then}, {ours[key]}"


def seconds(text: str) -> int | None:
    """The number of seconds of fail2ban's `600`, `10m`, `1h`; None of anything else."""
    found = re.fullmatch(r"(-?\d+)\s*([smhdw]?)\w*", text.strip())
    return int(found[1]) * SECONDS[found[2] or "s"] if found else None
