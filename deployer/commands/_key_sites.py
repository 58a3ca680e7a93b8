"""The sites that a new restricted key shall be for, as they were typed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.errors import UsageError

if TYPE_CHECKING:
    from deployer.config.model import Config

ADDRESS = "A key pushes what sites.yaml gives by address: repository: https://… or git@…"


def sites_to_push(config: "Config", name: str, text: str) -> tuple[str, ...]:
    """The sites of `--push`; raises UsageError for one that cannot be pushed, and for a name that is none."""
    from deployer.config.key_checks import unfit
    from deployer.values.service_names import key

    sites = split(text)
    try:
        key(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if reasons := [reason for site in sites if (reason := unfit(config, site))]:
        unknown = any(site not in config.everything for site in sites)
        raise UsageError("\n".join(reasons), config.advice() if unknown else ADDRESS)
    return sites


def sites_of(
    config: "Config", name: str, asked: Mapping[str, str], pull_backups: bool
) -> dict[str, tuple[str, ...]]:
    """The sites of each option, by its name; raises UsageError for what a key cannot do."""
    from deployer.config.key_checks import unsendable

    if any(asked.values()) == pull_backups:
        raise UsageError("a key has either --push, --send and --shield SITES, or --pull-backups")
    sent = split(asked["send"])
    if reasons := [reason for site in sent if (reason := unsendable(config, site))]:
        raise UsageError("\n".join(reasons))
    pushed = sites_to_push(config, name, asked["push"])
    return {"push": pushed, "send": sent, "shield": sites_to_shield(config, asked["shield"])}


def split(text: str) -> tuple[str, ...]:
    """The sites of an option, each once."""
    return tuple(dict.fromkeys(site.strip() for site in text.split(",") if site.strip()))


def sites_to_shield(config: "Config", text: str) -> tuple[str, ...]:
    """The sites of `--shield`; raises UsageError for one that the server cannot shield by itself."""
    from deployer.config.shield_checks import unshieldable

    if reasons := [reason for site in split(text) if (reason := unshieldable(config, site))]:
        raise UsageError("\n".join(reasons), "What a shield needs: deploy docs shield")
    return split(text)
