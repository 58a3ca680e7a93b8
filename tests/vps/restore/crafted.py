"""Archives as somebody makes them who has the public key and means harm: any member, any word."""

import io
import json
import tarfile
from typing import Any

from deployer.rehearsal.machine import Machine

Member = tuple[str, str]


class Crafted:
    """An archive that begins and ends as it must; what is between, and what it says of itself, is free."""

    def __init__(self, vps: Machine, name: str, **begin: Any) -> None:
        self.vps, self.name = vps, name
        self.place = f"srv/deploy/{name}/backup"
        values = {"name": name, "kind": "compose", "time": "2026-11-20T23:00:00Z", "format": 1}
        self.begin = json.dumps(values | {"paths": [], "volumes": {}, "dump": False} | begin)
        self.members: list[tuple[tarfile.TarInfo, bytes]] = []
        self.file(f"{self.place}/begin.json", self.begin)

    def file(self, path: str, text: str = "") -> "Crafted":
        member = tarfile.TarInfo(path.lstrip("/"))
        member.size = len(text.encode())
        self.members.append((member, text.encode()))
        return self

    def link(self, path: str, target: str) -> "Crafted":
        member = tarfile.TarInfo(path.lstrip("/"))
        member.type, member.linkname = tarfile.SYMTYPE, target
        self.members.append((member, b""))
        return self

    def make(self) -> str:
        """Write it; its path on the server."""
        self.file(f"{self.place}/end.json", json.dumps({"members": len(self.members), "warnings": []}))
        with tarfile.open(self.vps.root / "root/crafted.tar", "w") as tar:
            for member, content in self.members:
                tar.addfile(member, io.BytesIO(content))
        return "/root/crafted.tar"

    def plan(self) -> str:
        """What the server says that it would do with it, or why not."""
        command = f"/usr/local/lib/deploy/bin/restore {self.name} --plan"
        return self.vps.run(command, input=self.begin, check=False).stdout
