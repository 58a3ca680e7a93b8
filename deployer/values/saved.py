"""What is saved: paths, volumes, units of systemd, commands; and a folder that has an archive of its own."""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationInfo, model_validator

from deployer.values import names
from deployer.values.quantities import shown
from deployer.values.section import Section
from deployer.values.types import EnvironmentValue, schema, text


def absolute_path(path: str) -> str:
    """A path on the server, from its root on; a folder that changes while it is read is refused."""
    plain = path.rstrip("/")
    parts = plain.split("/")[1:]
    if not re.fullmatch(r"(/[\w.+@=,: -]+)+", plain) or {".", ".."} & set(parts) or len(plain) > 400:
        raise ValueError(f"{shown(path)} is not a plain absolute path such as /srv/photos")
    if parts[0] in ("proc", "sys", "dev", "run"):
        raise ValueError(f"{path} is no folder of files")
    if f"{plain}/".startswith("/home/backups/"):
        raise ValueError(
            f"{path} is where archives are, which are no part of one: a home server fetches them"
        )
    return plain


def inner_path(path: str) -> str:
    """A path below the service's folder, or an absolute one; a single point is the whole folder."""
    if path.startswith("/"):
        return absolute_path(path)
    return path if path == "." else names.relative_path(path)


def left_out(pattern: str) -> str:
    """A pattern of files to leave out, below what is saved; or an absolute path, a volume, SERVICE:/PATH."""
    if pattern.startswith("/"):
        return absolute_path(pattern) if pattern.strip("/") else pattern[:1]
    if not re.fullmatch(r"[\w.+@=,:*?\[\]!/ -]{1,200}", pattern):
        raise ValueError(f"{shown(pattern)} is not a pattern such as cache, *.tmp or data/thumbnails")
    return pattern.rstrip("/")


def volume(name: str) -> str:
    """The name of a Docker volume, as `docker volume ls` shows it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}", name, re.ASCII):
        raise ValueError(f"{shown(name)} is not the name of a volume")
    return name


def unit(name: str) -> str:
    """The name of a unit of systemd that something runs in, or that starts it."""
    if not re.fullmatch(
        r"[a-z0-9][\w:.-]{0,200}(@[\w:.-]+)?\.(service|socket|timer|path)", name, re.ASCII | re.I
    ):
        raise ValueError(f"{shown(name)} is not the name of a unit such as app.service")
    return name


def commands(dump: str, load: str) -> None:
    """ValueError where they cannot stand in a script, or where one is useless without the other."""
    if "END_OF_COMMAND" in (dump.strip(), load.strip()):
        raise ValueError("END_OF_COMMAND is no command")
    if load and not dump:
        raise ValueError("write dump: too: load: reads what it has written")


AbsolutePath = Annotated[str, text(absolute_path), schema("string", pattern="^/.+")]
InnerPath = Annotated[str, text(inner_path), schema("string")]
LeftOut = Annotated[str, text(left_out), schema("string")]
Volume = Annotated[str, text(volume), schema("string")]
Unit = Annotated[str, text(unit), schema("string", pattern=r"\.(service|socket|timer|path)$")]


class FolderBackup(Section):
    """Files and folders that are backed up in an archive of their own."""

    paths: tuple[AbsolutePath, ...] = Field((), description="files and folders, from the root on")
    exclude: tuple[LeftOut, ...] = Field(
        (), description="what is left out on purpose: patterns of files such as *.tmp, a path"
    )
    stop: tuple[Unit, ...] = Field(
        (),
        description="units of systemd that are stopped while files are read and while a restore changes them",
    )
    dump: EnvironmentValue = Field(
        "", description="command, run by bash as root, that writes a dump to its output"
    )
    load: EnvironmentValue = Field(
        "", description="command that reads that dump at a restore, while the units are stopped"
    )

    @model_validator(mode="after")
    def can_be_restored(self) -> Self:
        """Something is saved, and a restore knows what to do with it."""
        commands(self.dump, self.load)
        if self.dump and not self.load:
            raise ValueError("write load: too: a restore needs to know how the dump is loaded")
        if not self.paths and not self.dump:
            raise ValueError("there is nothing to save: write paths:")
        if self.stop and not self.paths:
            raise ValueError("write paths: too: stop: is for the time in which files are read")
        return self


PATHS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[AbsolutePath, ...])


def folder_backup(value: Any, info: ValidationInfo) -> Any:
    """A list is one of paths."""
    if not isinstance(value, list | tuple):
        return value
    return FolderBackup(paths=PATHS.validate_python(value, context=info.context))


FolderChoice = Annotated[
    FolderBackup,
    BeforeValidator(folder_backup, json_schema_input_type=FolderBackup | list[AbsolutePath]),
]
