"""The whole of sites.yaml as frozen models."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import BeforeValidator, Field, PrivateAttr

from deployer.config.forms import OneOf
from deployer.config.keys import RestrictedKey
from deployer.config.later import later
from deployer.config.security import Security, all_off
from deployer.config.server import Acme, Docker, Server, Updates
from deployer.config.suggestions import suggest
from deployer.errors import UsageError
from deployer.kinds import models
from deployer.kinds.base import Site
from deployer.kinds.composition import Composition
from deployer.kinds.entry import Entry
from deployer.values.backups import Backups
from deployer.values.section import Section
from deployer.values.types import (
    Domain,
    Email,
    GitHost,
    HostKeys,
    KeyName,
    ServiceName,
)

if TYPE_CHECKING:
    from deployer.config.dns import Dns
    from deployer.config.home import Home
    from deployer.config.monitoring import Monitoring
    from deployer.config.watch import Watch
    from deployer.kinds.pooled import PooledSite
else:
    Dns, Home, Monitoring, Watch = map(later, ("Dns", "Home", "Monitoring", "Watch"))


def with_kinds(services: Any) -> Any:
    """Services with their kind, which is their name where it is not written."""
    if not isinstance(services, dict):
        return services
    known = {
        name: {"kind": name} if service is None else {"kind": name, **service}
        for name, service in services.items()
        if (service is None or isinstance(service, dict)) and isinstance(name, str) and name and models(name)
    }
    return {name: known.get(name, service) for name, service in services.items()}


class Config(Section):
    """One server and everything that it serves."""

    server: Server | None = Field(None, description="the server, and how to reach it by SSH")
    email: Email | None = Field(None, description="where the certificate authority writes to")
    acme: Acme = Field(Acme(), description="where certificates come from")
    docker: Docker = Field(Docker(), description="where Docker comes from, and where it logs in")
    updates: Updates | None = Field(None, description="a timer on the server that updates the services")
    git_hosts: dict[GitHost, HostKeys] = Field(
        {}, description="host keys of Git servers that are read by SSH, by their names"
    )
    security: Annotated[Security, BeforeValidator(all_off, json_schema_input_type=Security | bool)] = Field(
        Security(), description="how the server is kept safe; false turns all of it off"
    )
    sites: dict[Domain, Annotated[Site, OneOf("sites")]] = Field({}, description="every site by its domain")
    services: Annotated[
        dict[ServiceName, Annotated[Composition, OneOf("services")]], BeforeValidator(with_kinds)
    ] = Field(
        {}, description="services without a domain, by name; the kind is the name, unless kind: is another"
    )
    backups: Backups | None = Field(None, description="encrypted backups, made on the server each day")
    home: Home | None = Field(None, description="the home server, where the backups are brought to")
    dns: Dns | None = Field(None, description="the DNS records of the sites, and others of yours")
    watch: Watch | None = Field(
        None, description="what the home server asks again and again, and who is told: deploy watch"
    )
    monitoring: Monitoring | None = Field(
        None, description="monitors elsewhere that come from this file: Gatus, Uptime Kuma"
    )
    keys: dict[KeyName, RestrictedKey] = Field(
        {}, description="SSH keys that may do one thing on the server, by name"
    )

    _left_out: tuple[str, ...] = PrivateAttr(())
    """The sections that are written, and that count for nothing here: config/rehearsed.py."""

    @property
    def everything(self) -> "dict[str, Entry]":
        """Sites and services, by domain or name."""
        return {**self.sites, **self.services}

    def section_of(self, name: str) -> str:
        """Below which key an entry of this name stands."""
        return "sites" if name in self.sites else "services"

    def entry(self, name: str) -> "Entry | None":
        """The site or service of this domain or name, found without a look at all of them."""
        return self.sites.get(name) or self.services.get(name)

    @property
    def compositions(self) -> dict[str, Composition]:
        """What runs in containers, by domain or name."""
        return {name: entry for name, entry in self.everything.items() if isinstance(entry, Composition)}

    @property
    def pooled(self) -> "dict[str, PooledSite]":
        """What runs on PHP-FPM on the server itself, by domain."""
        on_php = {name: site for name, site in self.sites.items() if site.runner(name) == "pool"}
        return cast("dict[str, PooledSite]", on_php)

    def of_kind(self, *kinds: str) -> dict[str, Any]:
        """The sites and services of these kinds, by domain or name; a kind that nobody has is not loaded."""
        return {name: entry for name, entry in self.everything.items() if entry.kind in kinds}

    @property
    def running(self) -> "dict[str, Entry]":
        """What can be stopped and started, in containers or as units of systemd, by domain or name."""
        return {name: entry for name, entry in self.everything.items() if entry.runner(name)}

    def select(self, names: Iterable[str] = ()) -> "dict[str, Entry]":
        """The named sites and services, or all; raises UsageError for a name that is not here."""
        chosen, known = dict.fromkeys(names), self.everything
        for name in chosen:
            if name not in known:
                self._refuse_alias(name)
                what = "site or service" if self.services else "site"
                raise UsageError(f"no {what} '{name}' in sites.yaml{suggest(name, known)}", self.advice())
        return {name: known[name] for name in chosen or known}

    def _refuse_alias(self, name: str) -> None:
        for domain, site in self.sites.items():
            if name in site.aliases:
                raise UsageError(f"{name} is an alias of the site {domain}", f"Name the site: {domain}")

    def advice(self) -> str:
        """Which sites and services there are, for a message."""
        lists: dict[str, Mapping[str, object]] = {"sites": self.sites, "services": self.services}
        told = [f"Its {what} are: {', '.join(names)}" for what, names in lists.items() if names]
        return "\n".join(told) or "It has no sites yet."
