"""Images made file by file and put into a server's registry over its API: nothing of Docker works for that."""

import base64
import hashlib
import io
import json
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
NO_CHECK = {"Test": ["NONE"]}
SECOND = 1_000_000_000
"""Nanoseconds, in which the durations of a health check are told (Docker's Engine API)."""


@dataclass(frozen=True)
class Registry:
    """The registry of a server that has BusyBox, from which the images are made."""

    host: str
    busybox: Path
    authorization: str = ""

    def push(
        self, repository: str, command: str, config: Mapping[str, object], page: str, megabytes: int = 0
    ) -> str:
        """Make REPOSITORY:1 an image that has the page and runs the command in a shell; its ID."""
        top = layer({"www/index.html": f"{page}\n".encode()} | random_file(megabytes))
        blobs = (base_layer(self.busybox), top)
        image = {
            "created": datetime.now(UTC).isoformat(),
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh", "-c", command], **config},
            "rootfs": {"type": "layers", "diff_ids": [digest(blob) for blob in blobs]},
        }
        told = json.dumps(image).encode()
        for blob in (*blobs, told):
            self.upload(repository, blob)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, told),
            "layers": [descriptor(LAYER, blob) for blob in blobs],
        }
        self.ask("PUT", f"/v2/{repository}/manifests/1", json.dumps(manifest).encode(), MANIFEST)
        return digest(told)

    def upload(self, repository: str, blob: bytes) -> None:
        """Bring a blob there that may be there already."""
        try:
            self.ask("HEAD", f"/v2/{repository}/blobs/{digest(blob)}")
        except urllib.error.HTTPError as missing:
            if missing.code != 404:
                raise
            place = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
            path = place[place.index("/v2/") :]
            self.ask("PUT", f"{path}&digest={digest(blob)}", blob)

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = LAYER) -> str:
        """The Location of the answer; HTTPError when it is no."""
        headers = {"Content-Type": kind} | (
            {"Authorization": self.authorization} if self.authorization else {}
        )
        request = urllib.request.Request(f"http://{self.host}:5000{path}", body, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return answer.headers.get("Location", "")


def basic(user: str, password: str) -> str:
    """The header's value for a registry that wants a password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def health(command: str, **figures: float) -> dict[str, Any]:
    """A health check of an image; durations in seconds."""
    told = {key: figure if key == "Retries" else int(figure * SECOND) for key, figure in figures.items()}
    return {"Test": ["CMD-SHELL", command], **told}


def base_layer(busybox: Path) -> bytes:
    """A shell and its programs, the same bytes each time, so that Docker unpacks it once."""
    with io.BytesIO() as made:
        with tarfile.open(fileobj=made, mode="w") as tar:
            tar.addfile(
                member("bin/busybox", len(content := busybox.read_bytes()), 0o755), io.BytesIO(content)
            )
            for program in os.popen(f"{busybox} --list").read().split():
                link = member(f"bin/{program}", 0, 0o777)
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                if program != "busybox":
                    tar.addfile(link)
            for folder in ("tmp", "www", "www/cgi-bin"):
                entry = member(folder, 0, 0o1777 if folder == "tmp" else 0o755)
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
        return made.getvalue()


def layer(files: Mapping[str, bytes]) -> bytes:
    """A tar of the files."""
    with io.BytesIO() as made:
        with tarfile.open(fileobj=made, mode="w") as tar:
            for name, content in files.items():
                tar.addfile(member(name, len(content), 0o644), io.BytesIO(content))
        return made.getvalue()


def member(name: str, size: int, mode: int) -> tarfile.TarInfo:
    """A member of a tar."""
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, mode
    return made


def random_file(megabytes: int) -> dict[str, bytes]:
    """One that nothing makes smaller."""
    return {"big": os.urandom(megabytes << 20)} if megabytes else {}


def descriptor(kind: str, blob: bytes) -> dict[str, object]:
    """What a manifest says of a blob."""
    return {"mediaType": kind, "digest": digest(blob), "size": len(blob)}


def digest(blob: bytes) -> str:
    """As registries and Docker write it."""
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
