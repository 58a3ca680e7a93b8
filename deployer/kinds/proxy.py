"""A domain in front of a program that listens on the server."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.proxied import ProxiedSite
from deployer.values.types import Port, Size, written

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Proxy(ProxiedSite):
    """A domain in front of a program that listens on 127.0.0.1; WebSocket and streaming work as they are."""

    kind: Literal["proxy"] = Field(description="what this site is")
    port: Port = Field(description="port on 127.0.0.1 where the program listens")
    max_upload: Size = Field(written("1G"), description="largest upload that is passed on; 0 means no limit")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file."""
        return self.leads(domain, facts)
