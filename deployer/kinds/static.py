"""Files from a Git repository, as they are or from any build script."""

from typing import Literal

from pydantic import Field

from deployer.kinds.pages import Pages


class Static(Pages):
    """Files from a Git repository: its own, or with `build:` or `output:` those of the build."""

    kind: Literal["static"] = Field(description="what this site is")
