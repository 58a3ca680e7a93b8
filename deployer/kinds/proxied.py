"""A site whose visitors NGINX leads to a program at a port, and lets wait while nobody answers there."""

from typing import TYPE_CHECKING

from pydantic import Field

from deployer.kinds.base import Site
from deployer.kinds.virtual_host import virtual_host
from deployer.seen.releases import BROTLI_FILTER
from deployer.values.quantities import size_text
from deployer.values.types import Duration, Port, Size, written

if TYPE_CHECKING:
    from deployer.files import File
    from deployer.seen.facts import Facts


class ProxiedSite(Site):
    """A domain that NGINX answers for with what a program says."""

    hold: Duration = Field(
        written("60s"),
        description="how long visitors wait while the program does not answer; 0: not at all",
    )

    if TYPE_CHECKING:
        port: Port
        max_upload: Size

    def packages(self) -> frozenset[str]:
        """What compresses the program's answers, too."""
        return super().packages() | {BROTLI_FILTER}

    def led_ports(self) -> tuple[int, ...]:
        """Where NGINX finds it, unless a push has led visitors to those beside."""
        return (self.port,)

    def beside_ports(self) -> tuple[int, ...]:
        """Where a push starts what shall replace it; none where it is stopped before."""
        return ()

    def leads(self, domain: str, facts: "Facts") -> "dict[str, File]":
        """Its NGINX file."""
        return virtual_host(self, domain, facts, "proxy", max_upload=size_text(self.max_upload))
