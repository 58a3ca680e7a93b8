"""The user's own compose file that is in a repository: a push fetches it, judges it there, and runs it."""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import FromRepository
from deployer.kinds.compose import kept_by
from deployer.kinds.compose_over import LaidOver
from deployer.kinds.listing import folders_file
from deployer.kinds.start_first import ReplacedSite
from deployer.seen.stacks import Standing
from deployer.shares.backup import Backup
from deployer.shares.share import Share
from deployer.values.backups import ComposeBackup, ComposeChoice
from deployer.values.composing import (
    Folders,
    Inside,
    LogsLimited,
    Profiles,
    PublicPorts,
)
from deployer.values.publication import Limits
from deployer.values.secrets import Given, Secret
from deployer.values.types import Count, Port, RelativePath

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class ComposeFromRepository(FromRepository, LaidOver, ReplacedSite):
    """Containers of a compose file in a repository, whose commits may be anybody's: each push judges it."""

    chosen_by: ClassVar[str] = "repository"

    kind: Literal["compose"] = Field(description="what this site is")
    file: RelativePath = Field(
        "",
        validate_default=False,
        description="compose file, by its path in the repository; without it, compose.yaml or "
        "docker-compose.yml",
    )
    profiles: Profiles = ()
    publish: dict[Port, Inside] = Field(
        {},
        description="ports on 127.0.0.1 that lead to one inside of a service, such as {3010: server:3000}; "
        "of what the file publishes, only port: is, and this",
    )
    public: PublicPorts = Field(
        False,
        description="ports of TCP that the file publishes and that stay open to everyone, past the firewall, "
        "such as [2222]",
    )
    folders: Folders = {}
    log_limit: LogsLimited = ""
    limits: Limits = Field(Limits(), description="what a build may use before it is stopped")
    keep: Count = Field(5, description="how many revisions stay on the server for rollback")
    backup: ComposeChoice = Field(ComposeBackup(), description="how it is backed up; false: not at all")

    @model_validator(mode="after")
    def says_values_once(self) -> Self:
        """A variable has one value."""
        if twice := sorted(self.sources.keys() & self.environment.keys()):
            raise ValueError(f"secrets and environment both have {', '.join(twice)}: write it once")
        if self.public is True:
            raise ValueError(
                "public: true would open whatever a commit publishes: name the ports, such as [2222]"
            )
        if self.replacing == "start-first" and self.port not in self.publish:
            wanted = f'publish: {{{self.port}: "SERVICE:PORT"}}'
            raise ValueError(f"replace: start-first needs to know which service is at its port: {wanted}")
        return self

    def starts_first(self) -> str:
        """The service at its port, if sites.yaml says so."""
        return self.publish[self.port][0] if self.replacing == "start-first" else ""

    def public_ports(self) -> tuple[str, ...]:
        """The ports that everyone may reach, whatever else its file opens."""
        return tuple(f"{port}/tcp" for port in self.opened())

    def opened(self) -> tuple[int, ...]:
        """Those by their numbers."""
        return () if isinstance(self.public, bool) else tuple(sorted(self.public))

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """What the file has, only the server knows."""
        return frozenset()

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, whose its folders are, and what each push lays over its compose file."""
        return {
            **self.leads(domain, facts),
            **folders_file(self.folder(domain), domain, self.folders),
            **self.overrides(domain, facts),
        }

    def built(self) -> bool:
        """What of it is, its file says."""
        return True

    def packages(self) -> frozenset[str]:
        """What fetches it, too."""
        return super().packages() | self.fetched_with()

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """What builds its images, if its file has some, too."""
        found = super().before_it_answers(name, facts)
        return replace(found, packages=found.packages | {*filter(None, [facts.known.builder])})

    def standing(self, name: str, facts: "Facts") -> Standing:
        """What comes from elsewhere than a public address may have to wait for a push, or for its key."""
        waits = self.is_local or self.is_by_ssh
        return replace(super().standing(name, facts), waits_for_push=waits, by_values=True)

    def local_ports(self) -> tuple[int, ...]:
        """Those that it may have: no other is published."""
        return tuple(dict.fromkeys((*super().local_ports(), *self.publish, *self.opened())))

    def variables(self) -> dict[str, Secret]:
        """The values in its .env; Docker Compose finds the profiles there."""
        profiles = {"COMPOSE_PROFILES": Given(",".join(self.profiles))} if self.profiles else {}
        return {**super().variables(), **profiles}

    def backs_up(self) -> Backup:
        """What sites.yaml says; else the whole folder and all volumes, found on the server."""
        return kept_by(self.backup)

    def unsaved(self, name: str) -> tuple[str, ...]:
        """What its archives will not have, the server knows alone, and tells each night."""
        return ()

    def more_values(self, name: str) -> dict[str, str | int]:
        """Where its file is, and what of it is published."""
        return {
            **super().more_values(name),
            "STACK": 1,
            "STACK_FILE": self.file,
            "REPOSITORY": "" if self.is_local else self.repository,
            "BRANCH": self.branch or "",
            "PUBLISH": "\n".join(
                f"{port} {service} {inside}" for port, (service, inside) in self.publish.items()
            ),
            "LOG_LIMIT": self.log_limit,
            "TIME_LIMIT": self.limits.time,
            "MEMORY_LIMIT": self.limits.memory,
            "DISK_LIMIT": self.limits.disk,
        }
