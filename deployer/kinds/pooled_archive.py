"""What runs on PHP-FPM, and may come as an archive that is proved by its digest."""

from typing import Any, Self

from pydantic import Field, model_validator

from deployer.kinds.pooled import user_of
from deployer.kinds.pooled_database import PooledDatabase
from deployer.shares.handler import Handler, Stage
from deployer.values.program import AtHome, Digest, Origin, Sent, named, on_server

UNPACKED = "/usr/local/share"
"""Where the programs of archives are, below the names of their kinds and their digests."""
TOOLS = {".zip": "unzip", ".bz2": "bzip2"}
"""What unpacks archives whose names end so, where a server does not have it anyway."""


class PooledArchive(PooledDatabase):
    """A site on PHP-FPM whose program is unpacked once for all sites that run on that archive."""

    archive: Origin = Field("", description="archive of the program: an address, or a path on the server")
    sha256: Digest | None = Field(
        None, description="SHA-256 of the archive, of which nothing is run with another"
    )

    @model_validator(mode="after")
    def comes_whole(self) -> Self:
        """An archive is run with its digest alone."""
        if bool(self.archive) != bool(self.sha256):
            missing = "sha256: of it, as sha256sum prints it" if self.archive else "archive: that it is of"
            raise ValueError(f"{'archive' if self.archive else 'sha256'}: is nothing without the {missing}")
        return self

    def unpacked(self) -> str:
        """Where the program of its archive is."""
        return f"{UNPACKED}/{self.kind}/{self.sha256[:12]}" if self.sha256 else ""

    def values(self, domain: str) -> dict[str, Any]:
        """What the templates of such a kind are rendered with."""
        return {
            "site": self,
            "domain": domain,
            "user": user_of(domain),
            "place": self.place(domain),
            "data": self.folder(domain),
            "program": self.unpacked(),
            "archive": on_server(self.archive, self.sha256),
        }

    def sent(self, name: str) -> tuple[Sent, ...]:
        """The archive, where it is a file of this machine."""
        if not isinstance(self.archive, AtHome) or not self.sha256:
            return ()
        return (Sent(self.archive, self.sha256, f"/etc/deploy/{self.kind}/{name}", self.unpacked()),)

    def packages(self) -> frozenset[str]:
        """What fetches and unpacks it, too."""
        tools = {tool for end, tool in TOOLS.items() if named(self.archive).endswith(end)}
        return super().packages() | tools | ({"curl"} if self.archive else set())


def fetching(kind: str, program: str) -> Handler:
    """What has the programs that sites of this kind ask for, before anything of them counts."""
    return Handler(
        f"/etc/deploy/{kind}/*",
        Stage.LOOK,
        check=f"check_{kind}",
        who="what fetches programs",
        says=f"have the programs of {program}, and compare their SHA-256",
    )
