"""What every kind of site has: its names, its HTTPS, and a place for hand-written NGINX lines."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from deployer.files import File
from deployer.shares.share import Share
from deployer.values.section import Section
from deployer.values.types import Boolean, Domain, Duration, NginxSnippet, written

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Site(Section):
    """A domain that the server answers for."""

    pushed: ClassVar[bool] = False
    """Whether `deploy push` publishes something here."""

    kind: str = Field(description="what this site is")
    aliases: tuple[Domain, ...] = Field((), description="other domains that redirect to this one")
    https: Boolean = Field(True, description="false serves plain HTTP and asks for no certificate")
    hsts: Duration = Field(
        written("7d"), description="how long browsers insist on HTTPS after a visit; 0 turns it off"
    )
    nginx: NginxSnippet = Field("", description="NGINX directives to add inside the server block")

    def share(self, domain: str, facts: "Facts") -> Share:
        """What it wants of a server that has its certificate."""
        return replace(self.before_it_answers(), files=self.files(domain, facts))

    def before_it_answers(self) -> Share:
        """What it wants of a server that does not have its certificate yet."""
        return Share(packages=self.packages(), hugo=self.hugo_versions())

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """What this site puts on a server that has its certificate, by path."""
        raise NotImplementedError

    def packages(self) -> frozenset[str]:
        """The Debian packages that it needs."""
        return frozenset({"nginx", "certbot"} if self.https else {"nginx"})

    def probe(self, domain: str) -> str:
        """The path that tells whether the site is well."""
        return "/"

    def hugo_versions(self) -> frozenset[str]:
        """The versions of Hugo that it needs side by side."""
        return frozenset()
