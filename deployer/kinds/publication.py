"""What is built from a Git repository and published as files: the common half of hugo and static."""

from typing import TYPE_CHECKING, Literal, Self, TypeGuard

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.base import FromRepository
from deployer.kinds.virtual_host import virtual_host
from deployer.seen.releases import BROTLI_MODULE
from deployer.templates import rendered
from deployer.values.paths import ENDS
from deployer.values.publication import Gate, Images, Limits
from deployer.values.system_users import system_user
from deployer.values.tools import PackageName, ToolName, ToolVersion, tools_of, why_no_tools
from deployer.values.types import (
    Count,
    EnvironmentName,
    EnvironmentValue,
    Hook,
    RelativePath,
    SecretName,
    SecretSource,
    Url,
)

if TYPE_CHECKING:
    from deployer.seen.facts import Facts
    from deployer.values.secrets import Secret

BROTLI = ("brotli", BROTLI_MODULE)
OF_FILES = ("static", "hugo")
"""The kinds that are nothing but files."""
EARLIER = 10
"""How many earlier releases are asked for what is fingerprinted; the scripts number as many."""


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
    build_secrets: dict[SecretName, SecretSource] = Field(
        {}, description="environment variables of the build that are secrets: env:NAME, gpg:FILE or generate"
    )
    within: RelativePath | None = Field(
        None, alias="folder", description="folder of the repository that has the site; without it, all of it"
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
    rebuild: Literal["hourly", "daily", "weekly"] | None = Field(
        None, description="how often what is live is built once more, as for posts with a date to come"
    )
    limits: Limits = Field(Limits(), description="what a build may use before it is stopped")
    gate: Gate = Field(Gate(), description="what is looked at before a build goes live")
    images: Images = Field(Images(), description="how images get their smaller copies")
    before: Hook = Field("", description="bash lines run as root before each push")
    after: Hook = Field("", description="bash lines run as root after each push that went live")
    keep: Count = Field(5, description="how many releases stay on the server for rollback")

    @model_validator(mode="after")
    def have_a_build_that_can_be(self) -> Self:
        """What is installed by root has a digest, and what is built again has a build."""
        if why := why_no_tools(self.tools, self.tools_from):
            raise ValueError(why)
        if twice := sorted(self.build_secrets.keys() & self.environment.keys()):
            raise ValueError(f"build_secrets and environment both have {twice[0]}: write it once")
        if self.rebuild and not self.builds:
            raise ValueError("`rebuild:` is for a site with a build: files do not change by themselves")
        return self

    @property
    def builds(self) -> bool:
        """Whether something runs that makes its files."""
        return bool(self.build) or self.kind == "hugo"

    def secrets(self) -> "dict[str, Secret]":
        """Those of its builds."""
        return dict(self.build_secrets)

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
                rules=(f"/srv/deploy/{domain}/rules/live/headers[.]conf",),
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
        named = {
            "probe": self.probe(domain),
            "user": user_of(domain),
            "preview_user": preview_user_of(domain),
            **self.more_values(domain),
        }
        tools = tools_of(self.tools, self.tools_from)
        leads = [path for path, target in self.redirects.items() if target not in ENDS]
        values = rendered("system/site.conf", site=self, domain=domain, tools=tools, leads=leads, **named)
        return {f"/etc/deploy/sites/{domain}.conf": values}

    def more_values(self, domain: str) -> dict[str, object]:
        """What of its values is of its kind."""
        return {"php_user": ""}

    def builder(self, domain: str) -> dict[str, File]:
        """The user that its builds run as, and nobody else's."""
        of_previews = preview_user_of(domain) if getattr(self, "previews", None) else ""
        user = rendered("system/sysusers.conf", domain=domain, user=user_of(domain), of_previews=of_previews)
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
        images = ({"webp"} if self.images.webp else set()) | ({"libavif-bin"} if self.images.avif else set())
        return super().packages() | {*BROTLI, *self.build_packages} | images | self.fetched_with()


def user_of(domain: str) -> str:
    """The user of a site's builds."""
    return system_user("build", domain)


def preview_user_of(domain: str) -> str:
    """The user of the builds of its previews, which may be a stranger's: it reaches nothing of the site's."""
    return system_user("preview", domain)


def takes_files(entry: object) -> TypeGuard[Publication]:
    """Whether files that were built elsewhere can be published as the site."""
    return isinstance(entry, Publication) and entry.kind in OF_FILES


def only_takes_files(entry: object) -> bool:
    """Whether there is nothing of it that the server could fetch: it has what is sent."""
    return takes_files(entry) and not entry.repository


def is_published(entry: object) -> TypeGuard[Publication]:
    """Whether it is files from a repository."""
    return isinstance(entry, Publication) and entry.pushed
