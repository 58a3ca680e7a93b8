"""What entries that run as units of systemd put on a server besides their own files."""

from typing import TYPE_CHECKING

from deployer.kinds.base import Site
from deployer.parts.rendering import rendered
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts


def share(config: "Config", facts: "Facts") -> Share:
    """Nothing: each has its own."""
    return Share()


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """The values of a program of the server, by which it is stopped, started, backed up and restored."""
    entry = config.entry(name)
    if not entry or not own.files or entry.runner(name) != "systemd":
        return Share()
    values = rendered(
        "system/program.conf", owner=name, entry=entry, site=isinstance(entry, Site), units=sorted(own.units)
    )
    return Share(files={f"/etc/deploy/sites/{name}.conf": values})
