"""What a changed file asks for: one ordered table, keyed by path."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True, slots=True)
class Handler:
    """Files whose path matches are checked by one command before they count, and count by another.

    reload_nginx is a function of apply.sh.

    Patterns are those of fnmatch; `*` reaches across folders. Both commands run as root, in the
    order of the table, once each, also when a matching file is removed.
    """

    pattern: str
    check: str = ""
    live: str = ""
    says: str = ""


UPDATES = "/etc/systemd/system/deploy-update.timer"
FOLLOW_UPDATES = (
    f"if [ -e {UPDATES} ]; then systemctl try-restart deploy-update.timer; "
    "else systemctl disable --quiet --now deploy-update.timer; "
    "systemctl reset-failed deploy-update.timer 2>/dev/null || true; fi"
)
KEYS_HOME = "/var/lib/deploy-keys"
NOBODY_ELSES = (
    f"home=$(getent passwd deploy | cut -d: -f6); [ ${{home:-{KEYS_HOME}}} = {KEYS_HOME} ] || "
    '{ echo "the user deploy is not ours here: its home is $home. Restricted keys need that name"; false; }'
)
HANDLERS = (
    Handler(f"{KEYS_HOME}/*", check=NOBODY_ELSES, says="see whose the user deploy is"),
    Handler("/etc/sudoers.d/*", check="visudo -c -q", says="check the rules of sudo"),
    Handler("/etc/sysusers.d/*", live="systemd-sysusers", says="make system users"),
    Handler(
        "/etc/tmpfiles.d/*", live="systemd-tmpfiles --create /etc/tmpfiles.d/deploy.conf", says="make folders"
    ),
    Handler("/etc/systemd/system/*", live="systemctl daemon-reload", says="reload systemd"),
    Handler(UPDATES, live=FOLLOW_UPDATES, says="set the timer of updates"),
    Handler(
        "/etc/systemd/system/nginx.service.d/*",
        live="prlimit --pid=$(systemctl show -P MainPID nginx) "
        "--nofile=$(systemctl show -P LimitNOFILESoft nginx):",
        says="let the running NGINX open as many files",
    ),
    Handler("/etc/nginx/*", check="nginx -t -q", live="reload_nginx", says="reload NGINX"),
)


def handlers_of(paths: Iterable[str]) -> list[Handler]:
    """The handlers that a change of these paths needs, in the order of the table."""
    paths = list(paths)
    return [handler for handler in HANDLERS if any(fnmatch(path, handler.pattern) for path in paths)]
