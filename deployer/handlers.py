"""What a changed file asks for: one ordered table, keyed by path."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True, slots=True)
class Handler:
    """Files whose path matches are checked by one command before they count, and count by another.

    reload_nginx and check_sshd are functions of apply.sh, set_jails of jail.sh.

    Patterns are those of fnmatch; `*` reaches across folders. Both commands run as root, in the
    order of the table, once each, also when a matching file is removed. What is guarded could lock out: it
    counts last, and is undone unless a new login proves it good. When files are put back, `back` runs, or
    `live` where there is none; `also` are paths that are put back with them.
    """

    pattern: str
    check: str = ""
    live: str = ""
    says: str = ""
    guarded: bool = False
    back: str = ""
    also: tuple[str, ...] = ()

    def guards(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of the paths that could lock out, and what goes with them."""
        if not self.guarded:
            return ()
        return (*(path for path in paths if fnmatch(path, self.pattern)), *self.also)


UPDATES = "/etc/systemd/system/deploy-update.timer"
FOLLOW_UPDATES = (
    f"if [ -e {UPDATES} ]; then systemctl reset-failed deploy-update.timer 2>/dev/null; "
    "systemctl try-restart deploy-update.timer; "
    "else systemctl disable --quiet --now deploy-update.timer; "
    "systemctl reset-failed deploy-update.timer 2>/dev/null || true; fi"
)
KEYS_HOME = "/var/lib/deploy-keys"
BACKUP_FOLDERS = "/etc/tmpfiles.d/deploy-keys.conf"
NOBODY_ELSES = (
    f"home=$(getent passwd deploy | cut -d: -f6); [ ${{home:-{KEYS_HOME}}} = {KEYS_HOME} ] || "
    "{ echo \"the user 'deploy' is not ours: its home is $home. Restricted keys need that name\"; false; }"
)
UFW = ("/etc/default/ufw", *(f"/etc/ufw/{name}" for name in ("ufw.conf", "user.rules", "user6.rules")))
WAS_OFF = "/var/lib/deploy/firewall-was-off"
FIREWALL = (
    "if [ -e /etc/deploy/firewall ]; then /usr/local/lib/deploy/firewall; "
    f"elif [ -e {WAS_OFF} ]; then ufw --force disable >/dev/null && rm {WAS_OFF}; fi"
)
FIREWALL_BACK = (
    "if grep -q '^ENABLED=yes' /etc/ufw/ufw.conf; then ufw reload; else ufw --force disable; fi >/dev/null"
)
SYSCTL = "/etc/sysctl.d/90-deploy.conf"
JAILS = "/etc/fail2ban/jail.d/deploy.local"
SWAP = "var-swapfile.swap"
FOLLOW_SWAP = (
    f"if [ -e /etc/deploy/swap ]; then systemctl stop {SWAP} && /usr/local/lib/deploy/swapfile && "
    f"systemctl start {SWAP}; "
    f"else systemctl disable --quiet --now {SWAP} 2>/dev/null; rm -f /var/swapfile; fi"
)
# Where systemd listens for it, sshd dies of a reload: it has no port that it could open again. A sixth start
# within ten seconds, as when changes are undone, would be refused, and the socket closed for good:
# `reset-failed` begins the count anew.
RELOAD_SSH = (
    "if systemctl --quiet is-active ssh.socket; then systemctl reset-failed ssh.service 2>/dev/null; "
    "systemctl try-restart ssh; "
    "else systemctl try-reload-or-restart ssh; fi && sleep 0.3"
)
# It starts none while sshd runs. A login that is open goes on: it is a process of its own.
MOVE_SSH_SOCKET = (
    "systemctl daemon-reload; "
    "if systemctl --quiet is-enabled ssh.socket || systemctl --quiet is-active ssh.socket; then "
    "systemctl stop ssh.socket ssh.service && systemctl reset-failed ssh.socket ssh.service 2>/dev/null; "
    "systemctl start ssh.socket; fi"
)
HANDLERS = (
    Handler(f"{KEYS_HOME}/*", check=NOBODY_ELSES, says="see whose the user deploy is"),
    Handler("/etc/sudoers.d/*", check="visudo -c -f /etc/sudoers >/dev/null", says="check the rules of sudo"),
    Handler("/etc/sysusers.d/*", live="systemd-sysusers", says="make system users"),
    Handler(
        "/etc/tmpfiles.d/*", live="systemd-tmpfiles --create /etc/tmpfiles.d/deploy.conf", says="make folders"
    ),
    Handler(
        BACKUP_FOLDERS,
        live=f"[ ! -e {BACKUP_FOLDERS} ] || systemd-tmpfiles --create {BACKUP_FOLDERS}",
        says="let the archives be read",
    ),
    Handler("/etc/systemd/system/*", live="systemctl daemon-reload", says="reload systemd"),
    Handler(UPDATES, live=FOLLOW_UPDATES, says="set the timer of updates"),
    Handler(
        "/etc/systemd/system/nginx.service.d/*",
        live="prlimit --pid=$(systemctl show -P MainPID nginx) "
        "--nofile=$(systemctl show -P LimitNOFILESoft nginx):",
        says="let the running NGINX open as many files",
    ),
    Handler("/etc/nginx/*", check="check_nginx", live="reload_nginx", says="reload NGINX"),
    Handler(
        SYSCTL,
        live=f"[ ! -e {SYSCTL} ] || /lib/systemd/systemd-sysctl {SYSCTL}",
        says="set the kernel's settings",
    ),
    Handler("/etc/apt/apt.conf.d/*", check="apt-config dump >/dev/null", says="check the settings of apt"),
    Handler("/etc/deploy/swap", live=FOLLOW_SWAP, says="set the swap file"),
    Handler(
        "/etc/fail2ban/*",
        check=f"[ ! -e {JAILS} ] || fail2ban-client -t >/dev/null",
        live=f"if [ -e {JAILS} ]; then set_jails {JAILS}; else systemctl disable --quiet --now fail2ban; fi",
        says="set fail2ban",
    ),
    Handler(
        "/etc/ssh/sshd_config.d/*",
        check="check_sshd",
        live=RELOAD_SSH,
        says="reload SSH",
        guarded=True,
    ),
    Handler(
        "/etc/systemd/system/ssh.socket.d/*",
        live=MOVE_SSH_SOCKET,
        says="move where systemd listens for SSH",
        guarded=True,
    ),
    Handler(
        "/etc/deploy/firewall",
        live=FIREWALL,
        says="set the firewall",
        guarded=True,
        back=FIREWALL_BACK,
        also=(*UFW, WAS_OFF),
    ),
)


def handlers_of(paths: Iterable[str]) -> list[Handler]:
    """The handlers that a change of these paths needs, in the order of the table."""
    paths = list(paths)
    return [handler for handler in HANDLERS if any(fnmatch(path, handler.pattern) for path in paths)]
