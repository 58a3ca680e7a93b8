"""What one owner wants of a server; all that a server shall have is the sum of its shares; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from deployer.errors import DeployError
from deployer.files import File
from deployer.shares.backup import Backup
from deployer.values.program import Sent
from deployer.values.secrets import Secret

if TYPE_CHECKING:
    from deployer.seen.stacks import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a part of a server, or an entry of sites.yaml, wants of it.

    `files` are by path. `absent` are paths that must not be there. `packages` are Debian packages,
    without those that are `unwanted` by whoever knows that the server cannot have them. `units` are
    enabled and run. `users` are those of the system that an entry wants, each with what it is for.
    `secrets` are values that are in no file of the plan, by the path of the .env where they stand and by
    their names. `backups` says what is kept, by the name of the archives; `ports` which of the server an
    entry's own program listens on, by the entry's name; `standings` how containers shall stand, by the
    name of the composition. `hugo` are versions that stand side by side, `sent` files of this machine
    that it is to have. `sources` are those of the files that apt needs before it installs packages,
    `in_the_way` packages that must go for others to come. `stays` are paths that are not removed, if they
    are there. `notes` is what a person should know, `remarks` what of single entries, with their names,
    `pressing` also when nothing changes. `drift` is what the server does otherwise than a file says that
    is as it should be, by its path.
    """

    files: Mapping[str, File] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    users: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Secret]] = field(default_factory=dict)
    backups: Mapping[str, Backup] = field(default_factory=dict)
    ports: Mapping[str, frozenset[int]] = field(default_factory=dict)
    standings: "Mapping[str, Standing]" = field(default_factory=dict)
    hugo: frozenset[str] = frozenset()
    sent: tuple[Sent, ...] = ()
    sources: frozenset[str] = frozenset()
    in_the_way: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    pressing: tuple[str, ...] = ()
    drift: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def total(shares: Iterable[Share]) -> Share:
    """The sum of shares, in their order; raises DeployError where two want something else by one name."""
    shares = tuple(shares)
    of_each: dict[str, list[Any]] = {
        each.name: [value for share in shares if (value := getattr(share, each.name))]
        for each in fields(Share)
    }
    return Share(**{name: _sum(values) for name, values in of_each.items() if values})


def _sum(values: Sequence[Any]) -> Any:
    if len(values) == 1:
        return values[0]
    if isinstance(values[0], frozenset):
        return frozenset().union(*values)
    if isinstance(values[0], tuple):
        return tuple(item for value in values for item in value)
    found: dict[str, Any] = {}
    for value in values:
        for key, item in value.items():
            if found.setdefault(key, item) != item:
                raise DeployError(
                    f"two owners want {key}, and each of them something else",
                    "Name one of them otherwise in sites.yaml. Where their names are not alike, this is a "
                    "fault of their kinds or parts: please report it.",
                )
    return found
