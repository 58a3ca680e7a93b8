"""Services that deploy knows how to run: each has a template in templates/compose."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from deployer.composefile.compose_file import definition
from deployer.composefile.lasting import lasting
from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.composition import Composition
from deployer.templates import rendered
from deployer.values.attachments import LocalFile
from deployer.values.quantities import size_text
from deployer.values.types import ContainerVariable, EnvironmentValue, ImageTag, MemoryLimit, written

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Service(Composition):
    """A service with a template of deploy's own."""

    image: ClassVar[str] = ""
    """The image of the service itself, without a tag; none where it is built on the server."""
    companions: ClassVar[tuple[str, ...]] = ()
    """The images that run beside it, with their tags."""

    tag: ImageTag = Field("latest", description="tag of the image; the default is one major version")
    memory: MemoryLimit = Field(
        written("256M"), description="how much memory it may use, without its database"
    )
    environment: dict[ContainerVariable, EnvironmentValue] = Field(
        {}, description="more environment variables for it, or other values; no secrets"
    )

    def files(self, name: str, facts: "Facts") -> dict[str, File]:
        """Its docker-compose.yml."""
        return {f"{self.folder(name)}/docker-compose.yml": self.template(f"{self.kind}.yml", name, facts)}

    def services(self, name: str, facts: "Facts") -> frozenset[str]:
        """Those of its template."""
        content = self.template(f"{self.kind}.yml", name, facts).content
        return lasting(definition(LocalFile(self.kind, self.kind, content)))

    def template(self, template: str, name: str, facts: "Facts", **values: object) -> File:
        """A template of templates/compose as a file."""
        return rendered(
            f"compose/{template}",
            service=self,
            name=name,
            facts=facts,
            project=self.project(name),
            folder=self.folder(name),
            image=f"{self.image}:{self.tag}",
            memory=size_text(self.memory).lower(),
            address=self.address(name),
            **values,
        )

    def address(self, name: str) -> str:
        """Where visitors find it; empty without a domain."""
        return f"{'https' if self.https else 'http'}://{name}" if isinstance(self, Site) else ""

    def images(self) -> tuple[str, ...]:
        """Its own image and those that run beside it."""
        own = (f"{self.image}:{self.tag}",) if self.image else ()
        return (*own, *self.companions)
