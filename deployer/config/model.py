"""The whole of sites.yaml as frozen models."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from deployer.config.suggestions import suggest
from deployer.config.types import (
    AcmeServer,
    CertificateFile,
    Domain,
    Email,
    Host,
    HostKey,
    LocalPath,
    Port,
    User,
)
from deployer.errors import UsageError
from deployer.kinds import kinds
from deployer.kinds.base import Section, Site

if TYPE_CHECKING:
    AnySite = Site
else:
    AnySite = Annotated[reduce(or_, kinds().values()), Field(discriminator="kind")]


DIRECTORIES = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}


class Server(Section):
    """The server, and how to reach it by SSH."""

    host: Host = Field(description="host name or IP address of the server")
    port: Port = Field(22, description="SSH port")
    user: User = Field("root", description="root, or a user with sudo that asks for no password")
    host_key: HostKey | None = Field(
        None, description="the server's public host key; without it, the one in ~/.ssh/known_hosts counts"
    )
    key: LocalPath | None = Field(
        None, description="private key to log in with; without it, SSH's own choice"
    )


class Acme(Section):
    """Where certificates come from."""

    server: AcmeServer = Field(
        "letsencrypt", description="letsencrypt, staging, or another ACME server's address"
    )
    ca_certificate: CertificateFile = Field(
        "", alias="ca", description="PEM file with the CA of a private ACME server, beside sites.yaml"
    )

    @property
    def directory(self) -> str:
        """The address of the ACME server's directory."""
        return DIRECTORIES.get(self.server, self.server)


class Config(Section):
    """One server and everything that it serves."""

    server: Server | None = Field(None, description="the server, and how to reach it by SSH")
    email: Email | None = Field(None, description="where the certificate authority writes to")
    acme: Acme = Field(Acme(), description="where certificates come from")
    sites: dict[Domain, AnySite] = Field({}, description="every site by its domain")

    def select(self, names: Iterable[str] = ()) -> dict[str, Site]:
        """The named sites by domain, or all; raises UsageError for a name that is not here."""
        chosen = dict.fromkeys(names)
        for name in chosen:
            if name not in self.sites:
                hint = suggest(name, self.sites)
                raise UsageError(f"no site '{name}' in sites.yaml{hint}", self.advice())
        return {name: self.sites[name] for name in chosen or self.sites}

    def advice(self) -> str:
        """Which sites there are, for a message."""
        return f"Its sites are: {', '.join(self.sites)}" if self.sites else "It has no sites yet."
