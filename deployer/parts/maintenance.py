"""Maintenance: visitors of a site get a page that says that it is back soon, as long as its owner wants."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.parts.rendering import program, rendered, script, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts
    from deployer.values.maintenance import Maintenance

WANTED = "/etc/deploy/maintenance"
STATE = "/var/lib/deploy/maintenance"
HANDLERS = (
    Handler(f"{WANTED}/*", Stage.SERVED, live="keep_maintenance", says="show sites, or that they come back"),
)
REMOVABLE = (f"{WANTED}/*.conf",)
QUESTIONS = (Question("paths", f"{STATE}/*"),)


def share(config: "Config", facts: "Facts") -> Share:
    """What a switch of a moment needs, so that nothing is to be installed then."""
    if not config.sites:
        return Share()
    page = rendered("nginx/maintenance.conf")
    sourced = {**script("lib/common/pause"), **script("lib/common/reload")}
    return Share(files={"/etc/nginx/deploy/maintenance.conf": page, **program("maintenance"), **sourced})


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """What sites.yaml says of a site, and what is otherwise."""
    site = config.sites.get(name)
    if not site or not own.files:
        return Share()
    path = f"{WANTED}/{name}.conf"
    wanted = site.maintenance
    if not wanted:
        return Share(pressing=tuple(told(name, wanted, facts)))
    wrong = drift_of(name, wanted, facts)
    return Share(
        files={path: system("maintenance.conf", domain=name, maintenance=wanted)},
        drift={path: wrong} if wrong else {},
        pressing=tuple(told(name, wanted, facts)),
    )


def is_on(name: str, facts: "Facts") -> bool:
    """Whether visitors get that page."""
    return f"{STATE}/{name}.conf" in facts.there


def drift_of(name: str, wanted: "Maintenance", facts: "Facts") -> tuple[str, ...]:
    """What is otherwise than sites.yaml says."""
    if wanted.state == "on" and not is_on(name, facts):
        return ("maintenance is off: visitors see the site",)
    if wanted.state == "off" and is_on(name, facts):
        return ("maintenance is on: visitors do not see the site",)
    return ()


def told(name: str, wanted: "Maintenance | None", facts: "Facts") -> Iterator[str]:
    """That it was turned on by hand, as long as it is so."""
    if is_on(name, facts) and not (wanted and wanted.state):
        yield f"{name} is in maintenance until you run: deploy maintenance {name} off"
