"""Anything else that runs in containers: the user's own compose file."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from deployer.config import attachments, compose_checks, compose_file, names
from deployer.config.attachments import LocalFile
from deployer.config.backups import ComposeBackup, ComposeChoice
from deployer.config.quantities import shown
from deployer.config.types import (
    Attachment,
    Boolean,
    EnvironmentValue,
    SecretName,
    SecretSource,
    as_text,
    folder_of,
    schema,
)
from deployer.errors import Problem
from deployer.files import File
from deployer.kinds.composition import Backup, ComposedSite, Composition
from deployer.secrets import Given, Secret

if TYPE_CHECKING:
    from deployer.desired.facts import Facts

OURS = frozenset({"docker-compose.yml", ".env"})
FOUND_BY_COMPOSE = re.compile(r"(docker-)?compose(\.override)?\.ya?ml")
"""Files that Docker Compose reads without being told, so that a call by hand would do what nobody checked."""


def beside(value: Any, info: ValidationInfo) -> LocalFile:
    """A file in the folder of the compose file, or below it."""
    if isinstance(value, LocalFile):
        return value
    try:
        path = names.relative_path(as_text(value))
    except ValueError as error:
        raise ValueError(f"{shown(value)} is not a plain path below the compose file's folder") from error
    if path in OURS:
        raise ValueError(f"{path} is written by deploy itself")
    if FOUND_BY_COMPOSE.fullmatch(path):
        raise ValueError(f"Docker Compose would read {path} too: write what it says into the compose file")
    main = info.data.get("file")
    folder = main.folder if main else folder_of(info)
    return attachments.read(path, folder) if folder else LocalFile(path, path, b"")


Beside = Annotated[LocalFile, BeforeValidator(beside), schema("string")]


class Compose(Composition):
    """Containers as your own compose file describes them. Its ports must be published on 127.0.0.1 only."""

    kind: Literal["compose"] = Field(description="what this is")
    file: Attachment = Field(description="compose file beside sites.yaml; the server gets it as it is")
    beside: tuple[Beside, ...] = Field(
        (),
        alias="files",
        description="more files for /opt/NAME, by their paths from the compose file's folder",
    )
    sources: dict[SecretName, SecretSource] = Field(
        {},
        alias="secrets",
        description="values for ${NAME} in the compose file: generate (made on the server once), "
        "env:NAME (from your environment when you apply), gpg:FILE (an encrypted file beside sites.yaml)",
    )
    environment: dict[SecretName, EnvironmentValue] = Field(
        {}, description="values for ${NAME} in the compose file that are no secrets"
    )
    public: Boolean = Field(False, description="true lets it publish ports to everyone, past the firewall")

    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    def project(self, name: str) -> str:
        """What the file says, or what Docker Compose makes of the folder's name."""
        return compose_file.project(self.file) or re.sub(r"[^a-z0-9_-]", "", name).lstrip("_-")

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """The compose file and those beside it, byte for byte."""
        found = {f"/opt/{name}/docker-compose.yml": File(self.file.content)}
        for file in self.beside:
            found[f"/opt/{name}/{file.written}"] = File(file.content, 0o755 if file.executable else 0o644)
        return found

    def secrets(self) -> dict[str, Secret]:
        """Its secrets, and the values that are none."""
        return {**{name: Given(value) for name, value in self.environment.items()}, **self.sources}

    def images(self) -> tuple[str, ...]:
        """The images that the file names."""
        return compose_file.images(self.file)

    def built(self) -> bool:
        """Whether the file builds an image."""
        return compose_file.built(self.file)

    def backs_up(self) -> Backup:
        """What sites.yaml says; else the whole folder and all volumes, found on the server."""
        wanted = self.backup
        return Backup(
            paths=wanted.paths or (".",),
            volumes=wanted.volumes,
            dump=wanted.dump,
            load=wanted.load,
            service=wanted.service,
        )

    def local_ports(self) -> tuple[int, ...]:
        """The ports that the file publishes, whoever reaches them."""
        entries = compose_file.all_published(self.file)
        return tuple(dict.fromkeys(port for entry in entries for port in entry.ports))

    def public_ports(self) -> tuple[str, ...]:
        """The ports that the file opens to everyone."""
        entries = compose_file.all_published(self.file)
        return tuple(
            f"{port}/{entry.protocol}" for entry in entries if not entry.local for port in entry.ports
        )

    def remarks(self) -> tuple[str, ...]:
        """What in the file is dangerous."""
        return tuple(compose_file.dangers(self.file))

    def problems(self) -> list[Problem]:
        """What is wrong with the file."""
        delivered = [file.written for file in self.beside]
        return compose_checks.problems(self.file, self.secrets(), delivered, self.public)


class ComposeSite(ComposedSite, Compose):
    """Containers of your own compose file that a domain leads to. Its ports: on 127.0.0.1 only."""

    kind: Literal["compose"] = Field(description="what this site is")
    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    def problems(self) -> list[Problem]:
        """What is wrong with the file; NGINX must find something at the port."""
        found = super().problems()
        return found or compose_checks.port_problems(self.file, self.port)
