"""What sites.yaml says of backups: the key, when, for how long, and what is saved besides the services."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from deployer.values import attachments, names, public_key
from deployer.values.attachments import LocalFile
from deployer.values.keep import Keep
from deployer.values.quantities import Plain
from deployer.values.saved import FolderChoice, InnerPath, LeftOut, Volume, commands
from deployer.values.section import Section
from deployer.values.types import (
    ClockTime,
    EnvironmentValue,
    ServiceName,
    Url,
    as_text,
    folder_of,
    schema,
)


def recipient(value: Any, info: ValidationInfo) -> LocalFile:
    """The file with the public key that archives are encrypted for."""
    if isinstance(value, LocalFile):
        return value
    folder = folder_of(info)
    if folder is None:
        return LocalFile(as_text(value), as_text(value), b"")
    file = attachments.read(names.one_line(as_text(value)), folder)
    public_key.checked(file.content, file.written)
    return file


Recipient = Annotated[LocalFile, BeforeValidator(recipient), schema("string")]


class Backups(Section):
    """A backup of every service, made on the server each day, which only the private key can read."""

    recipient: Recipient = Field(
        description="file beside sites.yaml with the public GPG key: gpg --armor --export KEY writes it"
    )
    at: ClockTime = Field("23:00", description="time of day, in the time zone of the server")
    keep: Keep = Field(Keep(), description="how many archives stay on the server")
    folders: dict[ServiceName, FolderChoice] = Field(
        {},
        description="more files and folders of the server to back up, in archives by these names: "
        "a list of paths, or a section",
    )
    notify: Url | None = Field(
        None, description="address that is told when a backup fails, such as an ntfy topic"
    )


class BackupChoice(Section):
    """How something in containers is backed up; false: not at all."""

    wanted: ClassVar[bool] = True

    consistency: Literal["stop", "live"] | None = Field(
        None,
        description="stop: its containers are stopped while files are read; live: they go on; without it, "
        "live where a database is dumped or copied, else stop",
    )
    exclude: tuple[LeftOut, ...] = Field(
        (),
        description="what is left out on purpose: patterns of files such as *.tmp, a path, a volume",
    )


class ComposeBackup(BackupChoice):
    """How your own containers are backed up; false: not at all."""

    paths: tuple[InnerPath, ...] = Field(
        (), description="files and folders, below its folder or absolute; without it, all of its folder"
    )
    volumes: tuple[Volume, ...] | None = Field(
        None, description="Docker volumes, as docker volume ls shows them; without it, all of its volumes"
    )
    database: Literal["postgres", "mariadb"] | None = Field(
        None,
        description="what service is: then all its databases and users are dumped, and loaded at a restore",
    )
    dump: EnvironmentValue = Field(
        "", description="another command, run by bash in its folder, that writes a dump to its output"
    )
    load: EnvironmentValue = Field(
        "", description="command that reads that dump at a restore; written with dump"
    )
    service: EnvironmentValue = Field("", description="service of the compose file that is the database")

    @model_validator(mode="after")
    def dumps_can_be_loaded(self) -> Self:
        """A dump that nobody knows how to load is no backup."""
        commands(self.dump, self.load)
        if self.database and (self.dump or self.load):
            raise ValueError("database: knows how it is dumped and loaded: leave out dump: and load:")
        if self.database and not self.service:
            raise ValueError("write service: too: which one of the compose file is the database")
        if self.dump and not (self.load and self.service):
            raise ValueError("write load: and service: too: a restore needs to know how the dump is loaded")
        return self


def is_off(value: Any) -> bool:
    """Whether a section is switched off by false."""
    return value is False or (isinstance(value, Plain) and value.lower() == "false")


class NoBackup(BackupChoice):
    """Nothing is backed up."""

    wanted: ClassVar[bool] = False


class NoComposeBackup(ComposeBackup):
    """Nothing is backed up."""

    wanted: ClassVar[bool] = False


Choice = Annotated[
    BackupChoice,
    BeforeValidator(
        lambda value: NoBackup() if is_off(value) else value,
        json_schema_input_type=BackupChoice | Literal[False],
    ),
]
ComposeChoice = Annotated[
    ComposeBackup,
    BeforeValidator(
        lambda value: NoComposeBackup() if is_off(value) else value,
        json_schema_input_type=ComposeBackup | Literal[False],
    ),
]
