"""A domain that sends its visitors elsewhere."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from deployer.files import File
from deployer.kinds.base import Site
from deployer.kinds.virtual_host import virtual_host
from deployer.values.types import Boolean, RedirectCode, Url

if TYPE_CHECKING:
    from deployer.seen.facts import Facts


class Redirect(Site):
    """A domain that sends its visitors to another address."""

    kind: Literal["redirect"] = Field(description="what this site is")
    to: Url = Field(description="address to send visitors to: https:// or http://, host and path")
    code: RedirectCode = Field(
        301, description="301 (moved for good) or 302 (for now); 308 and 307 also keep the request's method"
    )
    keep_path: Boolean = Field(True, description="add the path and query that the visitor asked for")

    def files(self, domain: str, facts: "Facts") -> dict[str, File]:
        """Its NGINX file: each of its names leads straight to the new address."""
        return virtual_host(
            self,
            domain,
            facts,
            "redirect",
            home=self.to.rstrip("/") if self.keep_path else self.to,
            code=self.code,
            keep_path=self.keep_path,
            aliases_too=True,
        )
