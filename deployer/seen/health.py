"""How a server and its sites are, as the server tells it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deployer.backups.archives import FRESH
from deployer.seen.failures import read_failures
from deployer.seen.packaging import read_packaging, unfinished
from deployer.seen.site_health import SiteHealth, log_line, read_site

DAY = 86400


@dataclass(frozen=True, slots=True)
class BackupHealth:
    """One backup: when it last went well, how many hours ago, its bytes, and of what it warned."""

    name: str
    time: str | None
    hours: float | None
    bytes: int
    warnings: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether there was one since yesterday."""
        return self.hours is not None and timedelta(hours=self.hours) <= FRESH


@dataclass(frozen=True, slots=True)
class Health:
    """A server: memory and disk in KiB, load of the last minute, uptime in seconds.

    `key_days` is how long the key of the backups lasts; None: for ever, or there are none. `unwell` has why
    containers of a service are not well, by its name, `stopped` who has stopped one on purpose, and when,
    `closed` since when and by whom a site shows its page of maintenance, `failed` what was done last to one
    and failed, `not_up` why one never came up, `astray` why a name with a certificate leads elsewhere,
    `waits` the command that publishes for the first time what was never live, `rolled_back` the earlier
    release that one runs with the configuration of then.
    `strained` is what sites on PHP needed more of than they have, `unfinished` what apt and dpkg are about,
    `nginx_refuses` why NGINX would not take its files again, `nginx_rests` how systemd calls one that rests.
    """

    memory: tuple[int, int]
    disk: tuple[int, int]
    load: float
    cores: int
    uptime: int
    reboot: bool
    sites: tuple[SiteHealth, ...]
    backups: tuple[BackupHealth, ...] = ()
    key_days: int | None = None
    unwell: Mapping[str, str] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    stopped: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    waits: Mapping[str, str] = field(default_factory=dict)
    not_up: Mapping[str, str] = field(default_factory=dict)
    astray: Mapping[str, str] = field(default_factory=dict)
    rolled_back: Mapping[str, str] = field(default_factory=dict)
    strained: tuple[tuple[str, str], ...] = ()
    nginx_refuses: str = ""
    nginx_rests: str = ""

    @property
    def fine(self) -> bool:
        """Whether every site answers, also after a restart, and all that runs in containers is well."""
        well = not (self.unwell or self.not_up or self.nginx_refuses or self.nginx_rests)
        return well and all(site.fine for site in self.sites)


def read_health(answer: str, sites: Mapping[str, Iterable[str]]) -> Health:
    """Understand what status.sh prints of these domains, each with its aliases."""
    kinds = "server answer distrust astray deaf release pushed backup unwell stopped failed waits closed"
    kinds += " rolled_back"
    said: dict[str, dict[str, str]] = {kind: {} for kind in kinds.split()}
    lines: dict[str, list[str]] = {}
    for line in answer.split("\n"):
        kind, name, value = (*line.split(" ", 2), "", "")[:3]
        said.setdefault(kind, {})[name] = value
        lines.setdefault(kind, []).append(f"{name} {value}".strip())
    server = said["server"]
    now = int(server["now"])
    load, cores = server["load"].split()
    rests = "".join(lines.get("nginx_rests", ()))
    silent = {int(each.split(" ")[0]) for each in said["answer"].values()} == {0}
    return Health(
        memory=_pair(server["memory"]),
        disk=_pair(server["disk"]),
        load=float(load),
        cores=int(cores),
        uptime=int(server["uptime"]),
        reboot=server["reboot"] == "yes",
        sites=tuple(read_site(domain, aliases, said, now) for domain, aliases in sites.items()),
        backups=tuple(_backup(name, text, now) for name, text in sorted(said["backup"].items())),
        unwell=said["unwell"],
        strained=tuple(
            (name, why) for name, _, why in (line.partition(" ") for line in lines.get("strained", ()))
        ),
        nginx_rests=rests if silent else "",
        nginx_refuses="".join(lines.get("nginx_refuses", ())),
        unfinished=tuple(unfinished(read_packaging(lines))),
        stopped=said["stopped"],
        closed=said["closed"],
        waits=said["waits"],
        astray=said["astray"],
        rolled_back=said["rolled_back"],
        failed={name: _failure(last) for name, text in said["failed"].items() if (last := log_line(text))},
        not_up={name: str(failure) for name, failure in read_failures(lines.get("not_up", ())).items()},
        key_days=(int(server["backup_key"]) - now) // DAY if "backup_key" in server else None,
    )


def _pair(text: str) -> tuple[int, int]:
    first, second = text.split()
    return int(first), int(second)


def _failure(last: Mapping[str, str]) -> str:
    moment = last["time"].replace("T", " ").removesuffix("Z")
    return f"the last {last['action']} failed, {moment} UTC by {last['by']}: {last.get('error', '')}"


def _backup(name: str, text: str, now: int) -> BackupHealth:
    last = log_line(text)
    if not last:
        return BackupHealth(name, None, None, 0)
    hours = (now - datetime.fromisoformat(last["time"]).timestamp()) / 3600
    warnings = tuple(map(str, last.get("warnings", ())))
    return BackupHealth(name, last["time"], round(hours, 1), int(last.get("bytes", 0)), warnings)
