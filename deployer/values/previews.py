"""Previews of a site: revisions that are not live, each under a name of its own."""

from typing import Any

from pydantic import Field

from deployer.values.auth import Auth
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


def with_wildcard(values: Any) -> Any:
    """A site as it is written, to whose names those of its previews belong."""
    previews = values.get("previews") if isinstance(values, dict) else None
    domain = previews.get("domain") if isinstance(previews, dict) else getattr(previews, "domain", None)
    aliases = values.get("aliases", ()) if domain else ()
    if not isinstance(domain, str) or not isinstance(aliases, (list, tuple)) or f"*.{domain}" in aliases:
        return values
    return {**values, "aliases": [*aliases, f"*.{domain}"]}
