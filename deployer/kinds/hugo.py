"""A site that Hugo builds."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.kinds.pages import Pages
from deployer.shares.question import Question
from deployer.shares.share import Share
from deployer.values.types import Version

if TYPE_CHECKING:
    from deployer.seen.facts import Facts

VERSIONS = "/opt/hugo/{}/bin/hugo"
QUESTIONS = (Question("paths", VERSIONS.format("*")),)


class Hugo(Pages):
    """A site that Hugo builds from a Git repository; with `build:`, the script calls Hugo itself."""

    kind: Literal["hugo"] = Field(description="what this site is")
    hugo: Version | None = Field(None, description="version of Hugo; without it, Debian's package")

    def packages(self) -> frozenset[str]:
        """Debian's Hugo, or what installs the version that is asked for."""
        return super().packages() | {"python3-venv" if self.hugo else "hugo"}

    def before_it_answers(self, name: str, facts: "Facts") -> Share:
        """The version that is asked for, too."""
        return replace(
            super().before_it_answers(name, facts), hugo=frozenset({self.hugo} if self.hugo else ())
        )


def versions_there(facts: "Facts") -> frozenset[str]:
    """The versions of Hugo that stand side by side on the server."""
    before, after = VERSIONS.split("{}")
    found = (path for path in facts.there if path.startswith(before) and path.endswith(after))
    return frozenset(path.removeprefix(before).removesuffix(after) for path in found)
