"""Published files that visitors get as they are: the half of hugo and static that PHP does not share."""

from typing import Any

from pydantic import Field, model_validator

from deployer.files import File
from deployer.kinds.publication import Publication
from deployer.values.paths import Folder
from deployer.values.previews import Previews, with_more_names
from deployer.values.types import Boolean, Domain, RelativePath, TimeLimit, written

RENAMED = "/etc/deploy/renamed"
"""What has the former name of a site, in a file by its name."""


class Pages(Publication):
    """Files that visitors get as they are."""

    fallback: RelativePath | None = Field(
        None, description="page for every path without a file, such as index.html, for an app of one page"
    )
    pretty: Boolean = Field(False, description="/about for about.html, and /about.html leads there")
    languages: tuple[Folder, ...] = Field(
        (),
        description="folders to which / leads by the browser's language, such as [en, es]; else the first",
    )
    listing: Boolean = Field(False, description="a folder without index.html shows what is in it")

    previews: Previews | None = Field(
        None, description="revisions under names of their own: deploy push SITE --as NAME"
    )
    keep_previews: TimeLimit = Field(
        written("14d"), description="how long a preview stays after its last push"
    )

    renamed_from: Domain | None = Field(
        None, description="the domain that it had before, which leads here: what was published goes along"
    )

    @model_validator(mode="before")
    @classmethod
    def have_more_names(cls, values: Any) -> Any:
        """Its previews' names, and the one before, are its own: in its certificate, and in no other site."""
        return with_more_names(values)

    def published(self, domain: str) -> dict[str, File]:
        """What the push script finds, and the name that it had before."""
        former = {f"{RENAMED}/{domain}": File(f"{self.renamed_from}\n".encode())} if self.renamed_from else {}
        return {**super().published(domain), **former}

    @property
    def header_names(self) -> list[str]:
        """What sites.yaml says itself of headers, in small letters."""
        names = {name.lower() for each in self.headers.values() for name in each}
        names |= {"access-control-allow-origin"} if self.cors else set()
        return sorted(names | ({"x-robots-tag"} if self.robots == "none" else set()))
