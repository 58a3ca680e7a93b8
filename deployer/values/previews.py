"""Previews of a site: revisions that are not live, each under a name of its own."""

from typing import Any

from pydantic import Field

from deployer.values.auth import Auth
from deployer.values.names import is_domain
from deployer.values.section import Section
from deployer.values.types import Count, Domain


class Previews(Section):
    """Where previews of a site are, and how many."""

    domain: Domain = Field(
        description="previews are NAME. before it: preview.example.org, whose wildcard comes by DNS"
    )
    most: Count = Field(20, description="how many there may be at once")
    auth: Auth | None = Field(
        None, description="who may see them, by a name and a password; without it, who may see the site"
    )

    @property
    def wildcard(self) -> str:
        """All names that previews can have."""
        return f"*.{self.domain}"


def passwords_of(domain: str) -> str:
    """What the list of those who may see a site's previews is called on the server, beside those of sites."""
    return f"previews@{domain}"


def with_more_names(values: Any) -> Any:
    """A site as it is written, with the names of its previews and the one that it had before."""
    if not isinstance(values, dict):
        return values
    previews, aliases = values.get("previews"), values.get("aliases") or ()
    domain = previews.get("domain") if isinstance(previews, dict) else getattr(previews, "domain", None)
    more = [f"*.{domain}"] if isinstance(domain, str) and is_domain(domain) else []
    more += [old] if isinstance(old := values.get("renamed_from"), str) and is_domain(old) else []
    if not more or not isinstance(aliases, (list, tuple)):
        return values
    return {**values, "aliases": [*aliases, *(name for name in more if name not in aliases)]}
