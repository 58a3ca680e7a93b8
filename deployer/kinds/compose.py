"""Anything else that runs in containers: the user's own compose file."""

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.composefile import (
    beside,
    compose_checks,
    compose_file,
    name_checks,
    secret_checks,
    unsaved,
    volumes,
)
from deployer.composefile.dangers import dangers
from deployer.composefile.interpolation import NO_VALUE
from deployer.composefile.lasting import lasting
from deployer.errors import Problem
from deployer.kinds.compose_files import ComposeFiles
from deployer.kinds.start_first import ReplacedSite, shared_at_once
from deployer.shares.backup import Backup, database
from deployer.values.backups import ComposeBackup, ComposeChoice
from deployer.values.service_names import default_project

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


def kept_by(wanted: ComposeBackup) -> Backup:
    """What sites.yaml says; else the whole folder and all volumes, found on the server."""
    dumped = Backup(dump=wanted.dump, load=wanted.load, service=wanted.service)
    if wanted.database:
        dumped = database(wanted.database, wanted.service)
    return replace(dumped, paths=wanted.paths or (".",), volumes=wanted.volumes)


class Compose(ComposeFiles):
    """Containers as your own compose file describes them. What it opens to everyone is bound to 127.0.0.1."""

    kind: Literal["compose"] = Field(description="what this is")
    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    def project(self, name: str) -> str:
        """What sites.yaml or the file says, or what Docker Compose makes of the folder's name."""
        said = self.called or self.given().says("COMPOSE_PROJECT_NAME")
        said = said or compose_file.project(self.definition())
        return said or default_project(self.folder(name))

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """The services that shall always have a container, with the values of sites.yaml."""
        return lasting(self.definition(), self.active())

    def images(self) -> tuple[str, ...]:
        """The images that the file names."""
        return compose_file.images(self.definition())

    def built(self) -> bool:
        """Whether the file builds an image."""
        return compose_file.built(self.definition())

    def backs_up(self) -> Backup:
        """What sites.yaml says; else the whole folder and all volumes, found on the server."""
        return kept_by(self.backup)

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
        sent = self._delivery.remarks if self._delivery else ()
        return (*self.stack().remarks, *dangers(self.definition()), *sent)

    def problems(self) -> list[Problem]:
        """What is wrong with the file."""
        missing = self._delivery.problems if self._delivery else []
        names = compose_checks.name_problems(self.definition(), self.called)
        found = compose_checks.problems(self.definition(), self.public)
        given = {*self.variables(), "COMPOSE_PROJECT_NAME"}
        return [
            *self.given().problems,
            *names,
            *self.with_advice(found),
            *compose_checks.not_opened(self.definition(), self.public),
            *compose_checks.not_there(self.definition(), self.wishes()),
            *name_checks.undefined_problems(self.definition(), self.active()),
            *secret_checks.secret_problems(self.definition(), given, self.active()),
            *missing,
        ]

    def with_advice(self, problems: list[Problem]) -> list[Problem]:
        """The same, with the word that values may lie beside the file."""
        path = self.file.folder / ".env"
        if self.dotenv or not any(NO_VALUE in each.message for each in problems) or not path.is_file():
            return problems
        named = posixpath.join(posixpath.dirname(self.file.written), ".env")
        advice = f", or take what came with it: env_file: {named}"
        return [
            replace(each, message=each.message + advice) if NO_VALUE in each.message else each
            for each in problems
        ]


class ComposeSite(ReplacedSite, Compose):
    """Containers of your own compose file that a domain leads to. What it opens is bound to 127.0.0.1."""

    kind: Literal["compose"] = Field(description="what this site is")
    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    def live_port(self) -> int:
        """That where NGINX finds it, if a push starts what is next beside it."""
        return self.port if self.replacing == "start-first" else 0

    def starts_first(self) -> str:
        """The service at its port, if sites.yaml says so."""
        return beside.service_at(self.definition(), self.port) if self.live_port() else ""

    def remarks(self) -> tuple[str, ...]:
        """What two of the service would share, too."""
        shared = beside.shared_by_two(self.definition(), self.port) if self.live_port() else ()
        return (*super().remarks(), *((shared_at_once(shared),) if shared else ()))

    def problems(self) -> list[Problem]:
        """What is wrong with the file; NGINX must find something at the port."""
        found = super().problems()
        if self.live_port():
            found = [*found, *beside.beside_problems(self.definition(), self.port)]
        return found or compose_checks.port_problems(self.definition(), self.port)
