"""What would change on the server, as a value: computed without touching anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from deployer.files import File, Link
from deployer.parts import handlers_of
from deployer.planning.holding import Takeover
from deployer.planning.transition import Ending, Step
from deployer.shares.handler import Handler
from deployer.values.program import Sent
from deployer.values.secrets import Inherited, Secret, Withdrawn

if TYPE_CHECKING:
    from deployer.planning.monitors import MonitorChange
    from deployer.planning.records import RecordChange


class Surprise(Enum):
    """What a person should know of a file before it changes."""

    NONE = ""
    EDITED = "edited by hand on the server"
    REMOVED = "removed by hand on the server"
    TAKEN_OVER = "takes over a file made by hand"
    ROLLED_BACK = "of an earlier release, by a rollback"


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
    """A certificate to ask for: `names` is all that it shall cover, `missing` what it does not yet.

    One that `mends` is not asked for: its renewals leave out names that are refused, and shall not. `by_dns`:
    its names are proved by DNS records, and need not lead here yet.
    """

    name: str
    names: tuple[str, ...]
    missing: tuple[str, ...]
    replaces: bool = False
    mends: bool = False
    by_dns: bool = False

    @property
    def how(self) -> str:
        """The word for certificates.sh."""
        word = "mend" if self.mends else "again" if self.replaces else "new"
        return f"{word}-by-dns" if self.by_dns and not self.mends else word


@dataclass(frozen=True, slots=True)
class SecretChange:
    """A value to set in a .env or to take out of it, never the value itself.

    It is `new` when there is none by this name yet; the .env is that of `composition`, empty: of all.
    """

    path: str
    name: str
    secret: Secret | Inherited | Withdrawn
    new: bool
    composition: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that would change.

    `held` has the sites that cannot be done, with the reason. `kept` are paths that are no longer ours
    and stay, `renewals` what renews certificates besides Certbot's own timer, `left` what stays of sites
    that are no longer in sites.yaml, `notes` are remarks, `pressing` those that count though nothing changes:
    all are only told. `upgrades` and `removals` are what apt would do to packages that are there to install
    those that are not. `sources` are those of the
    changes without which apt does not find the packages. `occupied` says who
    has the ports that NGINX needs. `drift` is what the server does otherwise than a file says, by its path:
    its handler runs again. `armed` is how many seconds an earlier change that could
    lock out still waits for a new login, `undo_after` how long that of this plan will.
    `compositions` are the names of those that are brought up anew, `ended` of those whose containers are
    stopped, and `otherwise` says what of containers is otherwise than it shall be, or does not run. `stopped`
    are those that were stopped on purpose, and stay so unless they are brought up anew. `taken_off` has
    those sites and services, of the `entries` that the server has from us, that are no longer in sites.yaml,
    and `takes_most` says that they are more than half of them. `steps` are all of `compositions` in the order
    in which they come up, and `moves` says what changes hands by that. `leads` has the composition to which
    a file of NGINX leads, by its path: the file counts only when that answers. `obstacles` are to be mended
    before anything of the plan can be carried out. `vanished` are files of NGINX that nobody wants, and
    that somebody has removed already: NGINX may do as they said all the same. `tried` has the digest of
    what is tried of each of `compositions`, `takeovers` what one shall have instead of another. `owners` says
    whose each file and unit is that is not everybody's, `watched` which units must stay up, for something
    of their owners' changes. `records` are changes of DNS records, `much` the zones of which more than a
    third would change by them, `failures` what of DNS cannot be known or done, with the reason.
    `sent` are files of this machine that go there first. `monitors` are changes of what watches elsewhere,
    `blind` says what of that cannot be known, with the reason.
    """

    packages: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    occupied: tuple[str, ...] = ()
    hugo: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    certificates: tuple[Order, ...] = ()
    changes: tuple[Change, ...] = ()
    units: tuple[str, ...] = ()
    manifest: Change | None = None
    interrupted: bool = False
    held: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    renewals: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    secrets: tuple[SecretChange, ...] = ()
    notes: tuple[str, ...] = ()
    pressing: tuple[str, ...] = ()
    sources: tuple[Change, ...] = ()
    drift: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    armed: int = 0
    undo_after: int = 120
    compositions: tuple[str, ...] = ()
    ended: tuple[Ending, ...] = ()
    steps: tuple[Step, ...] = ()
    moves: tuple[str, ...] = ()
    leads: Mapping[str, str] = field(default_factory=dict)
    otherwise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    taken_off: tuple[str, ...] = ()
    entries: int = 0
    takes_most: bool = False
    obstacles: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()
    tried: Mapping[str, str] = field(default_factory=dict)
    takeovers: tuple[Takeover, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)
    watched: tuple[str, ...] = ()
    records: "tuple[RecordChange, ...]" = ()
    much: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    monitors: "tuple[MonitorChange, ...]" = ()
    blind: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> list[Change]:
        """What changes not on the server, but at others."""
        return [*(each.change for each in self.records), *(each.change for each in self.monitors)]

    @property
    def empty(self) -> bool:
        """Whether an apply would change nothing; sites may be held all the same."""
        steps = (
            self.packages,
            self.hugo,
            self.certificates,
            self.changes,
            self.secrets,
            self.units,
            self.drift,
            self.otherwise,
            self.ended,
            self.records,
            self.monitors,
        )
        return not (any(steps) or self.manifest or self.interrupted)

    @property
    def handlers(self) -> list[Handler]:
        """What is checked and reloaded."""
        paths = [*(change.path for change in self.changes), *self.drift, *self.vanished]
        return handlers_of(paths, [each.name for each in self.secrets])

    @property
    def guarded(self) -> list[str]:
        """The paths that could lock out, of files that change and of what goes with them."""
        paths = [*(change.path for change in self.changes), *self.drift]
        return sorted({path for handler in handlers_of(paths) for path in handler.guards(paths)})
