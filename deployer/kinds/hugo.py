"""A site that Hugo builds."""

from typing import Literal

from pydantic import Field

from deployer.config.types import Version
from deployer.kinds.publication import Publication


class Hugo(Publication):
    """A site that Hugo builds from a Git repository; with `build:`, the script calls Hugo itself."""

    kind: Literal["hugo"] = Field(description="what this site is")
    hugo: Version | None = Field(None, description="version of Hugo; without it, Debian's package")
