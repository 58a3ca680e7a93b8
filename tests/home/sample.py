"""Archives as the server makes them: `tar | zstd | gpg`, for a key of the test's own."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.backups.archives import Archive


class Keyring:
    """A GnuPG home with a private key, and the public half as a file."""

    def __init__(self, folder: Path, passphrase: str = "") -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        # otherwise each agent measures how often it can hash a passphrase in a tenth of a second
        (folder / "gpg-agent.conf").write_text("s2k-count 65536\n")
        who = "Backups <backups@example.org>"
        self.gpg(
            "--passphrase", passphrase, "--quick-generate-key", who, "future-default", "default", "never"
        )
        self.public = folder / "public.asc"
        self.public.write_bytes(self.gpg("--armor", "--export"))

    def gpg(self, *arguments: str) -> bytes:
        argv = ["gpg", "--batch", "--homedir", str(self.folder), "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(argv, check=True, capture_output=True).stdout

    def stop(self) -> None:
        """End the agent that gpg started."""
        environment = {**os.environ, "GNUPGHOME": str(self.folder)}
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=True)

    def encrypt(self, data: bytes, folder: Path) -> bytes:
        """The data for this key, as a machine that has only the public half does it."""
        argv = ["gpg", "--batch", "--no-tty", "--homedir", str(folder), "--trust-model", "always"]
        argv += ["--recipient-file", str(self.public), "--compress-algo", "none", "--encrypt"]
        compressed = subprocess.run(["zstd", "-q", "-3"], input=data, check=True, capture_output=True).stdout
        return subprocess.run(argv, input=compressed, check=True, capture_output=True).stdout


def tar_of(
    name: str,
    files: dict[str, bytes],
    missing: int = 0,
    begin: dict[str, object] | None = None,
    end: dict[str, object] | None = None,
) -> bytes:
    """The tar stream of a backup; `missing` members are counted in its end and are not there."""
    said = {"name": name, "kind": "compose", "format": 1} | (begin or {})
    every = {f"srv/deploy/{name}/backup/begin.json": json.dumps(said).encode(), **files}
    every[f"srv/deploy/{name}/backup/end.json"] = json.dumps(
        {"members": len(every) + missing, "warnings": []} | (end or {})
    ).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in every.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def lay(folder: Path, archive: Archive, content: bytes) -> Path:
    """Put an archive with its digest below a folder, as whoever makes it does."""
    path = folder / archive.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")
    path.write_bytes(content)
    return path


def now() -> datetime:
    """The present second."""
    return datetime.now(UTC).replace(microsecond=0)


def without_gnu_tar(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with what reads archives, and with a stand-in for the tar of a Mac that does nothing."""
    folder.mkdir()
    for name in ("gpg", "gpg-agent", "zstd"):
        (folder / name).symlink_to(shutil.which(name) or name)
    (folder / "tar").write_text('#!/bin/sh\n[ "$*" = --version ] && echo bsdtar 3.7.2 - libarchive 3.7.2\n')
    (folder / "tar").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
