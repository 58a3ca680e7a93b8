"""What runs of an application: itself, its workers and jobs, its release command, and its database."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import FromRepository
from deployer.kinds.start_first import ReplacedSite, live_port, port_range
from deployer.shares.backup import Backup, database
from deployer.shares.share import Share
from deployer.templates import rendered
from deployer.values.container import ContainerCommand, ContainerFolder
from deployer.values.php import calendar
from deployer.values.quantities import size_text
from deployer.values.secrets import Generated
from deployer.values.types import (
    ContainerVariable,
    CronSchedule,
    EnvironmentValue,
    MemoryLimit,
    SecretName,
    SecretSource,
    ServiceName,
    TimeLimit,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret
    from deployer.values.types import Port

ENGINES = {"postgres": ("postgresql", 5432), "mariadb": ("mysql", 3306)}
"""How the address of a database begins, and its port."""
IMAGES = {"postgres": ("postgres:18-alpine",), "mariadb": ("mariadb:12.3",)}
PASSWORDS = {"postgres": ("DB_PASSWORD",), "mariadb": ("DB_PASSWORD", "DB_ROOT_PASSWORD")}
OF_ITS_OWN = frozenset({"app", "db", "release"})


class ApplicationSite(FromRepository, ReplacedSite):
    """A site whose containers run one image, built from its repository, and a database beside it."""

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
    command: ContainerCommand | None = Field(
        None, description="what it runs; without it, what its Dockerfile says"
    )
    release: ContainerCommand | None = Field(
        None,
        description="what runs once, in a container of the new image, before a push goes over to it, "
        "such as migrations; if it fails, the one before goes on",
    )
    workers: dict[ServiceName, ContainerCommand] = Field(
        {}, description="what else runs of the same image, each in a container of its own, by name"
    )
    jobs: dict[CronSchedule, ContainerCommand] = Field(
        {}, description="what runs of the same image by when, as cron has it, in a container that ends"
    )
    job_limit: TimeLimit = Field(
        written("1d"), description="how long a job may run before it is stopped, which is told as a failure"
    )
    mounted: dict[ServiceName, ContainerFolder] = Field(
        {}, alias="volumes", description="Docker volumes by name: folders in its containers that outlive them"
    )
    database: Literal["postgres", "mariadb", "none"] = Field(
        "none",
        description="postgres or mariadb: a database of its own in a container beside it, at $DATABASE_URL",
    )
    memory: MemoryLimit = Field(written("512M"), description="how much memory it may use")

    if TYPE_CHECKING:
        inside: Port
        replicas: int

    @model_validator(mode="after")
    def calls_nothing_twice(self) -> Self:
        """A variable has one value, a container one name."""
        if twice := sorted(self.sources.keys() & self.environment.keys()):
            raise ValueError(f"secrets and environment both have {', '.join(twice)}: write it once")
        if taken := sorted(OF_ITS_OWN & self.workers.keys()):
            raise ValueError(f"workers: {', '.join(taken)}: names of something else of it: choose others")
        if self.database != "none" and "DATABASE_URL" in {*self.sources, *self.environment}:
            raise ValueError("DATABASE_URL comes with its database: leave it out, or leave out database:")
        return self

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, and its docker-compose.yml."""
        file = rendered(
            "compose/app.yml",
            service=self,
            name=domain,
            project=self.project(domain),
            folder=self.folder(domain),
            memory=size_text(self.memory).lower(),
            variables=self.given_variables(),
            published=self.published(),
            jobs=dict(zip(self.job_services(), self.jobs.items(), strict=True)),
        )
        return {
            **self.leads(domain, facts),
            f"{self.folder(domain)}/docker-compose.yml": file,
            **self.timers(domain),
        }

    def published(self) -> str:
        """Where its containers are found on the server: where a push has said, if it starts them first."""
        return live_port(self.led_ports()) if self.starts_first() else port_range(self.led_ports())

    def given_variables(self) -> dict[str, str]:
        """What its containers find that is not of `environment:`: values of .env by their names."""
        found = {"PORT": str(self.inside)}
        if self.database != "none":
            scheme, port = ENGINES[self.database]
            found["DATABASE_URL"] = f"{scheme}://app:${{DB_PASSWORD:?is missing in .env}}@db:{port}/app"
        return found | {name: f"${{{name}:?is missing in .env}}" for name in self.sources}

    def job_services(self) -> list[str]:
        """What its jobs are called in docker-compose.yml."""
        return [f"job-{number}" for number in range(1, len(self.jobs) + 1)]

    def job_names(self, domain: str) -> list[str]:
        """What its jobs are called, as units of systemd."""
        return [f"deploy-job-{domain}-{number}" for number in range(1, len(self.jobs) + 1)]

    def timers(self, domain: str) -> dict[str, File]:
        """When its jobs run, as units of systemd."""
        found: dict[str, File] = {}
        for number, (unit, when) in enumerate(zip(self.job_names(domain), self.jobs, strict=True), 1):
            values = {"domain": domain, "name": unit, "when": calendar(when), "written": when}
            found[f"/etc/systemd/system/{unit}.service"] = rendered(
                "app/job.service", number=number, limit=self.job_limit, **values
            )
            found[f"/etc/systemd/system/{unit}.timer"] = rendered("php/job.timer", **values)
        return found

    def share(self, name: str, facts: "Facts") -> Share:
        """The timers of its jobs, too."""
        timers = frozenset(f"{job}.timer" for job in self.job_names(name))
        return replace(super().share(name, facts), units=timers)

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """The application, its workers and its database; what runs once has no container that stays."""
        return frozenset({"app", *self.workers, *(() if self.database == "none" else ("db",))})

    def volumes(self) -> tuple[str, ...]:
        """Those of sites.yaml."""
        return tuple(self.mounted)

    def images(self) -> tuple[str, ...]:
        """That of its database: its own is built here."""
        return IMAGES.get(self.database, ())

    def secrets(self) -> "dict[str, Secret]":
        """Those of sites.yaml, and the password of its database."""
        return {**{name: Generated() for name in PASSWORDS.get(self.database, ())}, **self.sources}

    def backs_up(self) -> Backup:
        """Its database, its volumes, and its secrets: what was made with them opens with no others."""
        kept = database(self.database) if self.database != "none" else Backup()
        return replace(kept, paths=(".env",)) if self.sources or self.mounted else kept

    def wanted_backup(self, name: str) -> Backup | None:
        """Its volumes as Docker calls them."""
        kept = super().wanted_backup(name)
        volumes = tuple(f"{self.project(name)}_{volume}" for volume in self.mounted)
        return replace(kept, volumes=volumes) if kept else None
