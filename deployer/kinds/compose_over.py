"""What sites.yaml lays over the compose file of a repository: compose files of the user's own."""

from typing import TYPE_CHECKING

from pydantic import Field

from deployer.composefile import compose_file, over_repository, volumes
from deployer.composefile.file_names import override
from deployer.composefile.laid_over import check_version
from deployer.errors import Problem
from deployer.files import File
from deployer.kinds.composition import ComposedSite
from deployer.kinds.listing import Attachments
from deployer.values.composing import ComposeEnvironment, ComposeSecrets
from deployer.values.secrets import Given, Secret

if TYPE_CHECKING:
    from deployer.composefile.compose_file import Definition
    from deployer.seen.facts import Facts


class LaidOver(ComposedSite):
    """Containers of a compose file that only the server reads, with the user's own laid over it there."""

    override: Attachments = Field(
        (),
        description="your own compose file beside sites.yaml, or several in order, that each push lays over "
        "that of the repository",
    )
    sources: ComposeSecrets = {}
    environment: ComposeEnvironment = {}

    def over(self) -> "Definition | None":
        """What the user's own files say together, if there are some."""
        if not self.override:
            return None
        values = {"COMPOSE_PROJECT_NAME": None, **self.environment, **dict.fromkeys(self.sources)}
        return compose_file.definition(self.override[0], tuple(sorted(values.items())), self.override[1:])

    def overrides(self, domain: str, facts: "Facts") -> dict[str, File]:
        """The files as the server has them."""
        if self.override:
            check_version(facts.compose)
        return {
            f"{self.folder(domain)}/{override(number)}": File(each.content, each.mode)
            for number, each in enumerate(self.override, start=1)
        }

    def remarks(self) -> tuple[str, ...]:
        """What is dangerous in them."""
        over = self.over()
        return (*super().remarks(), *(over_repository.remarks(over) if over else ()))

    def problems(self) -> list[Problem]:
        """What is wrong with them; the repository's file is judged by each push."""
        over = self.over()
        return over_repository.problems(over, self.secrets()) if over else []

    def images(self) -> tuple[str, ...]:
        """Those that they name."""
        over = self.over()
        return compose_file.images(over) if over else ()

    def of_any_name(self) -> frozenset[str]:
        """The volumes and folders that they name; no repository may."""
        over = self.over()
        return frozenset(volumes.of_any_name(over) if over else ())

    def secrets(self) -> dict[str, Secret]:
        """Its secrets, and the values that are none."""
        return {**{name: Given(value) for name, value in self.environment.items()}, **self.sources}

    def more_values(self, name: str) -> dict[str, str | int]:
        """How many there are, and whose the names in them are."""
        over = self.over()
        return {
            **super().more_values(name),
            "OVERRIDES": len(self.override),
            "OVER_OWN": "\n".join(over_repository.own(over) if over else ()),
            "OVER_THEIRS": "\n".join(over_repository.laid(over) if over else ()),
        }
