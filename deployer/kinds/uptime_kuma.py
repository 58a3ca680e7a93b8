"""Uptime Kuma: watches sites and services."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup
from deployer.values.types import ImageTag, MemoryLimit, Port, Size, TimeLimit, written


class UptimeKuma(ComposedSite, Service):
    """Uptime Kuma, which watches sites and services; who opens its page first chooses the password."""

    image: ClassVar[str] = "louislam/uptime-kuma"

    kind: Literal["uptime-kuma"] = Field(description="what this site is")
    port: Port = Field(3001, description="port on 127.0.0.1 where NGINX finds it")
    tag: ImageTag = Field("2", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(written("320M"), description="how much memory it may use")
    wait: TimeLimit = Field(written("4m"), description="how long it may take until all containers are well")
    max_upload: Size = Field(written("64M"), description="largest upload that is passed on; 0 means no limit")

    def backs_up(self) -> Backup:
        """Its database and pictures."""
        return Backup(paths=("data",), databases=("data/kuma.db",))
