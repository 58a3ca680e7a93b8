"""What every kind of site has: its names, its HTTPS, and lines of NGINX; and what comes from a repository."""

from typing import Literal, TypeGuard

from pydantic import Field

from deployer.kinds.entry import Entry
from deployer.values.auth import Auth
from deployer.values.certificates import Alias, CertificateChoice
from deployer.values.hsts import PRELOAD, Hsts
from deployer.values.maintenance import MaintenanceChoice
from deployer.values.paths import Headers, InnerFolder, Origin, Redirects
from deployer.values.repository import is_local
from deployer.values.shield import ShieldChoice
from deployer.values.types import Boolean, Domain, GitReference, NginxSnippet, Repository, written


class Site(Entry):
    """A domain that the server answers for."""

    kind: str = Field(description="what this site is")
    aliases: tuple[Alias, ...] = Field((), description="other domains that redirect to this one")
    https: Boolean = Field(True, description="false serves plain HTTP and asks for no certificate")
    certificate: CertificateChoice = Field(
        CertificateChoice(), description="how its certificate comes, if not by port 80"
    )
    shield: ShieldChoice = Field(
        None,
        description="whether Cloudflare stands before it: on, off or auto; without it, as deploy shield says",
    )
    maintenance: MaintenanceChoice = Field(
        None,
        description="on: visitors get a page that says `back soon`; without it, as deploy maintenance says",
    )
    hsts: Hsts = Field(
        written("7d"),
        description="how long browsers insist on HTTPS after a visit; 0: never; preload: before one, too",
    )
    http3: Boolean = Field(False, description="whether it answers by HTTP/3, too, where NGINX has that")
    redirects: Redirects = Field(
        {}, description="where paths lead, with the code behind that, if it is not 301"
    )
    headers: Headers = Field({}, description="headers of what is below paths, by their names")
    cors: tuple[Origin, ...] = Field(
        (), description='sites whose scripts may read this one in a browser; ["*"]: all'
    )
    auth: Auth | None = Field(
        None, description="who may see it, by a name and a password; without it, everyone"
    )
    robots: Literal["all", "none"] = Field(
        "all", description="none: search engines are asked to leave it out"
    )
    paths: dict[InnerFolder, Domain] = Field(
        {},
        description="folders of it that show another site of files here, such as {/docs: docs.example.org}",
    )
    nginx: NginxSnippet = Field("", description="NGINX directives to add inside the server block")

    @property
    def insists(self) -> str:
        """What browsers are told of HTTPS."""
        two_years = "max-age=63072000; includeSubDomains; preload"
        return two_years if self.hsts == PRELOAD else f"max-age={self.hsts}"

    @property
    def shielded(self) -> str:
        """What sites.yaml says of its shield: on, off, auto, or nothing."""
        return self.shield.wanted if self.shield else ""

    def packages(self) -> frozenset[str]:
        """The Debian packages that it needs."""
        return frozenset({"nginx", "certbot"} if self.https and not self.certificate.own else {"nginx"})

    def names(self, domain: str) -> tuple[str, ...]:
        """All names that can be asked for: not those that a wildcard means."""
        return tuple(name for name in (domain, *self.aliases) if not name.startswith("*."))

    def probe(self, domain: str) -> str:
        """The path that tells whether the site is well."""
        return "/"


class FromRepository(Site):
    """A site that comes from a Git repository."""

    repository: Repository = Field(
        description="Git repository: https:// or ssh:// URL (or http://), git@host:path, or a folder here"
    )
    branch: GitReference | None = Field(
        None, description="branch to publish; without it, the repository's default"
    )

    @property
    def pushed(self) -> bool:
        """What its repository has; of some kinds, it may have none."""
        return bool(self.repository)

    @property
    def is_local(self) -> bool:
        """Whether the repository is a folder on this machine, which a push sends over its own connection."""
        return bool(self.repository) and is_local(self.repository)

    @property
    def is_by_ssh(self) -> bool:
        """Whether the server fetches it by SSH, with a key of the site."""
        elsewhere = bool(self.repository) and not self.is_local
        return elsewhere and not self.repository.startswith(("https://", "http://"))

    def fetched_with(self) -> frozenset[str]:
        """The Debian packages with which the server fetches it."""
        return frozenset({"git", "openssh-client"} if self.is_by_ssh else {"git"})


def is_from_repository(entry: object) -> TypeGuard[FromRepository]:
    """Whether a push takes it from a repository."""
    return isinstance(entry, FromRepository) and bool(entry.repository)
