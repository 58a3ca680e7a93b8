"""A domain that sends its visitors elsewhere."""

from typing import Literal

from pydantic import Field

from deployer.config.types import Boolean, RedirectCode, Url
from deployer.kinds.base import Site


class Redirect(Site):
    """A domain that sends its visitors to another address."""

    kind: Literal["redirect"] = Field(description="what this site is")
    to: Url = Field(description="address to send visitors to: https:// or http://, host and path")
    code: RedirectCode = Field(
        301, description="301 (moved for good) or 302 (for now); 308 and 307 also keep the request's method"
    )
    keep_path: Boolean = Field(True, description="add the path and query that the visitor asked for")
