"""ntfy: notifications to phones and browsers."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup
from deployer.values.types import ImageTag, MemoryLimit, Port, Size, UrlPath, written


class Ntfy(ComposedSite, Service):
    """ntfy, which sends notifications to phones and browsers; nobody may read or write without an account."""

    image: ClassVar[str] = "binwiederhier/ntfy"

    kind: Literal["ntfy"] = Field(description="what this site is")
    port: Port = Field(2586, description="port on 127.0.0.1 where NGINX finds it")
    tag: ImageTag = Field("v2", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(written("128M"), description="how much memory it may use")
    max_upload: Size = Field(written("0"), description="largest upload that is passed on; 0 means no limit")
    probe_path: UrlPath = Field("/v1/health", alias="probe", description="path that tells whether it is well")

    def backs_up(self) -> Backup:
        """The accounts; messages and attachments live for hours only."""
        return Backup(paths=("lib",), databases=("lib/user.db",), exclude=("cache",))
