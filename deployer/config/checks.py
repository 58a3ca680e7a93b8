"""What no single value can know: checks between sites."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from deployer.config.model import Config
from deployer.config.wording import Finding, Path
from deployer.kinds.base import Site


def check(config: Config) -> list[Finding]:
    """Everything that is wrong between the sites."""
    return [*same_names(config), *same_ports(config), *redirect_loops(config)]


def names(config: Config) -> Iterator[tuple[str, str, Path]]:
    """Every domain with its site and its place: the sites' own names before the aliases."""
    for domain in config.sites:
        yield domain, domain, ("sites", domain)
    for domain, site in config.sites.items():
        for position, alias in enumerate(site.aliases):
            yield alias, domain, ("sites", domain, "aliases", position)


def same_names(config: Config) -> Iterator[Finding]:
    """A domain may belong to one site, and be written once."""
    owners: dict[str, tuple[str, int]] = {}
    for name, owner, path in names(config):
        if name not in owners:
            owners[name] = (owner, len(path))
        elif owners[name][0] != owner:
            held = "the name" if owners[name][1] == 2 else "an alias"
            yield Finding(path, f"'{name}' is already {held} of site '{owners[name][0]}'")
        else:
            twice = "listed twice" if owners[name][1] > 2 else "the site's own name, which needs no alias"
            yield Finding(path, f"'{name}' is {twice}")


def same_ports(config: Config) -> Iterator[Finding]:
    """A port on the server may belong to one site."""
    owners: dict[int, str] = {}
    for domain, site in config.sites.items():
        port = getattr(site, "port", None)
        if port is None:
            continue
        if port in owners:
            yield Finding(
                ("sites", domain, "port"),
                f"port {port} is already used by '{owners[port]}' (for a second name: aliases)",
            )
        owners.setdefault(port, domain)


def redirect_loops(config: Config) -> Iterator[Finding]:
    """Following redirects from site to site must end."""
    owners = {name: owner for name, owner, _ in reversed(list(names(config)))}
    for start in config.sites:
        trail = [start]
        while (following := owners.get(target(config.sites[trail[-1]]))) and following not in trail:
            trail.append(following)
        if following == start:
            route = " → ".join([*trail, start])
            yield Finding(("sites", start, "to"), f"visitors would be redirected in a circle: {route}")


def target(site: Site) -> str:
    """The domain that a redirect leads to on the usual ports, or nothing."""
    url = urlsplit(getattr(site, "to", ""))
    return url.hostname or "" if url.port in (None, 80, 443) else ""
