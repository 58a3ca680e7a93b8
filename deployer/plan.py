"""What would change on the server, as a value: computed without touching anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatch

from deployer.files import File, Link
from deployer.handlers import Handler, handlers_of

REMOVABLE = (
    "/etc/cron.d/deploy-*",
    "/etc/deploy/*",
    "/etc/logrotate.d/deploy*",
    "/etc/letsencrypt/renewal-hooks/deploy/deploy-*",
    "/etc/nginx/conf.d/*.conf",
    "/etc/nginx/deploy/*",
    "/etc/nginx/sites-enabled/default",
    "/etc/systemd/system/*",
    "/etc/sysusers.d/deploy.conf",
    "/etc/tmpfiles.d/deploy.conf",
    "/usr/local/lib/deploy/*",
)
"""Where apply may delete. Web roots, volumes, certificates, databases and backups are only reported."""


class Surprise(Enum):
    """What a person should know of a file before it changes."""

    NONE = ""
    EDITED = "edited by hand on the server"
    REMOVED = "removed by hand on the server"
    TAKEN_OVER = "takes over a file made by hand"


@dataclass(frozen=True, slots=True)
class Change:
    """One file that would be written (`after`) or removed (`after` is None)."""

    path: str
    before: File | Link | None
    after: File | None
    site: str | None = None
    surprise: Surprise = Surprise.NONE


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate to ask for: `names` is all that it shall cover, `missing` what it does not yet."""

    name: str
    names: tuple[str, ...]
    missing: tuple[str, ...]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that would change.

    `held` has the sites that cannot be done, with the reason. `kept` are paths that are no longer ours
    and stay, `renewals` what renews certificates besides Certbot's own timer, `left` what stays of sites
    that are no longer in sites.yaml: all are only told.
    """

    packages: tuple[str, ...] = ()
    hugo: tuple[str, ...] = ()
    certificates: tuple[Order, ...] = ()
    changes: tuple[Change, ...] = ()
    units: tuple[str, ...] = ()
    manifest: Change | None = None
    interrupted: bool = False
    held: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    renewals: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to change."""
        return not (
            self.packages or self.hugo or self.certificates or self.changes or self.units or self.manifest
        ) and not (self.interrupted or self.held)

    @property
    def handlers(self) -> list[Handler]:
        """What is checked and reloaded."""
        return handlers_of(change.path for change in self.changes)


def removable(path: str) -> bool:
    """Whether apply may delete this path."""
    return any(fnmatch(path, pattern) for pattern in REMOVABLE)
