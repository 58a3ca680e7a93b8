"""A site that Hugo builds."""

from typing import Literal

from pydantic import Field

from deployer.kinds.publication import Publication
from deployer.values.types import Version


class Hugo(Publication):
    """A site that Hugo builds from a Git repository; with `build:`, the script calls Hugo itself."""

    kind: Literal["hugo"] = Field(description="what this site is")
    hugo: Version | None = Field(None, description="version of Hugo; without it, Debian's package")

    def packages(self) -> frozenset[str]:
        """Debian's Hugo, or what installs the version that is asked for."""
        return super().packages() | {"python3-venv" if self.hugo else "hugo"}

    def hugo_versions(self) -> frozenset[str]:
        """The version that is asked for."""
        return frozenset({self.hugo} if self.hugo else ())
