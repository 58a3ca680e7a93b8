"""Logins to private registries: put where root's `docker` finds them, beside those made by hand."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deployer.parts.rendering import script, system
from deployer.shares.handler import Handler, Stage
from deployer.shares.question import Question
from deployer.shares.share import Share
from deployer.values.registries import password_name

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.seen.facts import Facts

FOLDER = "/etc/deploy/registries"
LOGINS, ENV = f"{FOLDER}/logins", f"{FOLDER}/.env"
DOCKER_CONFIG = "/root/.docker/config.json"
HANDLERS = (
    Handler(
        f"{FOLDER}/*",
        Stage.READERS,
        check="check_registries",
        live="log_in_to_registries",
        says="log in to registries",
        values="REGISTRY_*",
    ),
)
REMOVABLE = (f"{FOLDER}/*",)
SECTIONS = ((re.escape(LOGINS), "docker.registries"),)
QUESTIONS = (Question("look", "registries"),)
OTHERWISE = {
    "gone": f"there is no login any more in {DOCKER_CONFIG}",
    "changed": f"the login in {DOCKER_CONFIG} was changed by hand",
}


def share(config: "Config", facts: "Facts") -> Share:
    """Who logs in where; the last password goes with the last login."""
    registries = dict(sorted(config.docker.registries.items()))
    notes = tuple(_notes(frozenset(registries), facts))
    if not registries:
        ours = any(state != "by-hand" for state in facts.registries.values())
        return Share(secrets={ENV: {}} if ours else {}, notes=notes)
    logins = [(name, each.user, password_name(name)) for name, each in registries.items()]
    off = [
        f"{name}: {OTHERWISE[state]}"
        for name in registries
        if (state := facts.registries.get(name)) in OTHERWISE
    ]
    return Share(
        files={**script("lib/composition/secrets"), LOGINS: system("registries", logins=logins)},
        secrets={ENV: {password_name(name): each.password for name, each in registries.items()}},
        packages=frozenset({"curl", "jq"}),
        drift={LOGINS: tuple(off)} if off else {},
        notes=notes,
    )


def _notes(wanted: frozenset[str], facts: "Facts") -> Iterator[str]:
    """What becomes of a login that a person has made, or changed."""
    for name, state in sorted(facts.registries.items()):
        if name in wanted and state == "by-hand":
            yield f"the login to {name} in {DOCKER_CONFIG} was made by hand: sites.yaml's takes its place"
        if name not in wanted and state == "changed":
            yield f"the login to {name} in {DOCKER_CONFIG} was changed by hand, and stays"
