"""An application from its repository: built on the server as its Dockerfile says, run in a container."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from deployer.kinds.app_containers import PASSWORDS, ApplicationSite
from deployer.kinds.start_first import shared_at_once
from deployer.seen.stacks import Standing
from deployer.shares.share import Share
from deployer.values.container import ImageReference
from deployer.values.publication import Limits
from deployer.values.types import (
    Count,
    Duration,
    Port,
    RelativePath,
    Repository,
    SecretName,
    SecretSource,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret


OF_BUILDS = frozenset({"branch", "build_secrets", "context", "dockerfile"})
"""What is said of how an image is built."""


class App(ApplicationSite):
    """An application from its repository, which a push builds as its Dockerfile says, or from an image."""

    kind: Literal["app"] = Field(description="what this site is")
    repository: Repository = Field(
        "",
        validate_default=False,
        description="Git repository that a push builds: https:// or ssh:// URL, git@host:path, or a folder",
    )
    image: ImageReference = Field(
        "",
        validate_default=False,
        description="image that a push pulls in place of a repository, with its tag or digest",
    )
    context: RelativePath | None = Field(
        None, description="folder of the repository that is built; without it, all of it"
    )
    dockerfile: RelativePath = Field(
        "Dockerfile", description="what says how it is built, by its path from there"
    )
    build_secrets: dict[SecretName, SecretSource] = Field(
        {},
        description="secrets of its build, where its Dockerfile says RUN --mount=type=secret,id=NAME: "
        "env:NAME, gpg:FILE or generate",
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
    replicas: Count = Field(
        1, description="how many containers run it, among which NGINX shares out visitors"
    )
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
        return self

    @model_validator(mode="after")
    def comes_from_one_place(self) -> Self:
        """An image is built here, or elsewhere."""
        if bool(self.repository) == bool(self.image):
            both = "says both repository: and image:" if self.image else "has neither repository: nor image:"
            raise ValueError(f"{both}: write where its image comes from, once")
        if self.image and (odd := sorted(self.model_fields_set & OF_BUILDS)):
            raise ValueError(f"{odd[0]}: is for what comes from a repository, not for an image")
        return self

    @model_validator(mode="after")
    def tells_builds_what_is_theirs_alone(self) -> Self:
        """What a build is told, no container has in its environment."""
        if twice := sorted(self.build_secrets.keys() & {*self.sources, *PASSWORDS.get(self.database, ())}):
            raise ValueError(f"build_secrets: {twice[0]} is a secret of its containers: choose another name")
        return self

    @property
    def pushed(self) -> bool:
        """What its repository has, or its registry."""
        return True

    def starts_first(self) -> str:
        """The application, unless it has volumes, which two might not share."""
        kept = "stop-first" if self.mounted else "start-first"
        return "app" if (self.replacing or kept) == "start-first" else ""

    def led_ports(self) -> tuple[int, ...]:
        """One for each of its containers."""
        return tuple(range(self.port, self.port + self.replicas))

    def remarks(self) -> tuple[str, ...]:
        """What two of it would share."""
        if not (self.starts_first() and self.mounted):
            return ()
        return (shared_at_once(self.mounted),)

    def secrets(self) -> "dict[str, Secret]":
        """Those of its builds, too."""
        return {**super().secrets(), **self.build_secrets}

    def built(self) -> bool:
        """By each push of another revision."""
        return bool(self.repository)

    def images(self) -> tuple[str, ...]:
        """The one that it has from a registry, too."""
        return (*super().images(), *filter(None, [self.image]))

    def packages(self) -> frozenset[str]:
        """What fetches it, too."""
        return super().packages() | (self.fetched_with() if self.repository else frozenset())

    def standing(self, name: str, facts: "Facts") -> Standing:
        """What comes from elsewhere than a public address may have to wait for a push, or for its key."""
        return replace(super().standing(name, facts), waits_for_push=self.is_local or self.is_by_ssh)

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """What builds its image, too."""
        found = super().before_it_answers(name, facts)
        builder = facts.known.builder if self.repository else ""
        return replace(found, packages=found.packages | {*filter(None, [builder])})

    def more_values(self, name: str) -> "dict[str, str | int]":
        """What a push builds, from what, and how much that may use."""
        values = {
            **super().more_values(name),
            "INSIDE": self.inside,
            "TIME_LIMIT": self.limits.time,
            "RELEASES_BY": "release" if self.release else "",
        }
        if self.image:
            return {**values, "IMAGE": self.image}
        return {
            **values,
            "APPLICATION": name,
            "REPOSITORY": "" if self.is_local else self.repository,
            "BRANCH": self.branch or "",
            "CONTEXT": self.context or "",
            "DOCKERFILE": self.dockerfile,
            **({"BUILD_SECRETS": " ".join(self.build_secrets)} if self.build_secrets else {}),
            "MEMORY_LIMIT": self.limits.memory,
            "DISK_LIMIT": self.limits.disk,
        }
