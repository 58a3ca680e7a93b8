"""What every kind of site has: its names, its HTTPS, and a place for hand-written NGINX lines."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from deployer.config.types import Boolean, Domain, Duration, NginxSnippet, written
from deployer.files import File

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Section(BaseModel):
    """A section of sites.yaml: its keys are known, its values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty_keys(cls, values: Any) -> Any:
        """A key without a value, such as `sites:` alone, counts as not written."""
        if not isinstance(values, dict) or None not in values.values():
            return values
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {key: value for key, value in values.items() if value is not None or key not in known}


class Site(Section):
    """A domain that the server answers for."""

    pushed: ClassVar[bool] = False
    """Whether `deploy push` publishes something here."""

    kind: str = Field(description="what this site is")
    aliases: tuple[Domain, ...] = Field((), description="other domains that redirect to this one")
    https: Boolean = Field(True, description="false serves plain HTTP and asks for no certificate")
    hsts: Duration = Field(
        written("7d"), description="how long browsers insist on HTTPS after a visit; 0 turns it off"
    )
    nginx: NginxSnippet = Field("", description="NGINX directives to add inside the server block")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """What this site puts on a server that has its certificate, by path."""
        raise NotImplementedError

    def packages(self) -> frozenset[str]:
        """The Debian packages that it needs."""
        return frozenset({"nginx", "certbot"} if self.https else {"nginx"})

    def probe(self, domain: str) -> str:
        """The path that tells whether the site is well."""
        return "/"

    def hugo_versions(self) -> frozenset[str]:
        """The versions of Hugo that it needs side by side."""
        return frozenset()
