"""SearXNG: a metasearch engine."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.composition import ComposedSite
from deployer.kinds.service import Service
from deployer.shares.backup import Backup
from deployer.values.secrets import Generated, Secret
from deployer.values.types import Boolean, ImageTag, MemoryLimit, Port, Size, UrlPath, written

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Searxng(ComposedSite, Service):
    """SearXNG, which asks many search engines at once, with its Valkey."""

    image: ClassVar[str] = "searxng/searxng"
    companions: ClassVar[tuple[str, ...]] = ("valkey/valkey:9-alpine",)

    kind: Literal["searxng"] = Field(description="what this site is")
    port: Port = Field(8888, description="port on 127.0.0.1 where NGINX finds it")
    tag: ImageTag = Field("latest", description="tag of the image; there is none for a major version")
    memory: MemoryLimit = Field(written("384M"), description="how much memory it may use, without Valkey")
    max_upload: Size = Field(written("1M"), description="largest upload that is passed on; 0 means no limit")
    probe_path: UrlPath = Field("/healthz", alias="probe", description="path that tells whether it is well")
    limiter: Boolean = Field(True, description="refuse visitors that look like robots")

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """Its docker-compose.yml, and whom its limiter believes."""
        limiter = {f"{self.folder(name)}/limiter.toml": self.template("searxng.limiter.toml", name, facts)}
        return {**super().files(name, facts), **(limiter if self.limiter else {})}

    def secrets(self) -> dict[str, Secret]:
        """The key of its image proxy and the like."""
        return {"SEARXNG_SECRET": Generated(64)}

    def backs_up(self) -> Backup:
        """Its settings."""
        return Backup(paths=("config",), exclude=("cache", "valkey"))
