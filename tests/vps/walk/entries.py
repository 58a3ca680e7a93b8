"""What a site or a service is, as the walk knows it: one module per kind says the rest."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from deployer.rehearsal.machine import Machine

if TYPE_CHECKING:
    from vps.walk.live import Live
    from vps.walk.walk import Walk

NOBODY = frozenset({"closed", "404", "502", "503", "504"})
"""What a visitor gets of a name for which nobody answers."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A site or a service; `owner` is who it is, whatever its name, port, project and kind are called now.

    `volumes` has what Docker Compose makes for it, `refused` says whether NGINX takes no file with its `nginx` lines.
    """

    kind: ClassVar[str]
    pushed: ClassVar[bool] = False
    owner: str
    version: int = 1
    volumes: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    https: bool = False
    nginx: str = ""
    refused: bool = False
    backup: object = True

    @property
    def reason(self) -> str:
        """Why an apply has to refuse it, if it has to."""
        return "NGINX refuses its file" if self.refused else ""

    @property
    def page(self) -> str:
        """How its page names who it is, and which version of it."""
        return f"{self.owner}.{self.version}"

    def keys(self, name: str) -> dict[str, Any]:
        """Its keys in sites.yaml."""
        found: dict[str, Any] = {"kind": self.kind}
        if "." in name:
            found |= {"https": self.https}
            found |= {"aliases": list(self.aliases)} if self.aliases else {}
            found |= {"nginx": self.nginx} if self.nginx else {}
        if self.backup is not True:
            found["backup"] = self.backup
        return found

    def files(self) -> dict[str, str]:
        """What lies beside sites.yaml for it."""
        return {}

    @property
    def keeps(self) -> bool:
        """Whether there is something to back up."""
        return True

    def environment(self) -> dict[str, str]:
        """The environment variables that its secrets come from."""
        return {}

    def answer(self, name: str, live: "Live") -> str:
        """What visitors get of it, without what follows the first word of a page."""
        return self.page

    def alias_answer(self, leads_home: str) -> str:
        """What visitors of an alias get, and those without TLS where there is TLS."""
        return leads_home

    def ports(self) -> frozenset[int]:
        """The ports that it takes on the server."""
        return frozenset()

    def public_ports(self) -> frozenset[str]:
        """The ports that it opens to everyone, as the firewall names them."""
        return frozenset()

    def project(self, name: str) -> str:
        """What Docker Compose calls it; empty without containers."""
        return ""

    def folder(self, name: str) -> str:
        """Its folder on the server; empty without containers."""
        return ""

    def prepare(self, vps: Machine) -> None:
        """Put on the server what it needs there and cannot be had from a registry."""

    def is_in(self, text: str) -> bool:
        """Whether a compose file on the server is its own as it is now."""
        return text in self.files().values()

    def publish(self, walk: "Walk", name: str) -> None:
        """Make what the next push brings."""

    def containers(self, name: str) -> object:
        """What its containers depend on: they are made anew when it differs."""
        return None


def plain_project(folder: str) -> str:
    """What Docker Compose calls what stands in a folder."""
    return re.sub(r"[^a-z0-9_-]", "", folder.rpartition("/")[2])
