"""Files from a Git repository, as they are or from any build script."""

from typing import Literal, Self

from pydantic import Field, model_validator

from deployer.kinds.pages import Pages
from deployer.values.types import Repository

_OF_REPOSITORIES = frozenset(
    {"branch", "build", "output", "environment", "build_secrets", "within", "tools", "tools_from"}
    | {"build_packages", "rebuild", "limits"}
)
"""What is said of a repository, or of a build."""


class Static(Pages):
    """Files from a Git repository: its own, or with `build:` or `output:` the build's; or sent ones."""

    kind: Literal["static"] = Field(description="what this site is")
    repository: Repository = Field(
        "",
        validate_default=False,
        description="Git repository that is pushed; without it, what `deploy push SITE --from FOLDER` sends",
    )

    @model_validator(mode="after")
    def builds_what_it_has(self) -> Self:
        """Without a repository there is nothing that could be built here."""
        if not self.repository and (odd := sorted(self.model_fields_set & _OF_REPOSITORIES)):
            key = type(self).model_fields[odd[0]].alias or odd[0]
            raise ValueError(f"{key}: is for what comes from a repository: write repository:, too")
        return self

    @property
    def pushed(self) -> bool:
        """What a repository has, or what is sent."""
        return True
