"""A domain in front of a program that listens on the server."""

from typing import Literal

from pydantic import Field

from deployer.config.types import Port, Size
from deployer.kinds.base import Site


class Proxy(Site):
    """A domain in front of a program that listens on 127.0.0.1; WebSocket and streaming work as they are."""

    kind: Literal["proxy"] = Field(description="what this site is")
    port: Port = Field(description="port on 127.0.0.1 where the program listens")
    max_upload: Size = Field("1G", description="largest upload that is passed on; 0 means no limit")
