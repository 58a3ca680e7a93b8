"""The monitors of an Uptime Kuma, and what changes of them; pure."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployer.files import File
from deployer.planning.monitors import (
    BACKUPS,
    SERVICES,
    SITES,
    UPDATES,
    WATCH,
    Monitor,
    MonitorChange,
    SeenMonitor,
    digest_of,
    mark,
    monitors,
    read_mark,
    server_of,
    silence,
)
from deployer.planning.plan import Change, Surprise
from deployer.values.quantities import amount

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.config.monitoring import Monitoring

OF_A_PAGE = (
    *(
        "type",
        "name",
        "url",
        "keyword",
        "invertKeyword",
        "interval",
        "retryInterval",
        "maxretries",
        "timeout",
    ),
    *("method", "maxredirects", "accepted_statuscodes", "ignoreTls", "upsideDown", "expiryNotification"),
)
OF_A_HEARTBEAT = ("type", "name", "interval", "maxretries", "upsideDown")
PUSH = "push"


def wanted(config: "Config", monitoring: "Monitoring") -> Iterator[tuple[Monitor, dict[str, Any]]]:
    """Each monitor that there shall be, with what of it is ours to say."""
    server = server_of(config)
    for each in monitors(config):
        if each.url:
            yield each, _of_a_page(each, monitoring)
        else:
            yield (
                each,
                {
                    "type": PUSH,
                    "name": title(each.group, each.name, server),
                    "interval": silence(config),
                    "maxretries": 0,
                    "upsideDown": False,
                },
            )


def _of_a_page(each: Monitor, monitoring: "Monitoring") -> dict[str, Any]:
    """As the watch asks: a redirect is an answer, unless words must stand on the page."""
    words = {"type": "keyword", "keyword": each.words, "invertKeyword": False} if each.words else {}
    return {
        "type": "http",
        "name": each.name,
        "url": each.url,
        **words,
        "interval": monitoring.every,
        "retryInterval": monitoring.every,
        "maxretries": 2,
        "timeout": monitoring.slow,
        "method": "GET",
        "maxredirects": 10 if each.words else 0,
        "accepted_statuscodes": ["200-299", "300-399", "401"],
        "ignoreTls": False,
        "upsideDown": False,
        "expiryNotification": each.url.startswith("https:"),
    }


def title(group: str, name: str, server: str) -> str:
    """What a person sees."""
    if group in (UPDATES, WATCH):
        return f"{group} of {server}"
    return f"backup of {name}" if group == BACKUPS else name


def seen(settings: Mapping[str, Any], server: str) -> SeenMonitor:
    """A monitor as Uptime Kuma tells of it."""
    key, digest = read_mark(str(settings.get("description") or ""), server)
    return SeenMonitor(int(settings["id"]), settings, key, digest)


def compare(
    config: "Config",
    monitoring: "Monitoring",
    there: Iterable[SeenMonitor],
    sites: Collection[str] | None,
    held: Collection[str] = (),
) -> tuple[list[MonitorChange], list[str]]:
    """What has to change for the monitors in scope (sites None: all), and what is to be said of others."""
    server = server_of(config)
    every = sorted(there, key=lambda each: each.identifier)
    ours: dict[str, SeenMonitor] = {}
    notes = []
    for each in every:
        if each.key in ours:
            notes.append(f"Uptime Kuma has a copy of {each.key}, number {each.identifier}: it stays as it is")
        elif each.key:
            ours[each.key] = each
    foreign = {str(each.settings.get("name")) for each in every if not each.key}
    found, kept = [], set()
    for monitor, settings in wanted(config, monitoring):
        kept.add(monitor.key)
        if (sites is not None and monitor.owner not in sites) or monitor.owner in held:
            continue
        has = ours.get(monitor.key)
        if has is None and settings["name"] in foreign:
            notes.append(f"Uptime Kuma has a monitor {settings['name']} that is not ours: it stays beside it")
        if change := _change(monitor, settings, has, server):
            found.append(change)
    if any(each.seen is None and each.settings["type"] == PUSH for each in found):
        notes.append("what has no page is told by deploy watch: until it runs at home, that counts as down")
    if sites is None:
        found += [_gone(each) for key, each in ours.items() if key not in kept]
    paused = sorted(
        key for key, each in ours.items() if key in kept and not each.settings.get("active", True)
    )
    if paused:
        notes.append(f"paused in Uptime Kuma, {amount(len(paused), 'monitor')}: {', '.join(paused)}")
    return found, notes


def _change(
    monitor: Monitor, settings: dict[str, Any], has: SeenMonitor | None, server: str
) -> MonitorChange | None:
    digest = digest_of(described(settings))
    before = described(has.settings) if has else ""
    if has and before == described(settings) and has.digest == digest:
        return None
    edited = has is not None and has.digest != digest_of(before)
    change = Change(
        f"uptime_kuma:{monitor.key}",
        File(before.encode()) if has else None,
        File(described(settings).encode()),
        monitor.owner,
        Surprise.EDITED if edited else Surprise.NONE,
    )
    marked = {**settings, "description": mark(monitor.key, server, digest)}
    return MonitorChange("uptime_kuma", change, has, marked)


def _gone(each: SeenMonitor) -> MonitorChange:
    before = described(each.settings)
    surprise = Surprise.NONE if each.digest == digest_of(before) else Surprise.EDITED
    change = Change(f"uptime_kuma:{each.key}", File(before.encode()), None, None, surprise)
    return MonitorChange("uptime_kuma", change, each)


def described(settings: Mapping[str, Any]) -> str:
    """What of a monitor is ours to say, a line for each key; a token of a heartbeat is not."""
    kind = settings.get("type")
    names: tuple[str, ...] = OF_A_HEARTBEAT if kind == PUSH else OF_A_PAGE
    if kind == "http":
        names = tuple(name for name in names if name not in ("keyword", "invertKeyword"))
    return "".join(f"{name}: {_value(settings.get(name))}\n" for name in names)


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else json.dumps(value)


def of_site(key: str) -> str:
    """The site or service that a monitor of ours is about, empty where it is about neither."""
    group, _, name = key.partition("/")
    return name if group in (SITES, SERVICES) else ""
