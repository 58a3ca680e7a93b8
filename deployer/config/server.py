"""The server: how it is reached, and where its certificates, Docker and newer images come from."""

from typing import Literal

from pydantic import Field

from deployer.values.registries import Registry, RegistryName
from deployer.values.section import Section
from deployer.values.types import (
    AcmeServer,
    CertificateFile,
    ClockTime,
    Duration,
    Host,
    HostKey,
    LocalPath,
    Port,
    Url,
    User,
    written,
)

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


class Docker(Section):
    """Where Docker comes from, and where it logs in."""

    packages: Literal["distribution", "docker.com"] | None = Field(
        None,
        description="distribution or docker.com; without it, what is installed, else the distribution's "
        "packages where they bring Compose v2",
    )
    registries: dict[RegistryName, Registry] = Field(
        {}, description="logins to private registries, by the registries as images name them"
    )


class Updates(Section):
    """A timer on the server that updates every service whose image has a newer version."""

    at: ClockTime = Field(description="time of day, in the time zone of the server")
    cooldown: Duration = Field(
        written("3d"), description="how old an image must be: bad releases are found out by then"
    )
    notify: Url | None = Field(None, description="address that gets the outcome, such as an ntfy topic")
