"""An application from its repository: built on the server as its Dockerfile says, run in a container."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import FromRepository
from deployer.kinds.composition import ComposedSite
from deployer.seen.stacks import Standing
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.templates import rendered
from deployer.values.publication import Limits
from deployer.values.quantities import size_text
from deployer.values.types import (
    ContainerVariable,
    Count,
    Duration,
    EnvironmentValue,
    MemoryLimit,
    Port,
    RelativePath,
    SecretName,
    SecretSource,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret


class App(FromRepository, ComposedSite):
    """An application from its repository, which a push builds as its Dockerfile says, and runs."""

    kind: Literal["app"] = Field(description="what this site is")
    context: RelativePath | None = Field(
        None, description="folder of the repository that is built; without it, all of it"
    )
    dockerfile: RelativePath = Field(
        "Dockerfile", description="what says how it is built, by its path from there"
    )
    inside: Port = Field(
        alias="port", description="port that it listens on in its container; it finds it as $PORT, too"
    )
    port: Port = Field(
        0,
        alias="published",
        validate_default=False,
        description="port on 127.0.0.1 where NGINX finds it; without it, the number of port",
    )
    environment: dict[ContainerVariable, EnvironmentValue] = Field(
        {}, description="environment variables of it; no secrets"
    )
    sources: dict[SecretName, SecretSource] = Field(
        {},
        alias="secrets",
        description="environment variables of it that are secrets: generate (made on the server once), "
        "env:NAME (from your environment when you apply), gpg:FILE or age:FILE (an encrypted file "
        "beside sites.yaml), cmd:COMMAND (what a command prints here)",
    )
    memory: MemoryLimit = Field(written("512M"), description="how much memory it may use")
    watch: Duration = Field(
        written("5s"), description="how long new containers must stay up before they count as well"
    )
    limits: Limits = Field(Limits(), description="what a build may use before it is stopped")
    keep: Count = Field(5, description="how many images stay on the server for rollback")

    @model_validator(mode="after")
    def is_found_where_it_listens(self) -> Self:
        """Without a port of its own on the server it has there the one that it has inside."""
        if not self.port:
            self.__dict__["port"] = self.inside
        if twice := sorted(self.sources.keys() & self.environment.keys()):
            raise ValueError(f"secrets and environment both have {twice[0]}: write it once")
        return self

    def built(self) -> bool:
        """By each push of another revision."""
        return True

    def packages(self) -> frozenset[str]:
        """What fetches it, too."""
        return super().packages() | self.fetched_with()

    def standing(self, name: str, facts: "Facts") -> Standing:
        """What comes from a folder of another machine cannot run before it is pushed from there."""
        return replace(super().standing(name, facts), waits_for_push=self.is_local)

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """What builds its image, too."""
        found = super().before_it_answers(name, facts)
        return replace(found, packages=found.packages | {*filter(None, [facts.known.builder])})

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, and its docker-compose.yml."""
        file = rendered(
            "compose/app.yml",
            service=self,
            name=domain,
            project=self.project(domain),
            folder=self.folder(domain),
            memory=size_text(self.memory).lower(),
            variables={
                "PORT": str(self.inside),
                **{name: f"${{{name}:?is missing in .env}}" for name in self.sources},
            },
        )
        return {**self.leads(domain, facts), f"{self.folder(domain)}/docker-compose.yml": file}

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """The application itself."""
        return frozenset({"app"})

    def secrets(self) -> "dict[str, Secret]":
        """Those of sites.yaml."""
        return dict(self.sources)

    def more_values(self, name: str) -> "dict[str, str | int]":
        """What a push builds, from what, and how much that may use."""
        return {
            "APPLICATION": name,
            "REPOSITORY": "" if self.is_local else self.repository,
            "BRANCH": self.branch or "",
            "CONTEXT": self.context or "",
            "DOCKERFILE": self.dockerfile,
            "TIME_LIMIT": self.limits.time,
            "MEMORY_LIMIT": self.limits.memory,
            "DISK_LIMIT": self.limits.disk,
        }

    def backs_up(self) -> Backup:
        """Its secrets: what was made with them opens with no others."""
        return Backup(paths=(".env",)) if self.sources else Backup()
