"""phpBB: a forum."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup, database
from deployer.values.quantities import size_text
from deployer.values.secrets import Generated, Secret
from deployer.values.types import (
    Email,
    EnvironmentValue,
    MemoryLimit,
    Port,
    Size,
    TimeLimit,
    Version,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

CHECKSUMS = {"3.3.17": "ba1819a53c6a36bb9ebce8d3d0ac6c1b28687d6aa07a2ce9d8c4956da7d38874"}
"""SHA-256 of phpBB-VERSION.zip, of the releases that are known here."""


class Phpbb(ComposedSite, Service):
    """phpBB, a forum, with its MariaDB; `deploy secret show` has the password of its user admin."""

    companions: ClassVar[tuple[str, ...]] = ("mariadb:12.3",)

    kind: Literal["phpbb"] = Field(description="what this site is")
    title: EnvironmentValue = Field("Forum", description="name of the forum, at its first start")
    email: Email = Field(description="e-mail address of the forum, at its first start")
    port: Port = Field(8090, description="port on 127.0.0.1 where NGINX finds it")
    tag: Version = Field("3.3.17", description="version of phpBB; older ones than 3.3.17 have a grave flaw")
    memory: MemoryLimit = Field(
        written("320M"), description="how much memory it may use, without its database"
    )
    wait: TimeLimit = Field(written("5m"), description="how long it may take until all containers are well")
    max_upload: Size = Field(written("32M"), description="largest upload that is passed on; 0 means no limit")

    def built(self) -> bool:
        """phpBB publishes no image."""
        return True

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its docker-compose.yml, and what its image is built from."""
        names = ("Dockerfile", "apache.conf", "config.php", "php.ini", "start")
        values = {
            "series": ".".join(self.tag.split(".")[:2]),
            "checksum": CHECKSUMS.get(self.tag, ""),
            "max_upload": size_text(self.max_upload),
        }
        image = {
            f"{self.folder(domain)}/image/{name}": self.template(f"phpbb/{name}", domain, facts, **values)
            for name in names
        }
        return {**super().files(domain, facts), **image}

    def secrets(self) -> dict[str, Secret]:
        """The passwords of its database and of the user admin, of which phpBB takes 30 letters at most."""
        return {"ADMIN_PASSWORD": Generated(24), "DB_PASSWORD": Generated(), "DB_ROOT_PASSWORD": Generated()}

    def backs_up(self) -> Backup:
        """Its database, and what users brought."""
        return replace(database("mariadb"), paths=("data",))
