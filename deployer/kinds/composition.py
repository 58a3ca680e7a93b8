"""What runs in containers: a folder /opt/NAME with its docker-compose.yml, and its secrets in .env there."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from deployer.errors import Problem
from deployer.files import File
from deployer.kinds.entry import Entry
from deployer.kinds.proxied import ProxiedSite
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.values.backups import BackupChoice, Choice
from deployer.values.secrets import Given
from deployer.values.service_names import default_project
from deployer.values.types import Directory, Duration, Port, ProjectName, Size, TimeLimit, UrlPath, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deployer.seen.facts import Facts
    from deployer.seen.stacks import Standing
    from deployer.values.secrets import Secret


class Composition(Entry):
    """Containers that run together. NAME is the domain, or the name of a service without one."""

    kind: str = Field(description="what this is")
    wait: TimeLimit = Field(written("2m"), description="how long it may take until all containers are well")
    watch: Duration = Field(
        written("10s"), description="how long new containers must stay up before they count as well"
    )

    backup: Choice = Field(BackupChoice(), description="how it is backed up; false: not at all")
    directory: Directory | None = Field(
        None, description="its folder on the server, below /opt; without it, /opt/NAME"
    )
    called: ProjectName | None = Field(
        None,
        alias="project",
        description="what Docker Compose calls it, for containers and volumes that have that name already",
    )

    @property
    def pushed(self) -> bool:
        """What its containers run."""
        return True

    def folder(self, name: str) -> str:
        """Where it stands on the server."""
        return self.directory or f"/opt/{name}"

    def runner(self, name: str) -> str:
        """Containers."""
        return "compose"

    def project(self, name: str) -> str:
        """The name under which Docker Compose knows it."""
        return self.called or (default_project(self.directory) if self.directory else name.replace(".", "-"))

    def variables(self) -> "dict[str, Secret]":
        """The values in its .env, by name; `docker compose` by hand finds the project's name there."""
        called = {"COMPOSE_PROJECT_NAME": Given(self.called)} if self.called else {}
        return {**called, **self.secrets()}

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """Where it shall stand, too."""
        return replace(super().before_it_answers(name, facts), standings={name: self.standing(name, facts)})

    def standing(self, name: str, facts: "Facts") -> "Standing":
        """Where it shall stand, and what it takes there."""
        from deployer.seen.stacks import Standing

        project = self.project(name)
        return Standing(
            folder=self.folder(name),
            project=project,
            ports=frozenset({f"{port}/tcp" for port in self.local_ports()} | {*self.public_ports()}),
            open=self.open_ports(),
            volumes=frozenset(f"{project}_{volume}" for volume in self.volumes()),
            services=self.services(name, facts),
            of_any_name=self.of_any_name(),
            given=frozenset(
                (key, each.value) for key, each in self.variables().items() if isinstance(each, Given)
            ),
        )

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """The services that shall always have a container."""
        raise NotImplementedError

    def packages(self) -> frozenset[str]:
        """The Debian packages that it needs besides Docker."""
        return frozenset({"jq", "git"} if self.built() else {"jq"})

    def built(self) -> bool:
        """Whether an image is built on the server and not only pulled."""
        return False

    def more_values(self, name: str) -> "Mapping[str, str | int]":
        """More values for the scripts on the server, by name."""
        return {}

    def images(self) -> tuple[str, ...]:
        """The images that are pulled, as `name:tag`."""
        return ()

    def wanted_backup(self, name: str) -> Backup | None:
        """What its kind keeps of it, as sites.yaml wants it."""
        kept = super().wanted_backup(name)
        return replace(kept, kind=self.kind, runner="compose") if kept else None

    def open_ports(self) -> frozenset[str] | None:
        """The ports that anyone may reach; None when that is known on the server alone."""
        return frozenset(self.public_ports())

    def volumes(self) -> tuple[str, ...]:
        """The volumes that Docker Compose makes for it, without the project's name before them."""
        return ()

    def of_any_name(self) -> frozenset[str]:
        """The volumes and folders that it would have under another name, too."""
        return frozenset()

    def problems(self) -> list[Problem]:
        """What is wrong with files that sites.yaml names, each with its line there."""
        return []


class ComposedSite(Composition, ProxiedSite):
    """A domain that NGINX answers for with what a container says."""

    port: Port = Field(description="port on 127.0.0.1 where NGINX finds it")
    max_upload: Size = Field(written("1G"), description="largest upload that is passed on; 0 means no limit")
    probe_path: UrlPath = Field("/", alias="probe", description="path that tells whether it is well")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, and those of the containers."""
        return {**self.leads(domain, facts), **super().files(domain, facts)}

    def packages(self) -> frozenset[str]:
        """NGINX and what it needs besides Docker."""
        return Composition.packages(self) | ProxiedSite.packages(self)

    def local_ports(self) -> tuple[int, ...]:
        """The port where NGINX finds it, and others."""
        return tuple(dict.fromkeys((self.port, *super().local_ports())))

    def probe(self, domain: str) -> str:
        """The path that tells whether the site is well."""
        return self.probe_path
