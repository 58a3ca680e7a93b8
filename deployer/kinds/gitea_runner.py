"""Gitea runner: runs the Actions of a Gitea server."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from deployer.files import File
from deployer.kinds.service import Service
from deployer.shares.backup import Backup
from deployer.values.quantities import size_text
from deployer.values.secrets import Generated, Secret
from deployer.values.types import (
    Count,
    ImageTag,
    MemoryLimit,
    RunnerLabel,
    SecretSource,
    TimeLimit,
    Url,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

ITSELF = ("localhost", "127.0.0.1", "[::1]")


class GiteaRunner(Service):
    """Gitea's runner (once act_runner). It controls Docker: register it for single repositories."""

    image: ClassVar[str] = "gitea/runner"

    kind: Literal["gitea-runner"] = Field(description="what this is")
    instance: Url = Field(description="address of the Gitea server")
    token: SecretSource | None = Field(
        None,
        description="registration token from Gitea: env:NAME or gpg:FILE; of a Gitea on this server its own "
        "is taken",
    )
    labels: tuple[RunnerLabel, ...] = Field(
        ("ubuntu-latest:docker://docker.gitea.com/runner-images:ubuntu-latest",),
        description="what jobs it takes, and the image that each runs in",
    )
    jobs: Count = Field(1, description="how many jobs run at once")
    time: TimeLimit = Field(written("3h"), description="how long a job may take")
    job_memory: MemoryLimit = Field(written("1G"), description="how much memory a job may use")
    tag: ImageTag = Field("4.1.0", description="tag of the image; none was seen for major version 4")
    memory: MemoryLimit = Field(written("128M"), description="how much memory it may use, without its jobs")

    @field_validator("token")
    @classmethod
    def come_from_gitea(cls, token: Secret | None) -> Secret | None:
        """Gitea makes the token."""
        if isinstance(token, Generated):
            raise ValueError("Gitea makes this token: hand it over as env:NAME or gpg:FILE")
        return token

    @field_validator("instance")
    @classmethod
    def be_reachable_from_jobs(cls, instance: str) -> str:
        """Jobs run in containers, in which localhost is another."""
        if any(instance.partition("://")[2].startswith(name) for name in ITSELF):
            raise ValueError("jobs run in containers, which do not reach it there: write its public address")
        return instance

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """Its docker-compose.yml and its configuration."""
        memory = size_text(self.job_memory).lower()
        config = self.template("gitea-runner.config.yaml", name, facts, job_memory=memory)
        return {**super().files(name, facts), f"{self.folder(name)}/config.yaml": config}

    def secrets(self) -> dict[str, Secret]:
        """The registration token, which counts once."""
        return {"RUNNER_TOKEN": self.token} if self.token else {}

    @property
    def site(self) -> str:
        """The domain of the Gitea that it runs jobs for."""
        return self.instance.partition("://")[2].partition("/")[0].partition(":")[0].lower()

    @property
    def token_file(self) -> str:
        """The token that a Gitea on this server has made for itself."""
        return "" if self.token else f"/opt/{self.site}/secrets/RUNNER_TOKEN"

    def backs_up(self) -> Backup:
        """What the token became."""
        return Backup(paths=("data/.runner",))

    def remarks(self) -> tuple[str, ...]:
        """What it may do."""
        return ("it controls Docker: who may change a workflow of its repositories has the server",)
