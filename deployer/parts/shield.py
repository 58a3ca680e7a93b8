"""The shield: Cloudflare before a site. Visitors keep their addresses, and nobody else gets in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files as resources
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.parts.rendering import rendered, script, scripts, system, timed
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.kinds.base import Site
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret

SHIELDS = "/etc/deploy/shields"
STATE = "/var/lib/deploy/shield"
CLOSED, HALF = f"{STATE}/closed", f"{STATE}/half"
HANDLERS = (
    Handler(f"{SHIELDS}/*", Stage.SERVED, live="keep_shields", says="keep the shields as sites.yaml says"),
)
REMOVABLE = (f"{SHIELDS}/*.conf",)
QUESTIONS = (Question("paths", f"{CLOSED}/*"), Question("paths", f"{HALF}/*"))


def with_shieldable(config: "Config", facts: "Facts") -> "Facts":
    """The facts, and the sites of sites.yaml that Cloudflare can stand before."""
    from deployer.config.shield_checks import shieldable

    found = frozenset(shieldable(config))
    return replace(facts, shieldable=found) if found else facts


def share(config: "Config", facts: "Facts") -> Share:
    """What a switch of a moment needs, where a site can have one, so that nothing is to be installed then."""
    found = with_shieldable(config, facts).shieldable
    if not found:
        return Share()
    tokens = shield_tokens(config)
    watched = any(config.sites[name].shielded == "auto" for name in found)
    timer = timed("shield") if watched else Share()
    return Share(
        files={**nginx_files(), **programs(), **timer.files},
        units=timer.units,
        packages=frozenset({"curl", "jq"}),
        secrets={f"{SHIELDS}/.env": tokens} if tokens else {},
    )


def adds(config: "Config", name: str, own: Share, facts: "Facts") -> Share:
    """How a site's shield is turned on, and what of it is otherwise than sites.yaml says."""
    if name not in facts.shieldable:
        return Share()
    site, path = config.sites[name], f"{SHIELDS}/{name}.conf"
    wrong = drift_of(name, site, facts)
    return Share(
        files={path: values(config, name, site)},
        drift={path: wrong} if wrong else {},
        pressing=tuple(told(name, site, facts)),
    )


@cache
def ranges() -> tuple[str, tuple[str, ...]]:
    """Since when these ranges of Cloudflare count, and they."""
    text = resources("deployer").joinpath("parts/cloudflare.ranges").read_text()
    date = re.search(r"As of (\d{4}-\d{2}-\d{2})", text)
    lines = tuple(line for line in text.splitlines() if line and not line.startswith("#"))
    return date[1] if date else "", lines


def nginx_files() -> dict[str, File]:
    """Whom NGINX believes which address visitors have, and whom it turns away."""
    date, found = ranges()
    return {
        "/etc/nginx/conf.d/00-deploy-cloudflare.conf": rendered(
            "nginx/shield/cloudflare.conf", date=date, ranges=found
        ),
        "/etc/nginx/deploy/visitor.conf": rendered("nginx/shield/visitor.conf", ranges=found),
        "/etc/nginx/deploy/shield.conf": rendered("nginx/shield/shield.conf"),
    }


def programs() -> dict[str, File]:
    """What turns it on and off, and what turns single visitors away."""
    sourced = ("lib/common/", "lib/composition/secrets", "lib/challenge/ask", "lib/shield/")
    names = (name for name in scripts() if name.startswith(sourced))
    every = ("bin/shield", "bin/deny", *names)
    return {path: file for name in every for path, file in script(name).items()}


def values(config: "Config", domain: str, site: "Site") -> File:
    """What the server's own program has to know of a site."""
    assert config.dns
    key = config.dns.keeper_of(domain) or ""
    auto = site.shield.auto if site.shield and site.shielded == "auto" else None
    return system(
        "shield.conf",
        domain=domain,
        site=site,
        names=(domain, *site.aliases),
        endpoint=config.dns.keepers[key].endpoint or "",
        token=token_name(key),
        chosen=site.shielded if site.shielded != "on" else "",
        threshold=auto,
        notify=(config.updates.notify if config.updates else None) or "",
    )


def shield_tokens(config: "Config") -> "dict[str, Secret]":
    """The tokens that turn shields on there, by their names, as far as a site or a key needs them."""
    needed = {domain for domain, site in config.sites.items() if site.shielded == "auto"}
    needed |= {domain for key in config.keys.values() for domain in key.shield}
    found = {}
    for domain in sorted(needed):
        key = config.dns.keeper_of(domain) if config.dns else None
        if config.dns and key is not None and (token := config.dns.keepers[key].shield):
            found[token_name(key)] = token
    return found


def token_name(keeper: str) -> str:
    """What the token of a keeper is called on the server."""
    return "TOKEN_" + keeper.replace(".", "_").replace("-", "__") if keeper else "TOKEN"


def is_on(name: str, facts: "Facts") -> bool:
    """Whether the server lets only Cloudflare in."""
    return f"{CLOSED}/{name}.conf" in facts.there


def drift_of(name: str, site: "Site", facts: "Facts") -> tuple[str, ...]:
    """What of a site's shield is otherwise than sites.yaml says."""
    if site.shielded == "on" and not is_on(name, facts):
        return ("the shield is off: Cloudflare does not stand before it yet",)
    if site.shielded == "off" and is_on(name, facts):
        return ("the shield is on: only Cloudflare is let in",)
    return ()


def told(name: str, site: "Site", facts: "Facts") -> Iterator[str]:
    """What a person should know of a shield, as long as it is so."""
    if f"{HALF}/{name}" in facts.there:
        yield f"the shield of {name} was cut off half-way: deploy shield {name} on ends it, or off"
    elif not site.shielded and is_on(name, facts):
        yield f"{name} is shielded, and sites.yaml does not say so: write shield: on"
    elif site.shielded == "auto" and is_on(name, facts):
        yield f"{name} is shielded, and stays so until you run: deploy shield {name} off"
