"""Umami: web statistics."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup, database
from deployer.values.secrets import Generated, Secret
from deployer.values.types import ImageTag, MemoryLimit, Port, Size, TimeLimit, UrlPath, written


class Umami(ComposedSite, Service):
    """Umami, which counts visits without cookies, with its PostgreSQL; the first login is admin, umami."""

    image: ClassVar[str] = "ghcr.io/umami-software/umami"
    companions: ClassVar[tuple[str, ...]] = ("postgres:18-alpine",)

    kind: Literal["umami"] = Field(description="what this site is")
    port: Port = Field(3000, description="port on 127.0.0.1 where NGINX finds it")
    tag: ImageTag = Field("3", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(
        written("512M"), description="how much memory it may use, without its database"
    )
    wait: TimeLimit = Field(written("4m"), description="how long it may take until all containers are well")
    max_upload: Size = Field(written("1M"), description="largest upload that is passed on; 0 means no limit")
    probe_path: UrlPath = Field(
        "/api/heartbeat", alias="probe", description="path that tells whether it is well"
    )

    def secrets(self) -> dict[str, Secret]:
        """The password of its database, and the keys of its logins."""
        return {
            "APP_SECRET": Generated(64),
            "DB_PASSWORD": Generated(),
            "TWO_FACTOR_ENCRYPTION_KEY": Generated(64),
        }

    def backs_up(self) -> Backup:
        """Its database."""
        return database("postgres")
