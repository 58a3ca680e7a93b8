"""Shhh: secrets that can be read once."""

from typing import ClassVar, Literal

from pydantic import Field

from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup, database
from deployer.values.secrets import Generated, Secret
from deployer.values.types import ImageTag, MemoryLimit, Port, Size, written


class Shhh(ComposedSite, Service):
    """Shhh, which shares secrets that can be read once, with its PostgreSQL; built from its source."""

    companions: ClassVar[tuple[str, ...]] = ("postgres:18-alpine",)

    kind: Literal["shhh"] = Field(description="what this site is")
    port: Port = Field(8081, description="port on 127.0.0.1 where NGINX finds it")
    tag: ImageTag = Field("3.2.4", description="tag of its repository that is built")
    memory: MemoryLimit = Field(
        written("192M"), description="how much memory it may use, without its database"
    )
    max_upload: Size = Field(written("1M"), description="largest upload that is passed on; 0 means no limit")

    def built(self) -> bool:
        """No image of it is published."""
        return True

    def secrets(self) -> dict[str, Secret]:
        """The password of its database."""
        return {"DB_PASSWORD": Generated()}

    def backs_up(self) -> Backup:
        """Its database; what is in it is encrypted and lives for days."""
        return database("postgres")

    def remarks(self) -> tuple[str, ...]:
        """That nobody mends it any more."""
        return ("Shhh is developed no further: think of another",)
