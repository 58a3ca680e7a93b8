"""Images made file by file and put into a server's registry over its API: nothing of Docker works for that."""

import base64
import hashlib
import http.client
import io
import json
import subprocess
import tarfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from chance import noise

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
        return self.publish(repository, command, config, page, megabytes)[0]

    def publish(
        self, repository: str, command: str, config: Mapping[str, object], page: str, megabytes: int = 0
    ) -> tuple[str, str]:
        """The same; its ID, and the digest of its manifest, which is what a compose file pins."""
        files = [file("www/index.html", f"{page}\n".encode())]
        if megabytes:
            files.append(file("big", noise(megabytes << 20)))
        blobs = (base_layer(self.busybox), packed(*files))
        layers = [self.upload(repository, LAYER, blob) for blob in blobs]
        image = {
            "created": datetime.now(UTC).isoformat(),
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["sh", "-c", command], **config},
            "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in layers]},
        }
        told = self.upload(repository, CONFIG, json.dumps(image).encode())
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": told, "layers": layers}
        place = self.ask("PUT", f"/v2/{repository}/manifests/1", json.dumps(manifest).encode(), MANIFEST)
        return told["digest"], place.rpartition("/")[2]

    def name(self, repository: str, digest: str) -> None:
        """REPOSITORY:1 is once more the image that it was."""
        with self.answer("GET", f"/v2/{repository}/manifests/{digest}", kind=MANIFEST) as answer:
            self.ask("PUT", f"/v2/{repository}/manifests/1", answer.read(), MANIFEST)

    def upload(self, repository: str, kind: str, blob: bytes) -> dict[str, Any]:
        """Bring a blob there that may be there already; what a manifest says of it."""
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        try:
            self.ask("HEAD", f"/v2/{repository}/blobs/{digest}")
        except urllib.error.HTTPError as missing:
            if missing.code != 404:
                raise
            place = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
            self.ask("PUT", f"{place[place.index('/v2/') :]}&digest={digest}", blob)
        return {"mediaType": kind, "digest": digest, "size": len(blob)}

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = LAYER) -> str:
        """The Location of the answer; HTTPError when it is no."""
        with self.answer(method, path, body, kind) as answer:
            return answer.headers.get("Location", "")

    def answer(
        self, method: str, path: str, body: bytes | None = None, kind: str = LAYER
    ) -> http.client.HTTPResponse:
        """What it answers; HTTPError when that is no."""
        headers = {"Content-Type": kind, "Accept": kind} | (
            {"Authorization": self.authorization} if self.authorization else {}
        )
        request = urllib.request.Request(f"http://{self.host}:5000{path}", body, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open(request, timeout=30)


def basic(user: str, password: str) -> str:
    """The header's value for a registry that wants a password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def health(command: str, **figures: float) -> dict[str, Any]:
    """A health check of an image; durations in seconds."""
    told = {key: figure if key == "Retries" else int(figure * SECOND) for key, figure in figures.items()}
    return {"Test": ["CMD-SHELL", command], **told}


def base_layer(busybox: Path) -> bytes:
    """A shell and its programs, the same bytes each time, so that Docker unpacks it once."""
    return _base_layer(busybox, busybox.read_bytes())


@cache
def _base_layer(busybox: Path, content: bytes) -> bytes:
    programs = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    return packed(
        file("bin/busybox", content, 0o755),
        *(link(f"bin/{program}", "busybox") for program in programs if program != "busybox"),
        folder("tmp", 0o1777),
        folder("www"),
        folder("www/cgi-bin"),
    )


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar of the members."""
    with io.BytesIO() as made:
        with tarfile.open(fileobj=made, mode="w") as tar:
            for member, content in members:
                tar.addfile(member, io.BytesIO(content))
        return made.getvalue()


def file(name: str, content: bytes, mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    """A file as a member of a tar."""
    made = tarfile.TarInfo(name)
    made.size, made.mode = len(content), mode
    return made, content


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A symbolic link as a member of a tar."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = tarfile.SYMTYPE, target, 0o777
    return made, b""


def folder(name: str, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    """A folder as a member of a tar."""
    made = tarfile.TarInfo(name)
    made.type, made.mode = tarfile.DIRTYPE, mode
    return made, b""
