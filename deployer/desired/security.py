"""What keeps a server safe, as files: the firewall's list, SSH, fail2ban, updates, the kernel; pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deployer.desired.shared import SCRIPTS, UNITS, rendered, scripts
from deployer.files import File
from deployer.kinds.composition import Composition
from deployer.seen.facts import Facts

if TYPE_CHECKING:
    from deployer.config.model import Config

FIREWALL = "/etc/deploy/firewall"
SSHD = "/etc/ssh/sshd_config.d/00-deploy.conf"
SSH_SOCKET = f"{UNITS}/ssh.socket.d/zz-deploy.conf"  # after the addresses.conf that Ubuntu makes there
SWAP_UNIT = "var-swapfile.swap"


def security_files(config: "Config", facts: Facts, domains: Iterable[str]) -> dict[str, File]:
    """The files of all that is switched on; the domains are those that NGINX serves."""
    security = config.security
    files: dict[str, File] = {}
    if security.firewall:
        files[FIREWALL] = rendered("system/firewall.conf", ports=open_ports(config, facts))
    if security.ssh:
        files[SSHD] = sshd_file(config, facts)
    if facts.ssh_socket and (ports := chosen_ports(config, facts)):
        files[SSH_SOCKET] = rendered("system/ssh-socket.conf", ports=ports)
    if security.fail2ban:
        files["/etc/fail2ban/jail.d/deploy.local"] = rendered(
            "system/fail2ban.conf",
            fail2ban=security.fail2ban,
            ssh_ports=ssh_ports(config, facts),
            domains=sorted(domains),
        )
    if security.updates:
        files["/etc/apt/apt.conf.d/52deploy-unattended-upgrades"] = rendered(
            "system/unattended-upgrades.conf", updates=security.updates
        )
    if security.sysctl:
        files["/etc/sysctl.d/90-deploy.conf"] = rendered("system/sysctl.conf", swap=security.swap)
    if security.firewall:
        files[f"{SCRIPTS}/firewall"] = File(scripts()["firewall"], mode=0o755)
    return files | swap_files(config)


def sshd_file(config: "Config", facts: Facts) -> File:
    """Who may log in, and how; never without the user that we log in as."""
    ssh, server = config.security.ssh, config.server
    users: tuple[str, ...] = ()
    if ssh and ssh.allow_users is not None:
        ours = [server.user] if server else ["root"]
        users = tuple(dict.fromkeys([*ours, *(["deploy"] if config.keys else []), *ssh.allow_users]))
    pinned = server.host_key or "" if server else ""
    return rendered(
        "system/sshd.conf",
        ssh=ssh,
        ports=chosen_ports(config, facts),
        users=users,
        ecdsa=pinned.startswith("ecdsa-"),
    )


def chosen_ports(config: "Config", facts: Facts) -> tuple[int, ...]:
    """The ports that sites.yaml chooses for SSH: the wanted one, and while we come in elsewhere, that too."""
    ssh, server = config.security.ssh, config.server
    if not ssh or not ssh.port:
        return ()
    return tuple(sorted({ssh.port, facts.ssh_ours or (server.port if server else ssh.port)}))


def swap_files(config: "Config") -> dict[str, File]:
    """The swap file's size, what makes it, and its unit."""
    if not config.security.swap:
        return {}
    return {
        "/etc/deploy/swap": rendered("system/swap.conf", swap=config.security.swap),
        f"{SCRIPTS}/swapfile": File(scripts()["swapfile"], mode=0o755),
        f"{UNITS}/{SWAP_UNIT}": rendered("system/swap.swap"),
    }


def security_packages(config: "Config") -> frozenset[str]:
    """The Debian packages of all that is switched on."""
    security = config.security
    return frozenset(
        {
            *(("ufw",) if security.firewall else ()),
            *(("fail2ban", "nftables", "python3-systemd") if security.fail2ban else ()),
            *(("unattended-upgrades",) if security.updates else ()),
        }
    )


def security_units(config: "Config") -> frozenset[str]:
    """The units that shall be enabled and running."""
    security = config.security
    return frozenset(
        {
            *(("ufw.service",) if security.firewall else ()),
            *(("fail2ban.service",) if security.fail2ban else ()),
            *((SWAP_UNIT,) if security.swap else ()),
        }
    )


def ssh_ports(config: "Config", facts: Facts) -> tuple[int, ...]:
    """Where sshd listens, or will, as the server says; before it is asked, the port that we use."""
    said = chosen_ports(config, facts) or tuple(sorted({*facts.ssh_ports, *facts.ssh_configured}))
    return said or (config.server.port if config.server else 22,)


def port_notes(config: "Config", facts: Facts) -> tuple[str, ...]:
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


def open_ports(config: "Config", facts: Facts) -> dict[str, str]:
    """What everyone may reach, and what for, by port as in `22/tcp`."""
    ports = {f"{port}/tcp": "SSH" for port in ssh_ports(config, facts)}
    ports |= {"80/tcp": "HTTP", "443/tcp": "HTTPS"}
    for name, entry in sorted(config.everything.items()):
        if isinstance(entry, Composition):
            ports = dict.fromkeys(entry.public_ports(), name) | ports
    if config.security.firewall:
        ports = dict.fromkeys(config.security.firewall.allow, "sites.yaml") | ports
    return dict(sorted(ports.items(), key=lambda entry: (int(entry[0].split("/")[0].split(":")[0]), entry)))
