"""WireGuard: a VPN, with wg-easy's pages for its users."""

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup
from deployer.values.secrets import Generated, Secret
from deployer.values.types import Host, ImageTag, MemoryLimit, Port, Size, written

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

IPV6_ENGINE = (27, 0, 0)


class Wireguard(Service):
    """WireGuard with wg-easy, whose pages are on 127.0.0.1 only: reach them through SSH."""

    image: ClassVar[str] = "ghcr.io/wg-easy/wg-easy"

    kind: Literal["wireguard"] = Field(description="what this is")
    port: Port = Field(51821, description="port on 127.0.0.1 of its pages")
    vpn_port: Port = Field(51820, description="UDP port of the VPN, open to everyone")
    host: Host = Field(description="name or address under which clients find the server")
    tag: ImageTag = Field("15", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(written("256M"), description="how much memory it may use")

    def endpoint(self, name: str) -> str:
        """Where clients of the VPN connect to."""
        return self.host

    def subnet(self, name: str) -> str:
        """A private IPv6 network of its own."""
        digits = sha256(name.encode()).hexdigest()
        return f"fd{digits[:2]}:{digits[2:6]}:{digits[6:10]}:1::/64"

    def ipv6(self, facts: "Facts") -> bool:
        """Whether clients get IPv6: before version 27, Docker leads none out of its networks."""
        return facts.ipv6 and not (facts.docker and facts.docker < IPV6_ENGINE)

    def secrets(self) -> dict[str, Secret]:
        """The first password of the user admin."""
        return {"INIT_PASSWORD": Generated()}

    def local_ports(self) -> tuple[int, ...]:
        """That of its pages."""
        return (self.port,)

    def public_ports(self) -> tuple[str, ...]:
        """That of the VPN."""
        return (f"{self.vpn_port}/udp",)

    def backs_up(self) -> Backup:
        """The keys of all clients."""
        return Backup(paths=("data",), databases=("data/wg-easy.db",))


class WireguardSite(ComposedSite, Wireguard):
    """WireGuard with wg-easy, whose pages are at the domain; its password: deploy secret show."""

    kind: Literal["wireguard"] = Field(description="what this site is")
    port: Port = Field(51821, description="port on 127.0.0.1 where NGINX finds its pages")
    host: Host | None = Field(  # type: ignore[assignment]  # a domain may stand for it
        None, description="name or address under which clients find the server; without it, the domain"
    )
    max_upload: Size = Field(written("1M"), description="largest upload that is passed on; 0 means no limit")

    def endpoint(self, name: str) -> str:
        """Where clients of the VPN connect to."""
        return self.host or name
