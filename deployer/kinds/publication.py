"""What is built from a Git repository and published as files: the common half of hugo and static."""

from typing import TYPE_CHECKING, Literal, Self, TypeGuard

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import FromRepository
from deployer.kinds.virtual_host import virtual_host
from deployer.templates import rendered
from deployer.values.section import Section
from deployer.values.system_users import system_user
from deployer.values.tools import PackageName, ToolName, ToolVersion, tools_of, why_no_tools
from deployer.values.types import (
    Boolean,
    Count,
    DiskLimit,
    EnvironmentName,
    EnvironmentValue,
    Hook,
    MemoryLimit,
    Percent,
    RelativePath,
    TimeLimit,
    Url,
    written,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

BROTLI = ("brotli", "libnginx-mod-http-brotli-static")
OF_FILES = ("static", "hugo")
"""The kinds that are nothing but files."""
EARLIER = 10
"""How many earlier releases are asked for what is fingerprinted; the scripts number as many."""


class Limits(Section):
    """What a build may use before it is stopped."""

    time: TimeLimit = Field(written("10m"), description="how long a build may take")
    memory: MemoryLimit = Field(written("2G"), description="how much memory a build may use")
    disk: DiskLimit = Field(
        written("5G"), description="how much of the disk a build may use, its caches included"
    )


class Gate(Section):
    """What is looked at before a build goes live."""

    links: Literal["warn", "error", "off"] = Field(
        "warn", description="broken internal links and images: warn, error (do not publish) or off"
    )
    shrink: Percent = Field(
        50, description="refuse a build that lost more than this percentage of its pages or bytes"
    )


class Images(Section):
    """How images get their smaller WebP copies."""

    webp: Boolean = Field(True, description="put a WebP copy beside each PNG and JPEG that gains by it")
    quality: Percent = Field(82, description="quality of WebP copies of JPEG photos; PNG stays lossless")


class Publication(FromRepository):
    """A site whose files come from a Git repository, with or without a build."""

    build: RelativePath | None = Field(
        None, description="build script in the repository, run by bash in a sandbox"
    )
    output: RelativePath | None = Field(
        None, description="folder that the build fills; without it, the build writes to $DEPLOY_OUTPUT"
    )
    environment: dict[EnvironmentName, EnvironmentValue] = Field(
        {}, description="environment variables of the build; no secrets"
    )
    tools: dict[ToolName, ToolVersion] = Field(
        {},
        description="programs of the build, each in a version of its own: node, go, python, dart-sass, zola",
    )
    tools_from: dict[ToolName, Url] = Field(
        {}, description="where a tool comes from, if not from its makers: a mirror with the same files"
    )
    build_packages: tuple[PackageName, ...] = Field(
        (), description="packages of the distribution that the build needs"
    )
    limits: Limits = Field(Limits(), description="what a build may use before it is stopped")
    gate: Gate = Field(Gate(), description="what is looked at before a build goes live")
    images: Images = Field(Images(), description="how images get their smaller WebP copies")
    before: Hook = Field("", description="bash lines run as root before each push")
    after: Hook = Field("", description="bash lines run as root after each push that went live")
    keep: Count = Field(5, description="how many releases stay on the server for rollback")

    @model_validator(mode="after")
    def have_tools_that_can_be_proved(self) -> Self:
        """What is installed by root has a digest."""
        if why := why_no_tools(self.tools, self.tools_from):
            raise ValueError(why)
        return self

    @property
    def front_page(self) -> str:
        """The file that answers for /."""
        return "index.html"

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file, and for the push script its values and hooks."""
        return {
            **virtual_host(
                self,
                domain,
                facts,
                "publication",
                policies=("headers", "caching"),
                earlier=min(self.keep, EARLIER),
            ),
            **self.published(domain),
        }

    def published(self, domain: str) -> dict[str, File]:
        """What the push script finds: its values, its hooks, and the user that its builds run as."""
        return {
            **self.push_values(domain),
            **self.builder(domain),
            **self._hook(domain, "before", self.before),
            **self._hook(domain, "after", self.after),
        }

    def push_values(self, domain: str) -> dict[str, File]:
        """Its values, for the push script."""
        named = {"probe": self.probe(domain), "user": user_of(domain), **self.more_values(domain)}
        tools = tools_of(self.tools, self.tools_from)
        values = rendered("system/site.conf", site=self, domain=domain, tools=tools, **named)
        return {f"/etc/deploy/sites/{domain}.conf": values}

    def more_values(self, domain: str) -> dict[str, object]:
        """What of its values is of its kind."""
        return {"php_user": ""}

    def builder(self, domain: str) -> dict[str, File]:
        """The user that its builds run as, and nobody else's."""
        user = rendered("system/sysusers.conf", domain=domain, user=user_of(domain))
        return {f"/etc/sysusers.d/deploy-{domain}.conf": user}

    def _hook(self, domain: str, moment: str, script: str) -> dict[str, File]:
        if not script.strip():
            return {}
        hook = rendered("system/hook", 0o755, domain=domain, moment=moment, script=script.strip())
        return {f"/etc/deploy/hooks/{domain}.{moment}": hook}

    def packages(self) -> frozenset[str]:
        """Git, and what makes images and text smaller."""
        if not self.pushed:
            return super().packages()
        images = {"webp"} if self.images.webp else set()
        return super().packages() | {*BROTLI, *self.build_packages} | images | self.fetched_with()


def user_of(domain: str) -> str:
    """The user of a site's builds."""
    return system_user("build", domain)


def takes_files(entry: object) -> bool:
    """Whether files that were built elsewhere can be published as the site."""
    return isinstance(entry, Publication) and entry.kind in OF_FILES


def is_published(entry: object) -> TypeGuard[Publication]:
    """Whether it is files from a repository."""
    return isinstance(entry, Publication) and entry.pushed
