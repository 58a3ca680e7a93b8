"""SSH: who may log in, how, and at which ports."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer import kinds
from deployer.files import File, Side
from deployer.parts.keys import USER
from deployer.parts.rendering import UNITS, rendered
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

QUESTIONS = (
    Question("unit", "ssh.service"),
    Question("unit", "ssh.socket"),
    Question("look", "sshd"),
)
SSHD = "/etc/ssh/sshd_config.d/00-deploy.conf"
SSH_SOCKET = f"{UNITS}/ssh.socket.d/zz-deploy.conf"  # after the addresses.conf that Ubuntu makes there
HANDLERS = (
    Handler(
        "/etc/ssh/sshd_config.d/*",
        Stage.LOGINS,
        check="check_sshd",
        who="sshd",
        live="reload_ssh",
        says="reload SSH",
        guarded=True,
    ),
    Handler(
        f"{UNITS}/ssh.socket.d/*",
        Stage.LOGINS,
        live="move_ssh_socket",
        says="move where systemd listens for SSH",
        guarded=True,
    ),
)
REMOVABLE = (SSHD,)
SECTIONS = ((re.escape(SSHD), "security.ssh"),)


def share(config: "Config", facts: "Facts") -> Share:
    """The settings of sshd, where sites.yaml has a say in them, and where systemd listens for it."""
    files = {SSHD: sshd_file(config, facts)} if config.security.ssh else {}
    if facts.ssh_socket and (ports := chosen_ports(config, facts)):
        files[SSH_SOCKET] = rendered("system/ssh-socket.conf", ports=ports)
    return Share(files=files, notes=tuple(by_hand(config, facts)), pressing=port_notes(config, facts))


def sshd_file(config: "Config", facts: "Facts") -> File:
    """Who may log in, and how; never without the user that we log in as."""
    ssh, server = config.security.ssh, config.server
    users: tuple[str, ...] = ()
    if ssh and ssh.allow_users is not None:
        ours = [server.user] if server else ["root"]
        theirs = sorted(user for entry in config.everything.values() for user in entry.logins)
        users = tuple(dict.fromkeys([*ours, *(["deploy"] if config.keys else []), *theirs, *ssh.allow_users]))
    pinned = server.host_key or "" if server else ""
    return rendered(
        "system/sshd.conf",
        ssh=ssh,
        ports=chosen_ports(config, facts),
        users=users,
        ecdsa=pinned.startswith("ecdsa-"),
    )


def chosen_ports(config: "Config", facts: "Facts") -> tuple[int, ...]:
    """The ports that sites.yaml chooses for SSH: the wanted one, and while we come in elsewhere, that too."""
    ssh, server = config.security.ssh, config.server
    if not ssh or not ssh.port:
        return ()
    return tuple(sorted({ssh.port, facts.ssh_ours or (server.port if server else ssh.port)}))


def ssh_ports(config: "Config", facts: "Facts") -> tuple[int, ...]:
    """Where sshd listens, or will, as the server says; before it is asked, the port that we use."""
    said = chosen_ports(config, facts) or tuple(sorted({*facts.ssh_ports, *facts.ssh_configured}))
    return said or (config.server.port if config.server else 22,)


def port_notes(config: "Config", facts: "Facts") -> tuple[str, ...]:
    """What a person should know of SSH's port: a move that is half done, and files that say another one."""
    ours, files = facts.ssh_ours, facts.ssh_configured
    if ours and len(chosen_ports(config, facts)) > 1 and config.security.ssh:
        return (
            f"SSH listens on {ours} and on {config.security.ssh.port}, until sites.yaml has "
            f"`port: {config.security.ssh.port}` below `server:`: then an apply closes {ours} "
            "(deploy docs security says who else has to know)",
        )
    if facts.ssh_unheard and not chosen_ports(config, facts):
        unheard, heard = (
            " and ".join(map(str, ports)) for ports in (facts.ssh_unheard, facts.ssh_configured)
        )
        return (
            f"sshd's files say port {unheard}, and open nothing by that: systemd listens for sshd "
            f"(ssh.socket), on {heard}. `security.ssh.port` in sites.yaml moves both",
        )
    if not ours or not files or ours in files:
        return ()
    return (
        f"we are logged in on port {ours}, but sshd's files say {' and '.join(map(str, files))}, where it "
        f"goes at its next start. Write 'Port {ours}' beside it on the server, or take it out; before that, "
        "no change of SSH is made",
    )


def consequences(path: str, before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    """Who can no longer log in, or may with less."""
    if path == SSHD:
        yield from _passwords(before, after)
        yield from _users(before, after, facts)


def _passwords(before: Side, after: Side) -> Iterator[str]:
    if after is None:
        yield "SSH is again as the server's other files say: that mostly lets users log in with passwords"
    elif _value("PasswordAuthentication", after) == "yes" and (
        _value("PasswordAuthentication", before) != "yes"
    ):
        yield "users may log in with passwords"


def _users(before: Side, after: Side, facts: "Facts") -> Iterator[str]:
    allowed = _value("AllowUsers", after).split()
    made = {USER}.union(*(getattr(model, "logins", ()) for _, model in kinds.models()))
    unknown = set(allowed) - facts.accounts - made if facts.accounts else set()
    for user in sorted(unknown):
        yield f"{user} may log in, but the server has no user of that name"
    for user in sorted(facts.logins - {USER}):
        if _may(user, before) and not _may(user, after):
            yield f"{user} has a key and could log in until now: not any more"


def _may(user: str, file: Side) -> bool:
    """Whether this user may log in, as far as the file tells."""
    allowed = _value("AllowUsers", file).split()
    shut = user == "root" and _value("PermitRootLogin", file) == "no"
    return (user in allowed or not allowed) and not shut


def _value(keyword: str, file: Side) -> str:
    """The first value of the keyword, empty where there is none."""
    text = file.content.decode(errors="replace") if isinstance(file, File) else ""
    found = re.search(rf"^{keyword}[ \t]+(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def by_hand(config: "Config", facts: "Facts") -> Iterator[str]:
    """Whom it shuts out who logs in by password."""
    ssh = config.security.ssh
    if ssh and not ssh.passwords:
        for user in sorted(facts.by_hand.passwords):
            yield f"logins by password go off, and {user} has no key: ssh-copy-id first, or no login any more"
