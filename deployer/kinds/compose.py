"""Anything else that runs in containers: the user's own compose file."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationInfo, model_validator

from deployer.composefile import compose_checks, compose_file, listed, unsaved, volumes
from deployer.composefile.compose_file import Definition
from deployer.composefile.dangers import dangers
from deployer.composefile.delivery import Delivery
from deployer.composefile.lasting import lasting
from deployer.errors import Problem
from deployer.files import File
from deployer.kinds.composition import ComposedSite, Composition
from deployer.shares.backup import Backup, database
from deployer.values.attachments import LocalFile
from deployer.values.backups import ComposeBackup, ComposeChoice
from deployer.values.secrets import Given, Secret
from deployer.values.service_names import default_project
from deployer.values.types import (
    Attachment,
    Boolean,
    EnvironmentValue,
    SecretName,
    SecretSource,
    as_text,
    folder_of,
    schema,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


def beside(value: Any, info: ValidationInfo) -> tuple[LocalFile, ...]:
    """What is meant by a path in the folder of the compose file, or below it."""
    if isinstance(value, tuple):
        return value
    main = info.data.get("file")
    folder = main.folder if main else folder_of(info)
    return listed.listed(as_text(value), folder)


Beside = Annotated[tuple[LocalFile, ...], BeforeValidator(beside), schema("string")]


class Compose(Composition):
    """Containers as your own compose file describes them. Its ports must be published on 127.0.0.1 only."""

    kind: Literal["compose"] = Field(description="what this is")
    file: Attachment = Field(description="compose file beside sites.yaml; the server gets it as it is")
    beside: tuple[Beside, ...] = Field(
        (),
        alias="files",
        description="more for its folder: files, folders, patterns such as conf/*.ini, by their paths from "
        "the compose file's folder; what the compose file names goes along without being listed",
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

    _delivery: Delivery | None = PrivateAttr(None)

    @model_validator(mode="after")
    def find_files(self, info: ValidationInfo) -> Self:
        """Read the files that go along as they are now."""
        top = folder_of(info)
        if top is not None:
            files = [file for files in self.beside for file in files]
            self._delivery = Delivery(self.definition(), files, bool(self.secrets()), top.resolve()).find()
        return self

    def definition(self) -> Definition:
        """What the file says with the values of sites.yaml; those of secrets only the server knows."""
        values: dict[str, str | None] = {"COMPOSE_PROJECT_NAME": None, "PWD": "."}
        values |= {**self.environment, **dict.fromkeys(self.sources)}
        return compose_file.definition(self.file, tuple(sorted(values.items())))

    def project(self, name: str) -> str:
        """What sites.yaml or the file says, or what Docker Compose makes of the folder's name."""
        said = self.called or compose_file.project(self.definition())
        return said or default_project(self.folder(name))

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """The compose file and those beside it, byte for byte."""
        found = {f"{self.folder(name)}/docker-compose.yml": File(self.file.content)}
        if self._delivery:
            for path, file in self._delivery.files.items():
                secret = path in self._delivery.secret
                found[f"{self.folder(name)}/{path}"] = File(file.content, file.mode, secret=secret)
        return found

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """The services that shall always have a container, with the values of sites.yaml."""
        return lasting(self.definition())

    def secrets(self) -> dict[str, Secret]:
        """Its secrets, and the values that are none."""
        return {**{name: Given(value) for name, value in self.environment.items()}, **self.sources}

    def images(self) -> tuple[str, ...]:
        """The images that the file names."""
        return compose_file.images(self.definition())

    def built(self) -> bool:
        """Whether the file builds an image."""
        return compose_file.built(self.definition())

    def backs_up(self) -> Backup:
        """What sites.yaml says; else the whole folder and all volumes, found on the server."""
        wanted = self.backup
        dumped = Backup(dump=wanted.dump, load=wanted.load, service=wanted.service)
        if wanted.database:
            dumped = database(wanted.database, wanted.service)
        return replace(dumped, paths=wanted.paths or (".",), volumes=wanted.volumes)

    def unsaved(self, name: str) -> tuple[str, ...]:
        """What its archives will not have, in a sentence each."""
        backup = self.wanted_backup(name)
        if backup is None:
            return ()
        saved = unsaved.Saved(self.folder(name), self.project(name), backup)
        return unsaved.unsaved(name, saved, self.definition())

    def local_ports(self) -> tuple[int, ...]:
        """The ports that the file publishes, whoever reaches them."""
        entries = compose_file.all_published(self.definition())
        return tuple(dict.fromkeys(port for entry in entries for port in entry.ports))

    def public_ports(self) -> tuple[str, ...]:
        """The ports that the file opens to everyone."""
        entries = compose_file.all_published(self.definition())
        return tuple(
            f"{port}/{entry.protocol}" for entry in entries if not entry.local for port in entry.ports
        )

    def open_ports(self) -> frozenset[str] | None:
        """The ports that anyone may reach; None when a variable says which."""
        unknown = any(not entry.ports for entry in compose_file.all_published(self.definition()))
        return None if unknown else frozenset(self.public_ports())

    def volumes(self) -> tuple[str, ...]:
        """The volumes that are the file's own."""
        return volumes.own(self.definition())

    def of_any_name(self) -> frozenset[str]:
        """The volumes with a name of their own, and the folders elsewhere."""
        return frozenset(volumes.of_any_name(self.definition()))

    def remarks(self) -> tuple[str, ...]:
        """What in the file is dangerous, and what does not go along."""
        return (*dangers(self.definition()), *(self._delivery.remarks if self._delivery else ()))

    def problems(self) -> list[Problem]:
        """What is wrong with the file."""
        missing = self._delivery.problems if self._delivery else []
        names = compose_checks.name_problems(self.definition(), self.called)
        return [*names, *compose_checks.problems(self.definition(), self.public), *missing]


class ComposeSite(ComposedSite, Compose):
    """Containers of your own compose file that a domain leads to. Its ports: on 127.0.0.1 only."""

    kind: Literal["compose"] = Field(description="what this site is")
    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    def problems(self) -> list[Problem]:
        """What is wrong with the file; NGINX must find something at the port."""
        found = super().problems()
        return found or compose_checks.port_problems(self.definition(), self.port)
